/** Blocks, mutes and follows between accounts, as views and rules need them. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { type Facts, pairKey, type Relation } from "../facts.ts";
import { BLOCK, FOLLOW, LIST_BLOCK, uriOf } from "../../uris.ts";
import { type RecordRow, addRecords } from "./records.ts";

/**
 * Whether the list counts: it blocks or mutes only while it is an existing moderation list of an active
 * owner. `list` is an SQL expression.
 */
const ACTIVE = (list: string) => `EXISTS (
  SELECT 1 FROM record AS r JOIN actor AS o ON o.did = r.did
  WHERE r.uri = ${list} AND r.record ->> 'purpose' = 'app.bsky.graph.defs#modlist'
    AND o.known IS NOT NULL AND o.status IS NULL
    AND NOT EXISTS (SELECT 1 FROM takedown WHERE subject = o.did OR subject = r.uri))`;

/** One of `by`'s block lists that has `whom` as a member. */
const LISTED = (by: string, whom: string) => `(SELECT i.list
  FROM list_block AS b JOIN list_item AS i ON i.list = b.list AND i.subject = ${whom}
  WHERE b.actor = ${by} AND ${ACTIVE("i.list")} LIMIT 1)`;

/** ?1 DIDs, ?2 the viewer, ?3 the lists that the viewer mutes. */
const RELATIONS = `SELECT j.value AS did,
    (SELECT rkey FROM follow WHERE actor = ?2 AND subject = j.value) AS following,
    (SELECT rkey FROM follow WHERE actor = j.value AND subject = ?2) AS followed_by,
    (SELECT rkey FROM block WHERE actor = ?2 AND subject = j.value) AS blocking,
    (SELECT rkey FROM block WHERE actor = j.value AND subject = ?2) AS blocked_by,
    ${LISTED("?2", "j.value")} AS blocking_by_list,
    ${LISTED("j.value", "?2")} AS blocked_by_list,
    (SELECT i.list FROM json_each(?3) AS m CROSS JOIN list_item AS i ON i.list = m.value AND i.subject = j.value
      WHERE ${ACTIVE("i.list")} LIMIT 1) AS muted_by_list
  FROM json_each(?1) AS j WHERE j.value <> ?2`;

export interface RelationRow {
  did: Did;
  following: string | null;
  followed_by: string | null;
  blocking: string | null;
  blocked_by: string | null;
  blocking_by_list: ResourceUri | null;
  blocked_by_list: ResourceUri | null;
  muted_by_list: ResourceUri | null;
}

export const selectRelations = (
  db: D1Database,
  viewer: Did,
  dids: readonly string[],
  mutedLists: readonly string[],
): D1PreparedStatement =>
  db.prepare(RELATIONS).bind(JSON.stringify(dids), viewer, JSON.stringify(mutedLists));

const strangers = (): Relation => ({
  muted: false,
  mutedOnlyReposts: false,
  mutedOnlyQuoteposts: false,
  mutedByList: null,
  blocking: null,
  blockedBy: null,
  blockingByList: null,
  blockedByList: null,
  following: null,
  followedBy: null,
  activitySubscription: null,
});

/** Adds relations. The viewer's own entry exists and is empty: a view of oneself has a `viewer`, too. */
export function addRelations(facts: Facts, viewer: Did, rows: RelationRow[]): void {
  facts.relations.set(viewer, strangers());
  const named = (did: Did, collection: string, rkey: string | null) =>
    rkey === null ? null : uriOf(did, collection, rkey);
  for (const row of rows) {
    facts.relations.set(row.did, {
      ...strangers(),
      following: named(viewer, FOLLOW, row.following),
      followedBy: named(row.did, FOLLOW, row.followed_by),
      blocking: named(viewer, BLOCK, row.blocking),
      blockedBy: named(row.did, BLOCK, row.blocked_by),
      blockingByList: row.blocking_by_list,
      blockedByList: row.blocked_by_list,
      mutedByList: row.muted_by_list,
    });
  }
}

/** Pairs of which one blocks the other, directly or through a list. Returned in the order given. */
const PAIRS = `SELECT j.value ->> 0 AS a, j.value ->> 1 AS b FROM json_each(?1) AS j
  WHERE EXISTS (SELECT 1 FROM block WHERE actor = j.value ->> 0 AND subject = j.value ->> 1)
    OR EXISTS (SELECT 1 FROM block WHERE actor = j.value ->> 1 AND subject = j.value ->> 0)
    OR ${LISTED("j.value ->> 0", "j.value ->> 1")} IS NOT NULL
    OR ${LISTED("j.value ->> 1", "j.value ->> 0")} IS NOT NULL`;

export const selectPairs = (
  db: D1Database,
  pairs: readonly (readonly [string, string])[],
): D1PreparedStatement => db.prepare(PAIRS).bind(JSON.stringify(pairs));

export function addPairs(facts: Facts, rows: { a: string; b: string }[]): void {
  for (const { a, b } of rows) {
    facts.blockedPairs.add(pairKey(a, b));
    facts.blockedPairs.add(pairKey(b, a));
  }
}

/**
 * The viewer's relation to lists, by URI, and to those through which the viewer blocks: blocked, and a member
 * of (for gates). Mutes come from the directory. Those through which the viewer blocks or mutes (?3) come with
 * their records: views of their members name them.
 */
const LISTS = `SELECT j.value AS uri,
    (SELECT rkey FROM list_block WHERE actor = ?2 AND list = j.value) AS blocked,
    EXISTS (SELECT 1 FROM list_item WHERE list = j.value AND subject = ?2) AS member,
    r.did, r.collection, r.cid, r.record, r.sort, r.indexed, r.likes, r.items
  FROM (SELECT value FROM json_each(?1) UNION SELECT list FROM list_block WHERE actor = ?2) AS j
    LEFT JOIN record AS r ON r.uri = j.value AND (
      r.uri IN (SELECT value FROM json_each(?3)) OR r.uri IN (SELECT list FROM list_block WHERE actor = ?2))`;

export const selectLists = (
  db: D1Database,
  viewer: Did,
  uris: readonly string[],
  mutedLists: readonly string[],
): D1PreparedStatement => db.prepare(LISTS).bind(JSON.stringify(uris), viewer, JSON.stringify(mutedLists));

/** `cid` and what follows it are null for a list of others, or one that is gone. */
export type ListRow = { uri: ResourceUri; blocked: string | null; member: number } & (
  | RecordRow
  | { cid: null }
);

export function addListRelations(
  facts: Facts,
  viewer: Did,
  mutedLists: ReadonlySet<string>,
  rows: readonly ListRow[],
): void {
  for (const row of rows) {
    const { uri, blocked, member } = row;
    facts.listRelations.set(uri, {
      muted: mutedLists.has(uri),
      blocked: blocked === null ? null : uriOf(viewer, LIST_BLOCK, blocked),
      member: member === 1,
    });
    if (row.cid !== null) addRecords(facts, [row]);
  }
}
