/** A visit to one account: its blobs if they are to be copied, its archive, its list. */
import { filesOf } from "../files/store.ts";
import type { Did } from "@atcute/lexicons";
import type { BackupPage } from "../../protocol/object/account-backup.ts";
import type { AccountStation } from "../../protocol/account-station.ts";
import type { RunContext } from "./context.ts";
import { FileWriter } from "./file-writer.ts";
import {
  type AccountLine,
  type BlobLine,
  type RevLine,
  type Secrets,
  type StoredFile,
  type Visit,
  blobKey,
  carKey,
  listKey,
  sealedAccount,
} from "./format.ts";
import { type KeptRow, keepRow } from "./kept-accounts.ts";

/** Visits after a full one, until the next is full again. */
export const CHAIN = 14;
/** Bytes that the visits after a full one may have in all, beside its own size, before the next is full. */
const SPARE_BYTES = 1_000_000;

/** An account that cannot be read: others can. */
export class AccountFailure extends Error {}

/** @param work what is asked of the account */
async function ofAccount<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new AccountFailure(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

const sizeOf = ({ car, list }: Visit): number => (car?.bytes ?? 0) + list.bytes;

/** The rev after which the next visit reads; null: it reads everything. */
function sinceOf(row: KeptRow | undefined, place: string): string | null {
  if (row === undefined || row.place !== place) return null;
  const [base, ...later] = row.visits;
  if (base === undefined || later.length >= CHAIN) return null;
  const added = later.reduce((sum, visit) => sum + sizeOf(visit), 0);
  return added > sizeOf(base) + SPARE_BYTES ? null : row.rev;
}

/** Blobs that one tick copies. */
const COPIED_AT_ONCE = 12;

/**
 * Copies blobs of commits since the last visit, a few at a time.
 * @returns where it goes on; null: that was all
 */
export async function copyBlobs(
  { env, store, progress }: RunContext,
  did: Did,
  row: KeptRow | undefined,
): Promise<string | null> {
  const account = env.ACCOUNT.getByName(did);
  const since = row?.place === progress.place ? row.rev : null;
  let left = COPIED_AT_ONCE;
  let cursor = progress.blobsAfter;
  for (;;) {
    const page = await ofAccount(account.backupPage(since, cursor));
    for (const { cid, key } of page.blobs) {
      if (left-- === 0) return cursor;
      const object = await filesOf(env).get(key);
      // One that is lost is missing in the copy, too; the doctor tells of it.
      if (object !== null) await store.put(blobKey(did, cid), { stream: object.body, size: object.size });
      cursor = `blob ${cid}`;
    }
    if (page.next === undefined || !page.next.startsWith("blob ")) return null;
    cursor = page.next;
  }
}

/** Keeps the account as it is now, and notes that. Throws `AccountFailure`. */
export async function visitAccount(context: RunContext, did: Did, row: KeptRow | undefined): Promise<void> {
  const { env, progress, run } = context;
  const account = env.ACCOUNT.getByName(did);
  let since = sinceOf(row, progress.place);
  let taken = await ofAccount(account.backup(since));
  // Another account of the same DID, or one whose clock went back: nothing goes on from what is kept.
  if (since !== null && (taken.kept.made !== row?.made || taken.commit.rev < since)) {
    await taken.car?.cancel();
    since = null;
    taken = await ofAccount(account.backup(null));
  }
  const { commit, kept } = taken;
  const car =
    taken.car === null ? null : await storeCar(context, carKey(did, run, since === null), taken.car);
  const secrets: Secrets = {
    signingKey: kept.signingKey,
    password: kept.password,
    appPasswords: kept.appPasswords,
  };
  const line: AccountLine = {
    account: { did, made: kept.made, rev: commit.rev, head: commit.cid, preferences: kept.preferences },
    sealed: await context.sealer.seal(JSON.stringify(secrets), sealedAccount(did)),
  };
  const list = await storeList(context, account, did, since, line);
  const visit: Visit = { run, since, rev: commit.rev, head: commit.cid, car, list };
  await keepRow(env.DIRECTORY, {
    did,
    place: progress.place,
    made: kept.made,
    rev: commit.rev,
    visits: [...(since === null ? [] : (row?.visits ?? [])), visit],
    bases: since === null ? [...basesBefore(row, progress.place, run), run] : (row?.bases ?? []),
  });
  progress.visited++;
  progress.bytes += sizeOf(visit);
}

const basesBefore = (row: KeptRow | undefined, place: string, run: string): string[] =>
  row?.place === place ? row.bases.filter((each) => each !== run) : [];

async function storeCar(
  { store, buffer }: RunContext,
  key: string,
  car: ReadableStream<Uint8Array>,
): Promise<StoredFile> {
  const writer = new FileWriter(store, key, buffer);
  const reader = car.getReader();
  try {
    for (;;) {
      const { done, value } = await ofAccount(reader.read());
      if (done) return await writer.end();
      await writer.write(value);
    }
  } catch (thrown) {
    await reader.cancel().catch(() => undefined);
    throw thrown;
  }
}

async function storeList(
  { store, buffer, run }: RunContext,
  account: AccountStation,
  did: Did,
  since: string | null,
  line: AccountLine,
): Promise<StoredFile> {
  const writer = new FileWriter(store, listKey(did, run), buffer);
  await writer.line(line);
  let cursor: string | undefined = "";
  while (cursor !== undefined) {
    const page: BackupPage = await ofAccount(account.backupPage(since, cursor));
    for (const { cid, mimeType, size, key } of page.blobs) {
      await writer.line({ blob: { cid, mimeType, size, key } } satisfies BlobLine);
    }
    for (const rev of page.revs) await writer.line({ rev } satisfies RevLine);
    cursor = page.next;
  }
  return writer.end();
}
