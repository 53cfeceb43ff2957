/**
 * Moderation of what lives here. The directory knows first, then the account's object enforces it on what the PDS serves,
 * then the AppView on what it shows; each step may run twice, so an act that failed half way is done again.
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
  directory: {
    findByDid(did: string): Promise<object | null>;
    setTakedown(did: Did, status: "takendown" | "suspended" | null, ref?: string): Promise<void>;
  };
  account(did: Did): AccountStation;
  /** Ends every app's session of a member. */
  endSessions(did: Did): Promise<void>;
  /** Tells the AppView, where the host has its own. */
  moderate(acts: ModerationAct[]): Promise<void>;
}

/** com.atproto.admin.defs#statusAttr */
export interface StatusAttr {
  applied: boolean;
  ref?: string | undefined;
}

/** What was asked for a subject that does not exist here. */
const notFound = () => new Refusal("NotFound", "Subject not found");

/**
 * Takes an account down or restores it; #account goes out, and every session ends. The wire knows one act for takedown
 * and suspension: a `ref` that says SUSPEND, as Ozone's do, suspends.
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
  await services.moderate([{ kind: "takedown", did, applied, ...(ref === undefined ? {} : { ref }) }]);
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
  // Nothing to take down is no error, as in the reference; an old takedown of something deleted is lifted all the same.
  if (applied && !exists) return;
  if (applied) await subjects.takeDown({ did, subject, ref: reason, cid });
  else await subjects.restore(did, subject);
  const about = cid === null ? { blob: subject } : { uri: subject };
  await services.moderate([{ kind: "takedown", did, ...about, applied, ref: reason }]);
}

/** Refuses InvalidRequest for a URI that names no record of a DID. */
function recordOf(uri: string): { did: Did; path: string } {
  const { repo, collection, rkey } = parseAtUri(uri);
  if (!repo.startsWith("did:") || collection === undefined || rkey === undefined) {
    throw invalidRequest(`Not a record's URI: ${uri}`);
  }
  return { did: repo as Did, path: `${collection}/${rkey}` };
}

/** Whether a record is taken down, and its version. Null: no such record. */
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
  // A record that is taken down is not read; its version is the one it was taken down with.
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

/** An account that is not there has nothing in it. */
async function orNull<Found>(asked: Promise<Found | null>): Promise<Found | null> {
  try {
    return await asked;
  } catch (thrown) {
    if (isRefusal(thrown) && thrown.status < 500) return null;
    throw thrown;
  }
}
