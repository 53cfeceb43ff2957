/** com.atproto.admin.getSubjectStatus and updateSubjectStatus, for an account, a record or a blob. */
import type { ComAtprotoAdminGetSubjectStatus, ComAtprotoAdminUpdateSubjectStatus } from "@atcute/atproto";
import type { Did } from "@atcute/lexicons";
import { activateAccount, deactivateAccount } from "../../lifecycle/states.ts";
import { blobStatus, recordStatus, statusElsewhere } from "../../lifecycle/takedown-status.ts";
import { takedownAccount, takedownBlob, takedownRecord } from "../../lifecycle/takedowns.ts";
import { Refusal, invalidRequest } from "../../protocol/refusal.ts";
import { ensureDid, parseAtUri } from "../../protocol/syntax.ts";
import { act, assertOutranks } from "./acts.ts";
import type { ActingCaller } from "../server/role-policies.ts";
import type { Services } from "../server/services.ts";

type Found = ComAtprotoAdminGetSubjectStatus.$output;
type Update = ComAtprotoAdminUpdateSubjectStatus.$input;

export async function getSubjectStatus(
  services: Services,
  params: ComAtprotoAdminGetSubjectStatus.$params,
): Promise<Found> {
  const found = await find(services, params);
  if (found === null) throw new Refusal("NotFound", "Subject not found");
  return found;
}

async function find(
  services: Services,
  { did, uri, blob }: ComAtprotoAdminGetSubjectStatus.$params,
): Promise<Found | null> {
  if (blob !== undefined) {
    if (did === undefined) throw invalidRequest("Must provide a did to request blob state");
    const takedown = await blobStatus(services, did, blob);
    if (takedown === null) return null;
    return { subject: { $type: "com.atproto.admin.defs#repoBlobRef", did, cid: blob }, takedown };
  }
  if (uri !== undefined) {
    const status = await recordStatus(services, uri);
    if (status === null) return null;
    const { cid, takedown } = status;
    return { subject: { $type: "com.atproto.repo.strongRef", uri, cid }, takedown };
  }
  if (did === undefined) throw invalidRequest("No provided subject");
  return accountStatus(services, did);
}

async function accountStatus(services: Services, did: Did): Promise<Found | null> {
  const account = await services.directory.findByDid(did);
  if (account === null) {
    const elsewhere = await statusElsewhere(services, did, did);
    if (elsewhere === null) return null;
    return {
      subject: { $type: "com.atproto.admin.defs#repoRef", did },
      takedown: elsewhere.takedown,
    };
  }
  const { takedown, takedownRef, state } = account;
  return {
    subject: { $type: "com.atproto.admin.defs#repoRef", did },
    takedown: takedown === null ? { applied: false } : { applied: true, ref: takedownRef ?? "" },
    deactivated: { applied: state === "deactivated" },
  };
}

export async function updateSubjectStatus(
  services: Services,
  caller: ActingCaller,
  input: Update,
): Promise<ComAtprotoAdminUpdateSubjectStatus.$output> {
  const { subject, takedown, deactivated } = input;
  if (takedown?.applied && deactivated?.applied === false) {
    throw invalidRequest("Cannot activate and takedown an account at the same time");
  }
  const { did, name } = identify(subject);
  await assertOutranks(services, caller, did);
  await act(services, caller, "updateSubjectStatus", name, { takedown, deactivated }, () =>
    apply(services, did, input),
  );
  return { subject, takedown };
}

/** Takes an account down by a reference, or restores it. */
export async function setAccountTakedown(
  services: Services,
  caller: ActingCaller,
  did: Did,
  ref: string | null,
): Promise<void> {
  await updateSubjectStatus(services, caller, {
    subject: { $type: "com.atproto.admin.defs#repoRef", did },
    takedown: ref === null ? { applied: false } : { applied: true, ref },
  });
}

/** The DID that a subject belongs to, and its name in the audit log. */
function identify(subject: Update["subject"]): { did: Did; name: string } {
  switch (subject.$type) {
    case "com.atproto.admin.defs#repoRef":
      return { did: subject.did, name: subject.did };
    case "com.atproto.repo.strongRef":
      return { did: ensureDid(parseAtUri(subject.uri).repo), name: subject.uri };
    case "com.atproto.admin.defs#repoBlobRef":
      return { did: subject.did, name: `${subject.did}/${subject.cid}` };
    default:
      throw invalidRequest("Invalid subject");
  }
}

/** Deactivates before a takedown: a taken-down account no longer changes its state. */
async function apply(
  services: Services,
  did: Did,
  { subject, takedown, deactivated }: Update,
): Promise<void> {
  const isAccount = subject.$type === "com.atproto.admin.defs#repoRef";
  if (isAccount && deactivated?.applied) await deactivateAccount(services, did, null);
  if (takedown !== undefined) {
    if (subject.$type === "com.atproto.repo.strongRef") {
      await takedownRecord(services, subject.uri, subject.cid, takedown);
    } else if (subject.$type === "com.atproto.admin.defs#repoBlobRef") {
      await takedownBlob(services, did, subject.cid, takedown);
    } else {
      await takedownAccount(services, did, takedown);
    }
  }
  if (isAccount && deactivated?.applied === false) {
    await activateAccount(services, did, services.host.origin);
  }
}
