/** Skeletons of lists, their members, and the viewer's blocks: few rows each, read whole and sorted. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { Cursor } from "../cursors.ts";
import { LIST } from "../../uris.ts";
import { PUBLISHED_MOST, SORTED_MOST } from "./bounds.ts";
import { orderOf, pageOrder, pageValues } from "./page.ts";

export interface ListRow {
  uri: ResourceUri;
  sort: number;
  cid: string;
  key: string;
}

/** The records of one collection that an account owns: `?1` its DID. */
export const owned = (collection: string): string =>
  `(SELECT * FROM record
    WHERE uri > 'at://' || ?1 || '/${collection}/' AND uri < 'at://' || ?1 || '/${collection}0'
    LIMIT ${PUBLISHED_MOST})`;

const ROWS = "SELECT r.uri, r.sort, r.cid, r.uri AS key";
const PAGE = pageOrder(orderOf("r", "r.uri"));

/**
 * Values of `purposes`, short and in full. A reference list is only for its starter pack and is never listed.
 */
const PURPOSES: Readonly<Record<string, string>> = {
  modlist: "app.bsky.graph.defs#modlist",
  curatelist: "app.bsky.graph.defs#curatelist",
};
const ALL = Object.keys(PURPOSES);

const accepted = (purposes: readonly string[] | undefined): string[] =>
  Object.entries(PURPOSES).flatMap(([short, full]) =>
    (purposes ?? ALL).some((purpose) => purpose === short || purpose === full) ? [full] : [],
  );

export const selectListsOf = (
  db: D1Database,
  owner: Did,
  purposes: readonly string[] | undefined,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement =>
  db
    .prepare(
      `${ROWS} FROM ${owned(LIST)} AS r
        WHERE r.record ->> 'purpose' IN (SELECT value FROM json_each(?6)) AND ${PAGE}`,
    )
    .bind(owner, ...pageValues(cursor, limit), JSON.stringify(accepted(purposes)));

/** Those of the given lists that exist. */
export const selectListsByUri = (
  db: D1Database,
  uris: readonly string[],
  cursor: Cursor,
  limit: number,
): D1PreparedStatement =>
  db
    .prepare(
      `${ROWS} FROM record AS r
        WHERE r.uri IN (SELECT value FROM json_each(?1)) AND r.collection = '${LIST}' AND ${PAGE}`,
    )
    .bind(JSON.stringify(uris), ...pageValues(cursor, limit));

export const selectBlockedLists = (
  db: D1Database,
  viewer: Did,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement =>
  db
    .prepare(
      `${ROWS} FROM list_block AS b JOIN record AS r ON r.uri = b.list AND r.collection = '${LIST}'
        WHERE b.actor = ?1 AND ${PAGE}`,
    )
    .bind(viewer, ...pageValues(cursor, limit));

export interface MemberRow {
  list: ResourceUri;
  did: Did;
  rkey: string;
  sort: number;
  cid: string;
  key: string;
}

export const selectMembers = (
  db: D1Database,
  list: string,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement =>
  db
    .prepare(
      `SELECT i.list, i.subject AS did, i.rkey, i.sort, i.cid, i.subject AS key
        FROM (SELECT * FROM list_item WHERE list = ?1 LIMIT ${SORTED_MOST}) AS i
        WHERE ${pageOrder(orderOf("i", "i.subject"))}`,
    )
    .bind(list, ...pageValues(cursor, limit));

/** The items by which an account (`?2`) is on the given lists. */
export const selectMembership = (db: D1Database, did: Did, lists: readonly string[]): D1PreparedStatement =>
  db
    .prepare(
      `SELECT i.list, i.subject AS did, i.rkey, i.sort, i.cid, i.subject AS key FROM json_each(?1) AS j
        CROSS JOIN list_item AS i ON i.list = j.value AND i.subject = ?2`,
    )
    .bind(JSON.stringify(lists), did);

export interface BlockedRow {
  did: Did;
  sort: number;
  cid: string;
  key: string;
}

export const selectBlocked = (
  db: D1Database,
  viewer: Did,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement =>
  db
    .prepare(
      `SELECT b.subject AS did, b.sort, b.cid, b.subject AS key FROM block AS b
        WHERE b.actor = ?1 AND ${pageOrder(orderOf("b", "b.subject"))}`,
    )
    .bind(viewer, ...pageValues(cursor, limit));
