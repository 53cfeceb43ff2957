/**
 * Moderation of accounts, records and blobs. The directory decides; the account's object enforces it on what
 * the PDS serves, and the AppView on what it shows. What lives on another host has no object here: only this
 * host's AppView hides it.
 */
import type { Did } from "@atcute/lexicons";
import { standings } from "../appview/index/foreign.ts";
import type { Act } from "../identity/unsettled.ts";
import { ModerationReports } from "../moderation/reports.ts";
import { ModerationSubjects, type SubjectTakedown } from "../moderation/subjects.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import { parseAtUri } from "../protocol/syntax.ts";
import type { SettlingServices } from "./services.ts";
import { settleStanding } from "./standing.ts";

/** com.atproto.admin.defs#statusAttr */
export interface StatusAttr {
  applied: boolean;
  ref?: string | undefined;
}

/** The refusal for a subject that does not exist here. */
const notFound = () => new Refusal("NotFound", "Subject not found");

/**
 * Takes an account down or restores it, and announces #account. A takedown ends every session. The wire has
 * one act for takedown and suspension: a `ref` that contains SUSPEND, as Ozone's do, suspends. An account of
 * another host is hidden here. Refuses NotFound for one that is neither here nor known to moderators.
 */
export async function takedownAccount(
  services: SettlingServices,
  did: Did,
  { applied, ref }: StatusAttr,
): Promise<void> {
  const subject = { did, subject: did, cid: null };
  if ((await services.directory.findByDid(did)) === null)
    return changeSubject(services, subject, { applied, ref });
  // It may have been hidden before it moved here.
  if (!applied && (await new ModerationSubjects(services.env.DIRECTORY).find(did, did)) !== null)
    await changeSubject(services, subject, { applied });
  const status = !applied ? null : ref?.includes("SUSPEND") ? "suspended" : "takendown";
  const { act, member } = await services.directory.changes.setTakedown(did, status, ref);
  await settleStanding(services, act, member);
}

/** @param cid the version that the moderator saw; the takedown holds for every version. */
export async function takedownRecord(
  services: SettlingServices,
  uri: string,
  cid: string,
  status: StatusAttr,
): Promise<void> {
  const { did, path } = recordOf(uri);
  await changeSubject(services, { did, subject: `at://${did}/${path}`, cid }, status);
}

export async function takedownBlob(
  services: SettlingServices,
  did: Did,
  cid: string,
  status: StatusAttr,
): Promise<void> {
  await changeSubject(services, { did, subject: cid, cid: null }, status);
}

async function changeSubject(
  services: SettlingServices,
  { did, subject, cid }: { did: Did; subject: string; cid: string | null },
  { applied, ref }: StatusAttr,
): Promise<void> {
  const subjects = new ModerationSubjects(services.env.DIRECTORY);
  const isHere = (await services.directory.findByDid(did)) !== null;
  // Moderators know of others by reports, and by what is shown here.
  if (!isHere && !(await isKnown(services, did))) throw notFound();
  // Taking down what does not exist is no error, as in the reference. Restoring it lifts an old takedown.
  if (applied && isHere && subject !== did && !(await exists(services, did, subject))) return;
  const takedown = { did, subject, ref: ref ?? new Date().toISOString(), cid };
  const begun = await services.directory.unsettled.begin(
    { did, kind: "moderate", subject },
    applied ? subjects.takingDown(takedown) : subjects.restoring(did, subject),
  );
  if (begun === null) await tellOf(services, did, subject, null);
  else await settleSubject(services, begun.act, subject);
}

async function exists(services: SettlingServices, did: Did, subject: string): Promise<boolean> {
  const account = services.account(did);
  return isRecord(subject)
    ? (await account.recordTakedown(recordOf(subject).path)) !== null
    : (await account.blobTakedown(subject)) !== null;
}

/** Whether a report is about an account, anything of it is hidden, or somebody here had it looked up. */
async function isKnown({ env }: SettlingServices, did: Did): Promise<boolean> {
  const [standing] = await standings(env.APPVIEW_DB, [did]);
  if (standing !== undefined && standing.home !== null) return true;
  if (await new ModerationReports(env.DIRECTORY).isReported(did)) return true;
  return new ModerationSubjects(env.DIRECTORY).hasAny(did);
}

const isRecord = (subject: string) => subject.startsWith("at://");

/** Carries out an act on a record or a blob. */
export async function settleSubject(services: SettlingServices, act: Act, subject: string): Promise<void> {
  const { did } = act;
  const subjects = new ModerationSubjects(services.env.DIRECTORY);
  await services.directory.unsettled.carryOut(act, null, {
    // Lifted or not: either is to be followed.
    read: async () => ({ takedown: await subjects.find(did, subject) }),
    follow: ({ takedown }) => tellOf(services, did, subject, takedown),
    holds: ({ takedown }) => subjects.holds(did, subject, takedown),
  });
}

/** Each station is told, whatever the others answer. `takedown`: null when it is lifted. */
async function tellOf(
  services: SettlingServices,
  did: Did,
  subject: string,
  takedown: SubjectTakedown | null,
): Promise<void> {
  const applied = takedown !== null;
  const ref = applied ? { ref: takedown.ref } : {};
  const about = subject === did ? {} : isRecord(subject) ? { uri: subject } : { blob: subject };
  const told = await Promise.allSettled([
    services.moderate([{ kind: "takedown", did, ...about, applied, ...ref }]),
    tellAccount(services, did, subject, takedown?.ref ?? null),
  ]);
  for (const each of told) if (each.status === "rejected") throw each.reason;
}

/** Tells the account's object, if the account lives here. */
async function tellAccount(
  services: SettlingServices,
  did: Did,
  subject: string,
  ref: string | null,
): Promise<void> {
  if (subject === did || (await services.directory.findByDid(did)) === null) return;
  const account = services.account(did);
  if (isRecord(subject)) await account.takedownRecord(recordOf(subject).path, ref);
  else await account.takedownBlob(subject, ref);
}

/** Splits a record's URI. Refuses InvalidRequest for a URI that names no record of a DID. */
export function recordOf(uri: string): { did: Did; path: string } {
  const { repo, collection, rkey } = parseAtUri(uri);
  if (!repo.startsWith("did:") || collection === undefined || rkey === undefined) {
    throw invalidRequest(`Not a record's URI: ${uri}`);
  }
  return { did: repo as Did, path: `${collection}/${rkey}` };
}
