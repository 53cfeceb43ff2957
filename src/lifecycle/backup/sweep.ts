/**
 * Deletes what no kept run needs: files of older runs and of those that never ended, archives that a later full
 * one replaced, blobs that no kept list names, and everything of accounts that are gone.
 */
import type { Did } from "@atcute/lexicons";
import type { RunContext } from "./context.ts";
import { ACCOUNTS, BLOBS, RUNS, blobKey } from "./format.ts";
import { noteProgress } from "./progress.ts";

/** Files deleted in one step: S3 takes a request each. */
const DELETED_AT_ONCE = 30;
/** Accounts swept in one step. */
const SWEPT_AT_ONCE = 5;

/** The place of a run in a key below `runs/`. */
const runOf = (key: string): string => key.slice(RUNS.length).split("/")[0] ?? "";

export async function stepSweep(context: RunContext): Promise<void> {
  const { env, progress, run } = context;
  const kept = await keptRuns(context);
  const oldest = kept.at(-1) ?? run;
  const isDone =
    (await sweepRuns(context, kept)) &&
    (await sweepGone(context, oldest)) &&
    (await sweepReplaced(context, oldest));
  if (!isDone) return;
  progress.phase = "done";
  // The manifest says the rest.
  progress.tables = progress.tables.map(({ table, rows }) => ({ table, rows, files: [] }));
  const old = env.DIRECTORY.prepare("DELETE FROM backup_run WHERE id < ?1").bind(oldest);
  await noteProgress(env.DIRECTORY, context.current, [old]);
}

/** The runs that are kept, the newest first. */
async function keptRuns({ env, progress }: RunContext): Promise<string[]> {
  const { results } = await env.DIRECTORY.prepare(
    `SELECT id FROM backup_run WHERE ended_at IS NOT NULL AND progress ->> 'place' = ?1
      ORDER BY id DESC LIMIT ?2`,
  )
    .bind(progress.place, Math.max(1, Number(env.BACKUP_KEEP)))
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

/** Whether there is nothing left to delete. */
async function sweepRuns({ store, run }: RunContext, kept: readonly string[]): Promise<boolean> {
  let after = "";
  for (;;) {
    const { files, isAll } = await store.list(RUNS, after);
    const old = files.map(({ key }) => key).filter((key) => runOf(key) < run && !kept.includes(runOf(key)));
    await store.delete(old.slice(0, DELETED_AT_ONCE));
    if (old.length > DELETED_AT_ONCE) return false;
    if (isAll) return true;
    after = files.at(-1)?.key ?? "";
  }
}

async function sweepGone({ env, store }: RunContext, oldest: string): Promise<boolean> {
  const { results } = await env.DIRECTORY.prepare("SELECT did FROM backup_account WHERE gone <= ?1 LIMIT ?2")
    .bind(oldest, SWEPT_AT_ONCE)
    .all<{ did: Did }>();
  for (const { did } of results) {
    for (const prefix of [`${ACCOUNTS}${did}/`, `${BLOBS}${did}/`]) {
      const { files, isAll } = await store.list(prefix, "");
      await store.delete(files.slice(0, DELETED_AT_ONCE).map(({ key }) => key));
      if (!isAll || files.length > DELETED_AT_ONCE) return false;
    }
    await env.DIRECTORY.prepare("DELETE FROM backup_account WHERE did = ?1 AND gone <= ?2")
      .bind(did, oldest)
      .run();
  }
  return results.length < SWEPT_AT_ONCE;
}

/** Deletes archives before the last full one that was there when the oldest kept run ended. */
async function sweepReplaced(context: RunContext, oldest: string): Promise<boolean> {
  const { env, store, copies } = context;
  const { results } = await env.DIRECTORY.prepare(
    "SELECT did, bases FROM backup_account WHERE bases ->> 1 <= ?1 ORDER BY did LIMIT ?2",
  )
    .bind(oldest, SWEPT_AT_ONCE)
    .all<{ did: Did; bases: string }>();
  for (const { did, bases: text } of results) {
    const bases = JSON.parse(text) as string[];
    const base = bases.findLast((each) => each <= oldest) ?? "";
    const prefix = `${ACCOUNTS}${did}/`;
    const { files, isAll } = await store.list(prefix, "");
    const isOld = ({ key }: { key: string }) => key.slice(prefix.length) < base;
    const old = files.filter(isOld);
    await store.delete(old.slice(0, DELETED_AT_ONCE).map(({ key }) => key));
    if (old.length > DELETED_AT_ONCE || !isAll) return false;
    const lists = files.filter((file) => !isOld(file)).map(({ key }) => key);
    if (copies && !(await sweepBlobs(context, did, lists))) return false;
    await env.DIRECTORY.prepare("UPDATE backup_account SET bases = ?2 WHERE did = ?1")
      .bind(did, JSON.stringify(bases.filter((each) => each >= base)))
      .run();
  }
  return results.length < SWEPT_AT_ONCE;
}

/** Deletes copies that no list names any more. */
async function sweepBlobs({ store }: RunContext, did: Did, files: readonly string[]): Promise<boolean> {
  const named = new Set<string>();
  for (const key of files.filter((each) => /\.jsonl(\.\d+)?$/.test(each))) {
    const found = await store.get(key);
    const text = found === null ? "" : await new Response(found.stream).text();
    for (const [, cid = ""] of text.matchAll(/^\{"blob":\{"cid":"([^"]+)"/gm)) named.add(blobKey(did, cid));
  }
  let after = "";
  for (;;) {
    const { files: blobs, isAll } = await store.list(`${BLOBS}${did}/`, after);
    const old = blobs.map(({ key }) => key).filter((key) => !named.has(key));
    await store.delete(old.slice(0, DELETED_AT_ONCE));
    if (old.length > DELETED_AT_ONCE) return false;
    if (isAll) return true;
    after = blobs.at(-1)?.key ?? "";
  }
}
