/** Deletes accounts and keeps an archive of them for some days; brings them back from it. */
import { filesOf } from "../../lifecycle/files/store.ts";
import type { Did } from "@atcute/lexicons";
import { archiveKey } from "../../account/files/kept.ts";
import { Archives, type KeptArchive, endArchive } from "../../lifecycle/archives/archives.ts";
import { bringAccount } from "../../lifecycle/create.ts";
import { signPlcOperation, submitPlcOperation } from "../../lifecycle/plc.ts";
import { activateAccount } from "../../lifecycle/states.ts";
import { Refusal, invalidRequest, isRefusal } from "../../protocol/refusal.ts";
import { storeAndVerify } from "../blobs/upload.ts";
import type { ActingCaller } from "../server/role-policies.ts";
import type { Services } from "../server/services.ts";
import { act } from "./acts.ts";
import { deleteAccount, memberAt } from "./members.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const DAYS_MOST = 365;
/** How often an archive is made anew because the member went on writing. */
const ROUNDS = 3;

/**
 * Deletes an account once an archive of its repo is stored, was read back and is listed. Its files stay beside it.
 * Refuses InvalidRequest, AccountBusy (409) if the member writes all the time, ArchiveFailed (502): then nothing
 * is deleted.
 * @param days until the archive goes
 */
export async function deleteAndKeep(
  services: Services,
  caller: ActingCaller,
  did: Did,
  days: number,
): Promise<KeptArchive> {
  if (!Number.isInteger(days) || days < 1 || days > DAYS_MOST)
    throw invalidRequest(`An archive is kept for 1 to ${DAYS_MOST} days`);
  const archive = await act(services, caller, "archiveAccount", did, { days }, () =>
    makeArchive(services, caller, did, days),
  );
  await deleteAccount(services, caller, did);
  return archive;
}

async function makeArchive(
  services: Services,
  caller: ActingCaller,
  did: Did,
  days: number,
): Promise<KeptArchive> {
  const { handle } = await memberAt(services, did);
  const { BLOBS, DIRECTORY } = services.env;
  if (BLOBS === undefined)
    throw new Refusal(
      "ArchiveFailed",
      "Archives need an R2 bucket, which this host has not. Nothing was deleted",
      501,
    );
  const account = services.account(did);
  const madeAt = Date.now();
  const key = archiveKey(did, madeAt);
  for (let round = 1; round <= ROUNDS; round++) {
    const { rev } = await account.getLatestCommit("owner");
    const stored = await storeAndVerify(
      BLOBS,
      key,
      await account.getRepo("owner"),
      "application/vnd.ipld.car",
    );
    if (stored === null)
      throw new Refusal("ArchiveFailed", "The archive could not be stored. Nothing was deleted", 502);
    if ((await account.getLatestCommit("owner")).rev !== rev) continue;
    const { files, fileBytes } = await account.sizes();
    const until = new Date(madeAt + days * DAY_MS).toISOString();
    const { cid, size: bytes } = stored;
    const archive = {
      did,
      madeAt,
      handle,
      key,
      until,
      actor: caller.actor,
      rev,
      bytes,
      cid,
      files,
      fileBytes,
    };
    await new Archives(DIRECTORY).add(archive);
    return archive;
  }
  await BLOBS.delete(key);
  throw new Refusal(
    "AccountBusy",
    "The member is writing all the time. Suspend the account first. Nothing was deleted",
    409,
  );
}

/** The bytes of an archive. Refuses ArchiveNotFound (404). */
export async function openArchive(
  services: Services,
  caller: ActingCaller,
  did: string,
  madeAt: number,
): Promise<{ archive: KeptArchive; body: ReadableStream<Uint8Array> }> {
  const archive = await archiveAt(services, did, madeAt);
  return act(services, caller, "openArchive", archive.did, {}, async () => ({
    archive,
    body: await bodyOf(services, archive),
  }));
}

async function archiveAt({ env }: Services, did: string, madeAt: number): Promise<KeptArchive> {
  const archive = await new Archives(env.DIRECTORY).find(did, madeAt);
  if (archive === null) throw notFound();
  return archive;
}

async function bodyOf({ env }: Services, { key }: KeptArchive): Promise<ReadableStream<Uint8Array>> {
  return (await filesOf(env).get(key))?.body ?? Promise.reject(notFound());
}

const notFound = () => new Refusal("ArchiveNotFound", "There is no such archive", 404);

/**
 * Makes the account anew, with its records and files, and ends the archive. The member chooses a password by a
 * reset link. An account whose identity names another host by now, or does not let this host change it, comes back
 * switched off. What dies in between is taken up when it is called again. Refuses ArchiveNotFound, InvalidHandle,
 * HandleNotAvailable, AlreadyExists, InvalidRequest.
 * @param handle as the owner wrote it
 */
export async function restoreAccount(
  services: Services,
  caller: ActingCaller,
  { did, madeAt, handle }: { did: string; madeAt: number; handle: string },
): Promise<{ did: Did; isActive: boolean }> {
  const archive = await archiveAt(services, did, madeAt);
  return act(services, caller, "restoreAccount", archive.did, {}, async () => {
    await makeRoomFor(services, archive.did, handle);
    await services.account(archive.did).importRepo(await bodyOf(services, archive));
    const isActive = await takeIdentity(services, archive.did);
    await endArchive(services.env, archive);
    return { did: archive.did, isActive };
  });
}

/** The account, switched off, unless an earlier attempt made it. */
async function makeRoomFor(services: Services, did: Did, wanted: string): Promise<void> {
  const member = await services.directory.findByDid(did);
  if (member !== null) {
    if (member.state === "deactivated") return;
    throw new Refusal("AlreadyExists", "This account is here");
  }
  const handle = await services.handles.validate(wanted, { did, allowReserved: true });
  await bringAccount(services, { did, handle });
}

/** Whether the identity follows the account: to its new key here. */
async function takeIdentity(services: Services, did: Did): Promise<boolean> {
  const { origin } = services.host;
  try {
    if (did.startsWith("did:plc:")) await renewKey(services, did, origin);
    await activateAccount(services, did, origin);
    return true;
  } catch (thrown) {
    if (isRefusal(thrown) && thrown.status < 500) return false;
    throw thrown;
  }
}

/** Refuses InvalidRequest if the identity names another host, or does not let this one change it. */
async function renewKey(services: Services, did: Did, origin: string): Promise<void> {
  await services.plc.assertMayUpdate(did);
  const [state, member, key] = await Promise.all([
    services.plc.state(did),
    memberAt(services, did),
    services.account(did).signingKey(),
  ]);
  const pds = state.services.atproto_pds;
  if (pds === undefined || ![origin, ...services.env.FORMER_URLS.split(",")].includes(pds.endpoint))
    throw invalidRequest("The identity names another host");
  const aliases = state.alsoKnownAs.filter((alias) => !alias.startsWith("at://"));
  const operation = await signPlcOperation(services, did, {
    alsoKnownAs: [`at://${member.handle}`, ...aliases],
    verificationMethods: { ...state.verificationMethods, atproto: key },
    services: { ...state.services, atproto_pds: { ...pds, endpoint: origin } },
  });
  await submitPlcOperation(services, did, operation, origin);
}
