/** Decisions about records, blobs and accounts of other hosts. */
import type { Did } from "@atcute/lexicons";
import { ModerationSubjects } from "../moderation/subjects.ts";
import { isRefusal } from "../protocol/refusal.ts";
import type { SettlingServices } from "./services.ts";
import { type StatusAttr, recordOf } from "./takedowns.ts";

/** A record's takedown and version. Null when there is no such record. */
export async function recordStatus(
  services: SettlingServices,
  uri: string,
): Promise<{ uri: string; cid: string; takedown: StatusAttr } | null> {
  const { did, path } = recordOf(uri);
  const subject = `at://${did}/${path}`;
  const elsewhere = await statusElsewhere(services, did, subject);
  if (elsewhere !== null) return { uri: subject, ...elsewhere };
  const found = await orNull(services.account(did).recordTakedown(path));
  if (found === null) return null;
  const { cid, takedown } = found;
  return { uri: subject, cid, takedown };
}

export async function blobStatus(
  services: SettlingServices,
  did: Did,
  cid: string,
): Promise<StatusAttr | null> {
  const elsewhere = await statusElsewhere(services, did, cid);
  return elsewhere === null ? orNull(services.account(did).blobTakedown(cid)) : elsewhere.takedown;
}

/** The decision about a subject of another host; null if it is here, or if nobody decided. */
export async function statusElsewhere(
  { directory, env }: SettlingServices,
  did: Did,
  subject: string,
): Promise<{ cid: string; takedown: StatusAttr } | null> {
  const hidden = await new ModerationSubjects(env.DIRECTORY).find(did, subject);
  if (hidden === null || (await directory.findByDid(did)) !== null) return null;
  return { cid: hidden.cid ?? "", takedown: { applied: true, ref: hidden.ref } };
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
