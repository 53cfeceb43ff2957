/**
 * The alarm's tasks: everything that must happen even if no request comes. Each task runs on its own and
 * returns when it wants to run next. Errors are caught, since six failures would silence the alarm for good.
 */
import { logLine } from "../protocol/log-line.ts";
import type { Account } from "./account.ts";
import { GRACE_MS, deleteObjects, deleteStrays, discardExpired, emptyTrash, hasTrash } from "./blobs.ts";
import { resumeImport } from "./import/import.ts";
import { isKept, noteFiles } from "./files/kept.ts";

const RETRY_MS = 10_000;
/** Retry interval of a task that failed or cannot finish yet. */
const SLOW_RETRY_MS = 5 * 60_000;

type Task = (account: Account, now: number) => Promise<number | null>;

/** Sends the entries that are not acknowledged, and stores the acknowledgement. */
const forward: Task = async ({ outbox }, now) => {
  const done = await outbox.drain();
  outbox.keepAcknowledgement();
  return done ? null : now + RETRY_MS;
};

const sweep: Task = async (account, now) => {
  const { sql, files, did } = account;
  const { sweepAt } = account.state;
  if (sweepAt === null || sweepAt > now) return sweepAt;
  const due = [
    discardExpired(sql, now),
    // Files that an archive keeps belong to no row until the account takes them up again.
    (await isKept(files, did)) ? now + GRACE_MS : await deleteStrays(sql, files, did, now),
    // An upload that is under way may end as a stray.
    account.lastUploadAt > now - GRACE_MS ? account.lastUploadAt + GRACE_MS : null,
  ].filter((at) => at !== null);
  const next = due.length === 0 ? null : Math.min(...due);
  account.change({ sweep_at: next });
  return next;
};

const trash: Task = async ({ sql, files }) => {
  if (hasTrash(sql)) await emptyTrash(sql, files);
  return null;
};

const finishImport: Task = async (account, now) => {
  if (account.importing) return now + SLOW_RETRY_MS;
  await resumeImport(account);
  return null;
};

/** Runs every task. Returns when the alarm should fire next, or null. */
export async function runTasks(account: Account): Promise<number | null> {
  let next: number | null = null;
  for (const task of [forward, finishImport, sweep, trash]) {
    if (account.state.destroying) return null;
    const now = Date.now();
    let wanted: number | null;
    try {
      wanted = await task(account, now);
    } catch (error) {
      logLine("error", "account.alarm", { did: account.did, error });
      wanted = now + SLOW_RETRY_MS;
    }
    if (wanted !== null) next = Math.min(next ?? wanted, wanted);
  }
  return next;
}

/**
 * Second half of a deletion: delivers the announcement, deletes the blobs or lists them for the account's
 * archive, then deletes everything stored here. Returns true when the account is gone, false if it must be tried again.
 */
export async function finishDestroy({ outbox, files, did, sql }: Account): Promise<boolean> {
  try {
    if (!(await outbox.drain())) return false;
    if (await isKept(files, did)) await noteFiles(sql, files, did);
    else await deleteObjects(files, did, () => true);
    await sql.storage.deleteAll();
    return true;
  } catch (error) {
    logLine("error", "account.destroy", { did, error });
    return false;
  }
}
