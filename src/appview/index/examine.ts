/**
 * Compares the index with a repo, page by page. A difference may only be on its way: whoever compares looks twice, and believes what both looks found.
 */
import type { Did } from "@atcute/lexicons";
import { decodeToJson } from "../../protocol/cbor.ts";
import { at, textOf } from "../../protocol/json.ts";
import type { BackfillSource, StoredRecord } from "../../protocol/stations.ts";
import { revInstant } from "../instants.ts";
import { REPOST } from "../uris.ts";
import { addToBacklog } from "./backlog.ts";
import { putOf, valueOf } from "./changes.ts";
import { indexers } from "./indexers/registry.ts";
import { readCursor } from "./ingest.ts";

/** - `missing`: the repo has it; `extra`: the index has it; `stale`: they have different versions. */
export type IndexFault = "missing" | "extra" | "stale";

export interface Difference {
  kind: IndexFault;
  /** The versions of both, as a text: another look finds the same, or they are being changed. */
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
    // A record that the index does not show is no loss.
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
