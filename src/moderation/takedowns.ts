/**
 * Moderation of accounts, records and blobs that live here. The directory records an act, the account's
 * object enforces it on what the PDS serves, and the AppView on what it shows. Each step may run twice, so an
 * act that failed half way can be repeated.
 */
import type { Did } from "@atcute/lexicons";
import { ModerationSubjects } from "./subjects.ts";
import { Refusal, invalidRequest, isRefusal } from "../protocol/refusal.ts";
import type { AccountStation } from "../protocol/account-station.ts";
import type { Bindings, ModerationAct } from "../protocol/stations.ts";
import { parseAtUri } from "../protocol/syntax.ts";

/** The abilities that a takedown needs of other stations. */
export interface ModeratingServices {
  env: Pick<Bindings, "DIRECTORY">;
  /** Notifies the AppView, if the host has its own. */
  directory: {
    findByDid(did: string): Promise<object | null>;
    setTakedown(did: Did, status: "takendown" | "suspended" | null, ref?: string): Promise<void>;
  };
  account(did: Did): AccountStation;
  endSessions(did: Did): Promise<void>;
  moderate(acts: ModerationAct[]): Promise<void>;
}

/** com.atproto.admin.defs#statusAttr */
export interface StatusAttr {
  applied: boolean;
  ref?: string | undefined;
}

/** The refusal for a subject that does not exist here. */
const notFound = () => new Refusal("NotFound", "Subject not found");

/**
 * Takes an account down or restores it, and announces #account. A takedown ends every session. The wire has
 * one act for takedown and suspension: a `ref` that contains SUSPEND, as Ozone's do, suspends.
 */
export async function takedownAccount(
  services: ModeratingServices,
  did: Did,
  { applied, ref }: StatusAttr,
): Promise<void> {
  if ((await services.directory.findByDid(did)) === null) throw notFound();
  const status = !applied ? null : ref?.includes("SUSPEND") ? "suspended" : "takendown";
  await services.directory.setTakedown(did, status, ref);
  await services.account(did).takedown(status, ref);
  if (applied) await services.endSessions(did);
  await services.moderate([{ kind: "takedown", did, applied, ref }]);
}

/** @param cid the version that the moderator saw; the takedown holds for every version. */
export async function takedownRecord(
  services: ModeratingServices,
  uri: string,
  cid: string,
  status: StatusAttr,
): Promise<void> {
  const { did, path } = recordOf(uri);
  await changeSubject(services, { did, subject: `at://${did}/${path}`, cid }, status, (applied, ref) =>
    services.account(did).takedownRecord(path, applied, ref),
  );
}

export async function takedownBlob(
  services: ModeratingServices,
  did: Did,
  cid: string,
  status: StatusAttr,
): Promise<void> {
  await changeSubject(services, { did, subject: cid, cid: null }, status, (applied, ref) =>
    services.account(did).takedownBlob(cid, applied, ref),
  );
}

async function changeSubject(
  services: ModeratingServices,
  { did, subject, cid }: { did: Did; subject: string; cid: string | null },
  { applied, ref }: StatusAttr,
  enforce: (applied: boolean, ref: string) => Promise<boolean>,
): Promise<void> {
  if ((await services.directory.findByDid(did)) === null) throw notFound();
  const reason = ref ?? new Date().toISOString();
  const exists = await enforce(applied, reason);
  const subjects = new ModerationSubjects(services.env.DIRECTORY);
  // Taking down what does not exist is no error, as in the reference. Restoring it lifts an old takedown.
  if (applied && !exists) return;
  if (applied) await subjects.takeDown({ did, subject, ref: reason, cid });
  else await subjects.restore(did, subject);
  const about = cid === null ? { blob: subject } : { uri: subject };
  await services.moderate([{ kind: "takedown", did, ...about, applied, ref: reason }]);
}

/** Splits a record's URI. Refuses InvalidRequest for a URI that names no record of a DID. */
function recordOf(uri: string): { did: Did; path: string } {
  const { repo, collection, rkey } = parseAtUri(uri);
  if (!repo.startsWith("did:") || collection === undefined || rkey === undefined) {
    throw invalidRequest(`Not a record's URI: ${uri}`);
  }
  return { did: repo as Did, path: `${collection}/${rkey}` };
}

/** A record's takedown and version. Null when there is no such record. */
export async function recordStatus(
  services: ModeratingServices,
  uri: string,
): Promise<{ uri: string; cid: string; takedown: StatusAttr } | null> {
  const { did, path } = recordOf(uri);
  const [collection = "", rkey = ""] = path.split("/");
  const account = services.account(did);
  const takedown = await orNull(account.recordTakedown(path));
  if (takedown === null) return null;
  const canonical = `at://${did}/${path}`;
  const current = await orNull(account.getRecord(collection, rkey));
  // A record that is taken down cannot be read, so its version is the one stored with the takedown.
  const known = current ?? (await new ModerationSubjects(services.env.DIRECTORY).find(did, canonical));
  return known?.cid ? { uri: canonical, cid: known.cid, takedown } : null;
}

export async function blobStatus(
  services: ModeratingServices,
  did: Did,
  cid: string,
): Promise<StatusAttr | null> {
  return orNull(services.account(did).blobTakedown(cid));
}

/** Turns a refusal below 500 into null: an account that does not exist has nothing in it. */
async function orNull<Found>(asked: Promise<Found | null>): Promise<Found | null> {
  try {
    return await asked;
  } catch (thrown) {
    if (isRefusal(thrown) && thrown.status < 500) return null;
    throw thrown;
  }
}
