/** Skeletons of starter packs, and the members that a pack's page shows. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { folded } from "../../folding.ts";
import type { Cursor } from "../cursors.ts";
import { STARTER_PACK } from "../../uris.ts";
import { PUBLISHED_MOST } from "./bounds.ts";
import { owned } from "./lists.ts";
import { after, orderOf, pageOrder, pageValues } from "./page.ts";
import { LISTED } from "./records.ts";

export interface PackRow {
  uri: ResourceUri;
  sort: number;
  cid: string;
  key: string;
}

const ROWS = "SELECT r.uri, r.sort, r.cid, r.uri AS key";
const PAGE = pageOrder(orderOf("r", "r.uri"));

export const selectPacksOf = (
  db: D1Database,
  owner: Did,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement =>
  db
    .prepare(`${ROWS} FROM ${owned(STARTER_PACK)} AS r WHERE ${PAGE}`)
    .bind(owner, ...pageValues(cursor, limit));

/**
 * Packs whose name contains a text, newest first. A community has few packs, so the next of all packs are
 * scanned.
 */
export const selectPacksNamed = (
  db: D1Database,
  text: string,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement =>
  db
    .prepare(
      `${ROWS} FROM (
          SELECT * FROM record AS w INDEXED BY record_listed
          WHERE w.${LISTED} AND w.collection = '${STARTER_PACK}' AND ${after(orderOf("w", "w.uri"))}
          ORDER BY w.sort DESC LIMIT ${PUBLISHED_MOST}) AS r
        WHERE instr(coalesce(r.name, lower(r.record ->> 'name')), ?1) > 0 AND ${PAGE}`,
    )
    .bind(folded(text), ...pageValues(cursor, limit));

/** How many of a list's newest members are considered for a pack's sample, of so many that are looked at. */
const CONSIDERED = 50;
const LOOKED_AT = 200;

export interface SampleRow {
  list: ResourceUri;
  did: Did;
  rkey: string;
  followers: number;
}

/** The members of each pack's list, the most followed first; among equals, the newest first. */
export const selectSamples = (db: D1Database, packs: readonly string[]): D1PreparedStatement =>
  db
    .prepare(
      `SELECT list, did, rkey, followers FROM (
          SELECT i.list, i.subject AS did, i.rkey, i.sort, i.cid, coalesce(a.followers, 0) AS followers,
            row_number() OVER (PARTITION BY i.list ORDER BY i.sort DESC, i.cid DESC) AS place
          FROM (SELECT DISTINCT r.record ->> 'list' AS list FROM json_each(?1) AS j
              CROSS JOIN record AS r ON r.uri = j.value AND r.collection = '${STARTER_PACK}') AS l
            CROSS JOIN list_item AS i ON i.list = l.list
              AND i.subject IN (SELECT subject FROM list_item WHERE list = l.list LIMIT ${LOOKED_AT})
            LEFT JOIN actor AS a ON a.did = i.subject)
        WHERE place <= ${CONSIDERED} ORDER BY list, followers DESC, place`,
    )
    .bind(JSON.stringify(packs));

export interface PackPartsRow {
  uri: ResourceUri;
  list: ResourceUri;
  /** JSON: an array of URIs. */
  feeds: string;
}

/** The list and the feeds that each pack names. */
export const selectParts = (db: D1Database, packs: readonly string[]): D1PreparedStatement =>
  db
    .prepare(
      `SELECT r.uri, r.record ->> 'list' AS list,
          (SELECT json_group_array(value ->> 'uri') FROM json_each(r.record, '$.feeds')) AS feeds
        FROM json_each(?1) AS j CROSS JOIN record AS r ON r.uri = j.value AND r.collection = '${STARTER_PACK}'`,
    )
    .bind(JSON.stringify(packs));

/** The items by which an account (`?2`) is on the packs' lists. */
export const selectPackMembership = (
  db: D1Database,
  did: string,
  packs: readonly string[],
): D1PreparedStatement =>
  db
    .prepare(
      `SELECT i.list, i.subject AS did, i.rkey, i.sort, i.cid, i.subject AS key
        FROM json_each(?1) AS j
          CROSS JOIN record AS r ON r.uri = j.value AND r.collection = '${STARTER_PACK}'
          CROSS JOIN list_item AS i ON i.list = r.record ->> 'list' AND i.subject = ?2`,
    )
    .bind(JSON.stringify(packs), did);
