/** Reads of the record table. Everything here takes `Rows`, which cannot write. */
import type { Did, Nsid } from "@atcute/lexicons";
import type { RecordView } from "../../protocol/account-station.ts";
import { DAG_CBOR, cidFromDigest } from "../../protocol/cid.ts";
import type { LexMap } from "../../protocol/data-model.ts";
import { readForeign } from "../../protocol/foreign-cbor.ts";
import type { Rows } from "../../protocol/object/sql.ts";
import type { StoredRecord } from "../../protocol/stations.ts";
import { pathOf, uriOf } from "./records.ts";

export type RecordRow = {
  path: string;
  digest: ArrayBuffer;
  rev: string;
  takedown: string | null;
  value: ArrayBuffer;
};

/** Bytes of records in one page of a backfill. */
const BACKFILL_BYTES = 1_000_000;
const PAGE_ROWS = 1000;
/** Rows of a page of an export: about as many posts as its bytes have room for. */
const PACKED_ROWS = 400;
const LIST_BYTES = 1_000_000;

const COLUMNS = "path, digest, rev, takedown, value";

/** The character after `/`: the paths of a collection `c` lie between `c/` and `c0`. */
const AFTER_SLASH = "0";

export const cidOfRow = (row: Pick<RecordRow, "digest">) =>
  cidFromDigest(DAG_CBOR, new Uint8Array(row.digest));

/** An import may have kept a record that is not of the data model: it is shown as well as it can be. */
export const jsonOfRow = (row: Pick<RecordRow, "value">) =>
  readForeign(new Uint8Array(row.value)).value as LexMap;

export const viewOfRow = (did: Did, row: RecordRow): RecordView => ({
  uri: uriOf(did, row.path),
  cid: cidOfRow(row),
  value: jsonOfRow(row),
});

export const findRecord = (rows: Rows, path: string) =>
  rows.first<RecordRow>(`SELECT ${COLUMNS} FROM record WHERE path = ?`, path);

/** The record as the public sees it: null when it is taken down or has another CID than `cid`. */
export function viewRecord(rows: Rows, did: Did, path: string, cid: string | undefined): RecordView | null {
  const row = findRecord(rows, path);
  if (row === null || row.takedown !== null) return null;
  const view = viewOfRow(did, row);
  return cid === undefined || cid === view.cid ? view : null;
}

/** Reads one row for each collection, since it leaps through the index. */
export function listCollections(rows: Rows): Nsid[] {
  const found: Nsid[] = [];
  for (let after = ""; ;) {
    const next = rows.first<{ path: string }>(
      "SELECT path FROM record WHERE path > ? ORDER BY path LIMIT 1",
      after,
    );
    if (next === null) return found;
    const collection = next.path.slice(0, next.path.indexOf("/"));
    found.push(collection as Nsid);
    after = `${collection}${AFTER_SLASH}`;
  }
}

export interface RecordPage {
  limit: number;
  /** An rkey, exclusive. */
  cursor?: string | undefined;
  /** Whether the oldest rkey comes first. */
  reverse?: boolean | undefined;
}

/** The response body as JSON text: a hundred records are serialised once, here, and not at every hop. */
export function listRecords(rows: Rows, did: Did, collection: string, page: RecordPage): string {
  const { limit, cursor, reverse = false } = page;
  let from = `${collection}/`;
  let to = `${collection}${AFTER_SLASH}`;
  if (cursor !== undefined && reverse) from = pathOf(collection, cursor);
  if (cursor !== undefined && !reverse) to = pathOf(collection, cursor);
  const found = rows.all<RecordRow>(
    `SELECT ${COLUMNS} FROM record WHERE path > ? AND path < ? AND takedown IS NULL
     ORDER BY path ${reverse ? "ASC" : "DESC"} LIMIT ?`,
    from,
    to,
    fitting(rows, from, to, reverse, limit),
  );
  const records = found.map((row) => JSON.stringify(viewOfRow(did, row)));
  const last = found.at(-1)?.path.slice(collection.length + 1);
  const next = last === undefined ? "" : `,"cursor":${JSON.stringify(last)}`;
  return `{"records":[${records.join(",")}]${next}}`;
}

/**
 * Number of a page's records that come to about LIST_BYTES, but at least one. A hundred of the largest would
 * fill memory.
 */
function fitting(rows: Rows, from: string, to: string, reverse: boolean, limit: number): number {
  const total = rows.first<{ bytes: number | null }>(
    `SELECT sum(length) AS bytes FROM (SELECT length(value) AS length FROM record WHERE path > ? AND path < ?
     AND takedown IS NULL ORDER BY path ${reverse ? "ASC" : "DESC"} LIMIT ?)`,
    from,
    to,
    limit,
  )?.bytes;
  return !total || total <= LIST_BYTES ? limit : Math.max(1, Math.floor((limit * LIST_BYTES) / total));
}

/**
 * The last path of a page that begins after `after`. The page holds about `bytes` of values at most, but at
 * least one record.
 */
export function endOfPage(rows: Rows, after: string, bytes: number, most = PAGE_ROWS): string | null {
  // Reads only lengths, and passes one row into JavaScript. The lesser of the two candidates is the end.
  const row = rows.first<{ full: string | null; last: string | null }>(
    `SELECT min(path) FILTER (WHERE total > ?) AS full, max(path) AS last FROM (
       SELECT path, sum(length) OVER (ORDER BY path ROWS UNBOUNDED PRECEDING) AS total FROM (
         SELECT path, length(value) AS length FROM record WHERE path > ? ORDER BY path LIMIT ${most}))`,
    bytes,
    after,
  );
  return row?.full ?? row?.last ?? null;
}

/** Rows after a path, in order, with about `bytes` of values at most. */
function recordsAfter(rows: Rows, after: string, bytes: number): RecordRow[] {
  const end = endOfPage(rows, after, bytes);
  if (end === null) return [];
  return rows.all<RecordRow>(
    `SELECT ${COLUMNS} FROM record WHERE path > ? AND path <= ? ORDER BY path`,
    after,
    end,
  );
}

/** A record as it goes into an archive. */
export interface PackedRecord {
  path: string;
  digest: Uint8Array;
  value: Uint8Array;
}

/**
 * Like `recordsAfter`, but SQLite joins the page into one row: a row costs 4 µs to pass into JavaScript, and
 * an export may read 100,000 records. SQLite joins text without regard for what its bytes mean, so values
 * travel as text.
 */
export function packedRecordsAfter(rows: Rows, after: string, bytes: number): PackedRecord[] {
  const end = endOfPage(rows, after, bytes, PACKED_ROWS);
  if (end === null) return [];
  const page = rows.first<{ paths: string; lengths: string; digests: ArrayBuffer; values_: ArrayBuffer }>(
    `SELECT group_concat(path, ' ') AS paths, group_concat(length(value), ' ') AS lengths,
       CAST(group_concat(CAST(digest AS TEXT), '') AS BLOB) AS digests,
       CAST(group_concat(CAST(value AS TEXT), '') AS BLOB) AS values_
     FROM (SELECT path, digest, value FROM record WHERE path > ? AND path <= ? ORDER BY path)`,
    after,
    end,
  );
  if (page === null) return [];
  const lengths = page.lengths.split(" ");
  let at = 0;
  return page.paths.split(" ").map((path, i) => {
    const length = Number(lengths[i]);
    const value = new Uint8Array(page.values_, at, length);
    at += length;
    return { path, digest: new Uint8Array(page.digests, i * 32, 32), value };
  });
}

const storedRecord = (row: RecordRow): StoredRecord => ({
  path: row.path,
  cid: cidOfRow(row),
  rev: row.rev,
  bytes: new Uint8Array(row.value),
});

/** Those of the records that there are, at most 20. */
export const recordsAt = (rows: Rows, paths: string[]): StoredRecord[] =>
  paths.slice(0, 20).flatMap((path) => {
    const row = findRecord(rows, path);
    return row === null ? [] : [storedRecord(row)];
  });

/** One page of a backfill. Includes records that are taken down, since the index has its own takedowns. */
export function backfillPage(
  { sql: rows, head: { rev } }: { sql: Rows; head: { rev: string } },
  cursor = "",
): { rev: string; records: StoredRecord[]; next?: string } {
  const found = recordsAfter(rows, cursor, BACKFILL_BYTES);
  const records = found.map(storedRecord);
  const last = found.at(-1)?.path;
  const more = last !== undefined && rows.first("SELECT 1 FROM record WHERE path > ? LIMIT 1", last) !== null;
  return more ? { rev, records, next: last } : { rev, records };
}

/** The rev of each record; null where there is none. */
export function revsOf(rows: Rows, paths: string[]): (string | null)[] {
  const found = rows.all<{ rev: string | null }>(
    `SELECT (SELECT rev FROM record WHERE record.path = wanted.value) AS rev FROM json_each(?) AS wanted
     ORDER BY wanted.key`,
    JSON.stringify(paths),
  );
  return found.map(({ rev }) => rev);
}

/** Paths of a collection's records about one subject. A hash finds candidates, so `isAbout` checks each. */
export function pathsAbout(
  rows: Rows,
  collection: string,
  hash: number,
  isAbout: (record: LexMap) => boolean,
): string[] {
  return rows
    .all<RecordRow>(`SELECT ${COLUMNS} FROM record WHERE subject = ?`, hash)
    .filter((row) => row.path.startsWith(`${collection}/`) && isAbout(jsonOfRow(row)))
    .map((row) => row.path);
}
