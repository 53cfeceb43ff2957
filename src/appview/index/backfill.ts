/**
 * Indexes a whole repo from its account object: after an import, which emits no commits, and in a rebuild.
 * Removes what the index has and the repo does not; leaves alone what is the same in both. Safe to run twice,
 * or to restart halfway.
 */
import type { Did } from "@atcute/lexicons";
import { isRefusal } from "../../protocol/refusal.ts";
import type { BackfillSource, StoredRecord } from "../../protocol/stations.ts";
import { type CursorPlace, guard, statementsOf } from "./batch.ts";
import { type Changes, NO_VERSION, addPut, noChanges, putOf, valueOf } from "./changes.ts";
import type { Put } from "./indexers/indexer.ts";
import { indexers } from "./indexers/registry.ts";
import { revInstant } from "../instants.ts";
import { POST, uriOf } from "../uris.ts";
import { forgetting, purgeRows } from "./purge.ts";

/**
 * Rows per batch: few enough that a batch ends well within D1's 30 seconds, whatever else the records affect.
 */
const ROWS = 400;
/** How often records that keep changing are looked at again. Their events come after the last time. */
const ROUNDS = 10;
/** Records read again at once. */
const AGAIN = 20;
/** A part of a repo. */
export interface Part {
  collections: ReadonlySet<string>;
  /** Selects the records to put now; the others are left as they are. */
  accepts?: (put: Put) => boolean;
}

interface Progress {
  /** The repo's rev when its first page was read: all commits up to it are in the pages. */
  rev: string;
  /** The repo's paths (`collection/rkey`) in the collections that are indexed, as far as they were read. */
  paths: Set<string>;
}

/** Some of the work on a repo: a large one takes more time than there is at once. */
export interface Spell {
  /** Where the last spell ended; absent: at the beginning. */
  place?: string | undefined;
  /** Notes where the next spell begins if this one dies. */
  keep(place: string): Promise<unknown>;
  /** Whether to stop, asked between batches. */
  isOver(): boolean;
}

/** The place at which all records are put, and others are yet to be removed. No path comes after it. */
const ALL_PUT = "~";
interface Repo {
  db: D1Database;
  source: BackfillSource;
  did: Did;
  /** Where a source's cursor must stand throughout; null: events are applied meanwhile. */
  at: CursorPlace | null;
  /** Absent: everything. */
  part?: Part;
}

/** A record as it was read. `rev` null: there was none. */
interface Seen {
  path: string;
  rev: string | null;
}

/**
 * Puts every record of a small repo into the index, then removes what the repo does not have. Of a large one it
 * puts what comes first, until `isOver`. Guards the cursor at its place throughout and does not move it.
 * @returns `rev`: that up to which the index is now current; `rest`: where the rest of a large repo begins. Null
 * when the account no longer has a repo.
 */
export async function backfill(
  db: D1Database,
  source: BackfillSource,
  did: Did,
  { at, isOver }: { at: CursorPlace; isOver: () => boolean },
): Promise<{ rev: string; rest: string | null } | null> {
  const repo: Repo = { db, source, did, at };
  const seen: Progress = { rev: "", paths: new Set() };
  const rest = await putAll(repo, seen, { keep: async () => {}, isOver });
  if (rest === undefined) return null;
  const isClean = rest === null && (await removeOthers(repo, seen.paths, isOver));
  return { rev: seen.rev, rest: isClean ? null : (rest ?? ALL_PUT) };
}

/**
 * Does the same while the repo's events are applied, for the whole of it or for a part, whose posts are derived
 * anew. What is put or removed here may be older than what an event has put since, so it is compared with the
 * repo afterwards, and made good: a member may keep writing.
 * @returns whether the repo is done, or gone: then the account has left the index as well
 */
export async function backfillBeside(
  db: D1Database,
  source: BackfillSource,
  did: Did,
  spell: Spell,
  part?: Part,
): Promise<boolean> {
  const repo: Repo = { db, source, did, at: null, ...(part === undefined ? {} : { part }) };
  const seen: Progress = { rev: "", paths: new Set() };
  const stopped = await putAll(repo, seen, spell);
  if (stopped === undefined) return forget(repo, spell);
  return stopped === null && removeOthers(repo, seen.paths, () => spell.isOver());
}

/**
 * Removes an account that has no repo any more. Throws if it has come back meanwhile: it is tried again.
 * @returns whether it is gone
 */
async function forget({ db, source, did }: Repo, spell: Spell): Promise<boolean> {
  await db.batch(forgetting(db, did));
  const isGone = await purgeRows(db, did, null, () => spell.isOver());
  if ((await pageOf(source, undefined)) !== null) throw new Error("the account has come back");
  return isGone;
}

const collectionOf = (path: string): string => path.slice(0, path.indexOf("/"));

/** @returns where it stopped; null at the repo's end; undefined when the account no longer has a repo */
async function putAll(repo: Repo, seen: Progress, spell: Spell): Promise<string | null | undefined> {
  let cursor = spell.place;
  for (;;) {
    const page = await pageOf(repo.source, cursor);
    if (page === null) return undefined;
    if (seen.rev === "") seen.rev = page.rev;
    const { records, passed } = partOf(repo.part, page.records);
    for (let from = 0; from < records.length; from += ROWS) {
      const some = records.slice(from, from + ROWS);
      const changes = noChanges();
      for (const record of some) addRecord(repo, changes, seen, record);
      await apply(repo, changes);
      await compare(repo, some);
      const last = some.at(-1)?.path;
      if (last === undefined || from + ROWS >= records.length || !spell.isOver()) continue;
      await spell.keep(last);
      return last;
    }
    // Skips a collection that is not indexed: '0' comes after '/'. Likewise the rest of one in which all was
    // written since: its events are on their way, and a member may write faster than this reads.
    const skipped = passed ?? (page.next === undefined ? undefined : collectionOfNew(page.records, seen.rev));
    cursor = skipped === undefined ? page.next : `${skipped}0`;
    await spell.keep(cursor ?? ALL_PUT);
    if (cursor === undefined) return null;
    if (spell.isOver()) return cursor;
  }
}

const collectionOfNew = (records: StoredRecord[], rev: string): string | undefined => {
  const last = records.at(-1);
  return last === undefined || records.some((record) => record.rev <= rev)
    ? undefined
    : collectionOf(last.path);
};

/** Makes good what was put or removed although an event had overtaken it. */
async function compare(repo: Repo, seen: readonly Seen[]): Promise<void> {
  if (repo.at !== null) return;
  let left = seen;
  for (let round = 0; round < ROUNDS && left.length > 0; round++) {
    const revs = await revsOf(repo.source, left);
    const overtaken = left.filter(({ rev }, i) => revs[i] !== rev);
    left = [];
    for (let from = 0; from < overtaken.length; from += AGAIN) {
      left = [...left, ...(await putAgain(repo, overtaken.slice(from, from + AGAIN)))];
    }
  }
}

async function putAgain(repo: Repo, overtaken: readonly Seen[]): Promise<Seen[]> {
  const records = await presentOr([], repo.source.recordsAt(overtaken.map(({ path }) => path)));
  const changes = noChanges();
  const here: Progress = { rev: "", paths: new Set() };
  for (const record of records) addRecord(repo, changes, here, record);
  for (const { path } of overtaken) if (!here.paths.has(path)) addGone(repo, changes, path);
  await apply(repo, changes);
  const revs = new Map(records.map(({ path, rev }) => [path, rev]));
  return overtaken.map(({ path }) => ({ path, rev: revs.get(path) ?? null }));
}

const revsOf = (source: BackfillSource, seen: readonly Seen[]): Promise<(string | null)[]> =>
  presentOr(
    seen.map(() => null),
    source.revs(seen.map(({ path }) => path)),
  );

function addGone({ did }: Repo, changes: Changes, path: string): void {
  const collection = collectionOf(path);
  const rkey = path.slice(collection.length + 1);
  const uri = uriOf(did, collection, rkey);
  changes.records.set(uri, { kind: "gone", gone: { uri, did, rkey, keep: null } });
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
  const from = { ...key, cid, indexed: revInstant(rev), fresh: false, elsewhere: false, size };
  const put = putOf(from, valueOf(bytes));
  if (put === null) return;
  seen.paths.add(path);
  if (part?.accepts !== undefined && !part.accepts(put)) return;
  // Posts are derived anew: search, flags and gates may have changed since.
  addPut(changes, put, part !== undefined && collection === POST ? NO_VERSION : put);
}

/** The repo's answer, or `otherwise` if the account no longer has one. */
async function presentOr<T>(otherwise: T, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (thrown) {
    if (isRefusal(thrown) && thrown.error === "RepoNotFound") return otherwise;
    throw thrown;
  }
}

const pageOf = (source: BackfillSource, cursor: string | undefined) =>
  presentOr<Awaited<ReturnType<BackfillSource["backfill"]>> | null>(null, source.backfill(cursor));

/**
 * Removes what the repo did not have when it was read. What has come since is made good.
 * @param isOver asked before each batch, whether to stop there
 * @returns whether all of it is removed
 */
async function removeOthers(repo: Repo, paths: Set<string>, isOver: () => boolean): Promise<boolean> {
  const { db, did, part } = repo;
  // A spell that has put nothing removes something in any case.
  if (paths.size > 0 && isOver()) return false;
  const looked = indexers.filter(({ collection }) => part?.collections.has(collection) ?? true);
  const found = await db.batch<{ rkey: string }>(
    looked.map(({ existing }) => db.prepare(existing).bind(did)),
  );
  const others = looked.flatMap(({ collection }, i) =>
    (found[i]?.results ?? []).map(({ rkey }) => `${collection}/${rkey}`).filter((path) => !paths.has(path)),
  );
  for (let from = 0; from < others.length; from += ROWS) {
    if (from > 0 && isOver()) return false;
    const some = others.slice(from, from + ROWS);
    // Those that have come since the repo was read stay.
    const revs = repo.at === null ? await revsOf(repo.source, some.map(asGone)) : [];
    const gone = some.filter((_, i) => (revs[i] ?? null) === null);
    const changes = noChanges();
    for (const path of gone) addGone(repo, changes, path);
    await apply(repo, changes);
    await compare(repo, gone.map(asGone));
  }
  return true;
}

const asGone = (path: string): Seen => ({ path, rev: null });

async function apply({ db, at }: Repo, changes: Changes): Promise<void> {
  if (changes.records.size === 0) return;
  const statements = statementsOf(db, changes);
  await db.batch(at === null ? statements : [guard(db, at, at.seq), ...statements]);
}
