/**
 * Compares the index with a repo, page by page, and what is derived within the index with what it is derived from.
 * A difference may only be on its way: whoever compares looks twice, and believes what both looks found.
 */
import type { Did } from "@atcute/lexicons";
import { decodeToJson } from "../../protocol/cbor.ts";
import { at, textOf } from "../../protocol/json.ts";
import type { BackfillSource, StoredRecord } from "../../protocol/stations.ts";
import { revInstant } from "../instants.ts";
import { NO_ROOM, firstRowOf } from "../search-rows.ts";
import { REPOST } from "../uris.ts";
import { addToBacklog } from "./backlog.ts";
import { putOf, valueOf } from "./changes.ts";
import { indexers } from "./indexers/registry.ts";
import { readCursor } from "./ingest.ts";
import { COUNT } from "./rebuild.ts";

/** - `missing`: the repo has it; `extra`: the index has it; `stale`: they have different versions. */
export type IndexFault = "missing" | "extra" | "stale";

export interface Difference {
  kind: IndexFault;
  /** What both have, as a text: another look finds the same, or they are being changed. */
  versions: string;
  /** Of a repost that is missing: what it is of. */
  reposted?: string;
}

export interface ComparedPage {
  differences: Map<string, Difference>;
  /** Where the next page begins; absent on the last one. */
  next?: string;
}

type Version = { collection: string; rkey: string; cid: string | null; indexed: number | null };

/** Most SELECTs that one statement of D1 may join, two of which one collection may take. */
const JOINED = 2;

/** The rows of the index whose paths lie in a part of the repo. Ranges are applied here: few repos have two pages. */
async function rowsBetween(
  db: D1Database,
  did: Did,
  after: string,
  end: string | null,
): Promise<Map<string, Version>> {
  const wanted = indexers.filter(
    ({ collection }) => `${collection}0` > after && (end === null || `${collection}/` <= end),
  );
  const statements: D1PreparedStatement[] = [];
  for (let from = 0; from < wanted.length; from += JOINED) {
    const parts = wanted
      .slice(from, from + JOINED)
      .map(
        ({ collection, existing }) =>
          `SELECT '${collection}' AS collection, rkey, cid, indexed FROM (${existing})`,
      );
    statements.push(db.prepare(parts.join(" UNION ALL ")).bind(did));
  }
  const found = statements.length === 0 ? [] : await db.batch<Version>(statements);
  const rows = new Map<string, Version>();
  for (const row of found.flatMap(({ results }) => results)) {
    const path = `${row.collection}/${row.rkey}`;
    if (path > after && (end === null || path <= end)) rows.set(path, row);
  }
  return rows;
}

const versionOf = (did: Did, { path, cid, rev, bytes }: StoredRecord) => {
  const collection = path.slice(0, path.indexOf("/"));
  const rkey = path.slice(collection.length + 1);
  return {
    did,
    collection,
    rkey,
    cid,
    indexed: revInstant(rev),
    fresh: false,
    elsewhere: false,
    size: bytes.byteLength,
  };
};

/** Compares the records after a path, as many as a page has. Refuses RepoNotFound. */
export async function comparePage(
  db: D1Database,
  source: Pick<BackfillSource, "backfill">,
  did: Did,
  after: string,
): Promise<ComparedPage> {
  const { records, next } = await source.backfill(after === "" ? undefined : after);
  const rows = await rowsBetween(db, did, after, next ?? null);
  const differences = new Map<string, Difference>();
  for (const record of records) {
    const wanted = versionOf(did, record);
    const row = rows.get(record.path);
    rows.delete(record.path);
    if (row?.cid === wanted.cid && row.indexed === wanted.indexed) continue;
    const put = putOf(wanted, valueOf(record.bytes));
    // What the index does not show is no loss.
    if (put === null && row === undefined) continue;
    differences.set(record.path, {
      kind: put === null ? "extra" : row === undefined ? "missing" : "stale",
      versions: JSON.stringify([wanted.cid, wanted.indexed, row?.cid, row?.indexed]),
      ...(wanted.collection === REPOST && { reposted: subjectOf(record) }),
    });
  }
  for (const [path, { cid, indexed }] of rows) {
    differences.set(path, { kind: "extra", versions: JSON.stringify([null, null, cid, indexed]) });
  }
  return { differences, ...(next !== undefined && { next }) };
}

const subjectOf = ({ bytes }: StoredRecord): string =>
  textOf(at(decodeToJson(bytes), "subject", "uri")) ?? "";

/** Whether a repo is being put into the index anew, this one or all of them. */
export async function isBeingIndexed(db: D1Database, did: Did): Promise<boolean> {
  const found = await db
    .prepare(
      `SELECT EXISTS (SELECT 1 FROM backlog WHERE did = ?1)
        OR EXISTS (SELECT 1 FROM rebuild WHERE phase <> 'done') AS busy`,
    )
    .bind(did)
    .first<number>("busy");
  return found === 1;
}

/** Posts that are in no feed, or in no search. */
const UNSHOWN = `SELECT uri FROM post WHERE uri > 'at://' || ?1 || '/' AND uri < 'at://' || ?1 || '0' AND (
    NOT EXISTS (SELECT 1 FROM feed_item AS i WHERE i.actor = ?1 AND i.sort = post.sort AND i.cid = post.cid
      AND i.rkey = substr(post.uri, length(?1) + 26))
    OR (tie <> ${NO_ROOM} AND NOT EXISTS (
      SELECT 1 FROM post_search WHERE rowid = ${firstRowOf("post.sort")} + post.tie)))`;

/** Feed entries of nothing. */
const LOOSE = `DELETE FROM feed_item WHERE actor = ?1 AND CASE WHEN subject IS NULL
    THEN NOT EXISTS (SELECT 1 FROM post WHERE uri = 'at://' || ?1 || '/app.bsky.feed.post/' || feed_item.rkey
      AND sort = feed_item.sort AND cid = feed_item.cid)
    ELSE NOT EXISTS (SELECT 1 FROM repost AS r WHERE r.subject = feed_item.subject AND r.actor = ?1
      AND r.rkey = feed_item.rkey) END`;

const COUNTED = `(SELECT count(*) FROM "like" WHERE subject = post.uri),
    (SELECT count(*) FROM repost WHERE subject = post.uri),
    (SELECT count(*) FROM post AS reply WHERE reply.parent = post.uri AND reply.violates_gate = 0),
    (SELECT count(*) FROM post AS quote WHERE quote.quoted = post.uri)`;
const COUNT_POSTS = `UPDATE post SET (likes, reposts, replies, quotes) = (SELECT ${COUNTED})
  WHERE uri > 'at://' || ?1 || '/' AND uri < 'at://' || ?1 || '0' AND (likes, reposts, replies, quotes) IS NOT (${COUNTED})`;
const COUNTED_IN = `(SELECT count(*) FROM "like" WHERE subject = record.uri),
    (SELECT count(*) FROM list_item WHERE list = record.uri)`;
const COUNT_RECORDS = `UPDATE record SET (likes, items) = (SELECT ${COUNTED_IN})
  WHERE uri > 'at://' || ?1 || '/' AND uri < 'at://' || ?1 || '0' AND (likes, items) IS NOT (${COUNTED_IN})`;

/**
 * Mends what is derived from an account's rows: triggers keep it in their transactions, so what differs is damaged.
 * Posts that are in no feed or search are dropped, to be put anew.
 */
export async function mendDerived(db: D1Database, did: Did): Promise<{ rows: number; counts: number }> {
  const own = (sql: string) => db.prepare(sql).bind(did);
  const results = await db.batch([
    own(LOOSE),
    own(`DELETE FROM post WHERE uri IN (${UNSHOWN})`),
    db.prepare(COUNT).bind(JSON.stringify([did])),
    own(COUNT_POSTS),
    own(COUNT_RECORDS),
  ]);
  const [loose = 0, unshown = 0, ...counts] = results.map(({ meta }) => meta.changes);
  return { rows: loose + unshown, counts: counts.reduce((sum, count) => sum + count, 0) };
}

/** Has a repo put into the index anew: what is the same in both stays. */
export async function indexAnew(
  db: D1Database,
  did: Did,
  reposted: readonly string[],
  now: number,
): Promise<void> {
  const seq = await readCursor(db, "host");
  await db.batch([
    // A repost without its feed entry is found by nothing else.
    db
      .prepare("DELETE FROM repost WHERE (subject, actor) IN (SELECT value, ?2 FROM json_each(?1))")
      .bind(JSON.stringify(reposted), did),
    addToBacklog(db, { did, seq, place: "" }, now),
  ]);
}
