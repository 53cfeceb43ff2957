/** Lists, feed generators, starter packs and labelers, by URI. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { Facts } from "../facts.ts";
import { SORTED_MOST } from "./bounds.ts";
import { boundedRecord } from "./posts.ts";

export interface RecordRow {
  uri: ResourceUri;
  did: Did;
  collection: string;
  cid: string;
  record: string;
  sort: number;
  indexed: number;
  likes: number;
  items: number;
}

const TOTAL =
  "SELECT sum(length(x.record)) FROM json_each(?1) AS e CROSS JOIN record AS x ON x.uri = e.value";

export const selectRecords = (db: D1Database, uris: readonly string[]): D1PreparedStatement =>
  db
    .prepare(
      `SELECT r.uri, r.did, r.collection, r.cid, r.sort, r.indexed, r.likes, r.items,
          ${boundedRecord("r.record", TOTAL, "descriptionFacets", "policies.labelValueDefinitions")} AS record
        FROM json_each(?1) AS j CROSS JOIN record AS r ON r.uri = j.value`,
    )
    .bind(JSON.stringify(uris));

export function addRecords(facts: Facts, rows: RecordRow[]): void {
  for (const row of rows) facts.records.set(row.uri, { ...row, record: JSON.parse(row.record) });
}

/** Counts the accounts that joined through each starter pack: in all, and since `?2`. */
export const selectJoined = (db: D1Database, packs: readonly string[], since: number): D1PreparedStatement =>
  db
    .prepare(
      `SELECT uri, count(*) AS "all", sum(profile_sort > ?2) AS week FROM (
          SELECT j.value AS uri, a.profile_sort
          FROM json_each(?1) AS j CROSS JOIN actor AS a ON a.joined_via = j.value LIMIT ${SORTED_MOST})
        GROUP BY uri`,
    )
    .bind(JSON.stringify(packs), since);

/**
 * The condition of the index `record_listed`: SQLite uses it only for queries that repeat the condition
 * verbatim.
 */
export const LISTED =
  "collection IN ('app.bsky.feed.generator', 'app.bsky.graph.starterpack', 'app.bsky.labeler.service')";
