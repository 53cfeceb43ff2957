/**
 * Indexes a whole repo from its account object: after an import, which emits no commits, and in a rebuild.
 * Removes what the index has and the repo does not; leaves alone what is the same in both. Safe to run twice,
 * or to restart halfway.
 */
import type { Did } from "@atcute/lexicons";
import { isRefusal } from "../../protocol/refusal.ts";
import type { BackfillSource, StoredRecord } from "../../protocol/stations.ts";
import { guard, statementsOf } from "./batch.ts";
import { type Changes, addPut, noChanges, putOf, valueOf } from "./changes.ts";
import type { Put } from "./indexers/indexer.ts";
import { indexers } from "./indexers/registry.ts";
import { revInstant } from "../instants.ts";
import { uriOf } from "../uris.ts";

/**
 * Rows per batch: few enough that a batch ends well within D1's 30 seconds, whatever else the records affect.
 */
const ROWS = 400;
/** How often a repo that keeps changing is read before it counts as a failure. */
const ATTEMPTS = 10;
/** Sorts after every path. */
const END = "~";

/** A part of a repo. */
export interface Part {
  collections: ReadonlySet<string>;
  /** Selects the records to put now; the others are left as they are. */
  accepts?: (put: Put) => boolean;
}

interface Progress {
  /** The repo's revs while it was read: exactly one if it did not change. */
  revs: Set<string>;
  /** The repo's paths (`collection/rkey`) in the collections that are indexed. */
  paths: Set<string>;
}

interface Repo {
  db: D1Database;
  source: BackfillSource;
  did: Did;
  /** Where the index's cursor must stand throughout; null: events are applied meanwhile. */
  seq: number | null;
  /** Absent: everything. */
  part?: Part;
}

/**
 * Puts every record of the repo into the index, then removes what the repo does not have. Guards the cursor
 * at `seq` throughout and does not move it.
 * @returns the rev up to which the index is now current; null when the account no longer has a repo.
 */
export async function backfill(
  db: D1Database,
  source: BackfillSource,
  did: Did,
  seq: number,
): Promise<string | null> {
  const repo: Repo = { db, source, did, seq };
  const seen = await putAll(repo);
  if (seen === null) return null;
  await removeOthers(repo, seen.paths);
  return [...seen.revs].reduce((last, rev) => (rev > last ? rev : last), "");
}

/**
 * Does the same for a part of a repo while its events are applied. A record read here may be older than what
 * an event has put since, so the repo is read again until it has not changed from beginning to end. Throws
 * after ten attempts.
 */
export async function backfillBeside(
  db: D1Database,
  source: BackfillSource,
  did: Did,
  part: Part,
): Promise<void> {
  const repo: Repo = { db, source, did, seq: null, part };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const seen = await putAll(repo);
    if (seen === null) return;
    if (attempt > 0) await removeOthers(repo, seen.paths);
    const last = await pageOf(source, END);
    if (last === null) return;
    seen.revs.add(last.rev);
    if (seen.revs.size === 1) return;
  }
  throw new Error(`the repo of ${did} does not stand still`);
}

const collectionOf = (path: string): string => path.slice(0, path.indexOf("/"));

async function putAll(repo: Repo): Promise<Progress | null> {
  const seen: Progress = { revs: new Set(), paths: new Set() };
  let cursor: string | undefined;
  do {
    const page = await pageOf(repo.source, cursor);
    if (page === null) return null;
    seen.revs.add(page.rev);
    const { records, passed } = partOf(repo.part, page.records);
    for (let from = 0; from < records.length; from += ROWS) {
      const changes = noChanges();
      for (const record of records.slice(from, from + ROWS)) addRecord(repo, changes, seen, record);
      await apply(repo, changes);
    }
    // Skips a collection that is not indexed: '0' comes after '/'.
    cursor = passed === undefined ? page.next : `${passed}0`;
  } while (cursor !== undefined);
  return seen;
}

/**
 * Returns the records before the first one in a collection outside `part`, and that collection as `passed`.
 */
function partOf(
  part: Part | undefined,
  records: StoredRecord[],
): { records: StoredRecord[]; passed?: string } {
  const end =
    part === undefined ? -1 : records.findIndex(({ path }) => !part.collections.has(collectionOf(path)));
  const first = records[end];
  return first === undefined
    ? { records }
    : { records: records.slice(0, end), passed: collectionOf(first.path) };
}

function addRecord(
  { did, part }: Repo,
  changes: Changes,
  seen: Progress,
  { path, cid, rev, bytes }: StoredRecord,
): void {
  const collection = collectionOf(path);
  const key = { did, collection, rkey: path.slice(collection.length + 1) };
  const size = bytes.byteLength;
  const put = putOf({ ...key, cid, indexed: revInstant(rev), fresh: false, size }, valueOf(bytes));
  if (put === null) return;
  seen.paths.add(path);
  if (part?.accepts === undefined || part.accepts(put)) addPut(changes, put);
}

async function pageOf(source: BackfillSource, cursor: string | undefined) {
  try {
    return await source.backfill(cursor);
  } catch (thrown) {
    if (isRefusal(thrown) && thrown.error === "RepoNotFound") return null;
    throw thrown;
  }
}

async function removeOthers(repo: Repo, paths: Set<string>): Promise<void> {
  const { db, did, part } = repo;
  const looked = indexers.filter(({ collection }) => part?.collections.has(collection) ?? true);
  const found = await db.batch<{ rkey: string }>(
    looked.map(({ existing }) => db.prepare(existing).bind(did)),
  );
  let changes = noChanges();
  for (const [i, indexer] of looked.entries()) {
    for (const { rkey } of found[i]?.results ?? []) {
      if (paths.has(`${indexer.collection}/${rkey}`)) continue;
      const uri = uriOf(did, indexer.collection, rkey);
      changes.records.set(uri, { kind: "gone", gone: { uri, did, rkey, keep: null } });
      if (changes.records.size < ROWS) continue;
      await apply(repo, changes);
      changes = noChanges();
    }
  }
  await apply(repo, changes);
}

async function apply({ db, seq }: Repo, changes: Changes): Promise<void> {
  if (changes.records.size === 0) return;
  const statements = statementsOf(db, changes);
  await db.batch(seq === null ? statements : [guard(db, seq, seq), ...statements]);
}
