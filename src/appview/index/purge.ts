/** Removes a deleted account from the index: its rows, and by trigger its share in everybody's counts. */
import type { Did } from "@atcute/lexicons";
import { type CursorPlace, guard } from "./batch.ts";

/** Rows per statement, so that no batch grows with the account. */
const ROWS = 1000;

const OWN = `> 'at://' || ?1 || '/' AND`;
const END = `< 'at://' || ?1 || '0'`;
/**
 * Each deletes at most `ROWS` rows, except for verifications. Waiting duplicates go first, or they would be
 * promoted.
 */
const STEPS = [
  `DELETE FROM duplicate WHERE (actor, collection, subject, rkey) IN (
    SELECT actor, collection, subject, rkey FROM duplicate WHERE actor = ?1 LIMIT ${ROWS})`,
  `DELETE FROM "like" WHERE (subject, actor) IN (SELECT subject, actor FROM "like" WHERE actor = ?1 LIMIT ${ROWS})`,
  `DELETE FROM repost WHERE (subject, actor) IN (
    SELECT subject, actor FROM feed_item WHERE actor = ?1 AND subject IS NOT NULL LIMIT ${ROWS})`,
  `DELETE FROM follow WHERE (actor, subject) IN (SELECT actor, subject FROM follow WHERE actor = ?1 LIMIT ${ROWS})`,
  `DELETE FROM block WHERE (actor, subject) IN (SELECT actor, subject FROM block WHERE actor = ?1 LIMIT ${ROWS})`,
  `DELETE FROM list_block WHERE (actor, list) IN (SELECT actor, list FROM list_block WHERE actor = ?1 LIMIT ${ROWS})`,
  `DELETE FROM list_item WHERE (list, subject) IN (
    SELECT list, subject FROM list_item WHERE list ${OWN} list ${END} LIMIT ${ROWS})`,
  `DELETE FROM verification WHERE issuer = ?1`,
  `DELETE FROM post WHERE uri IN (SELECT uri FROM post WHERE uri ${OWN} uri ${END} LIMIT ${ROWS})`,
  `DELETE FROM record WHERE uri IN (SELECT uri FROM record WHERE uri ${OWN} uri ${END} LIMIT ${ROWS})`,
  `DELETE FROM notification WHERE (did, sort, uri, reason) IN (
    SELECT did, sort, uri, reason FROM notification WHERE did = ?1 LIMIT ${ROWS})`,
];

/** Followers of the account keep their records, so the row stays, unknown and empty, to count them. */
const FORGET = `UPDATE actor SET handle = NULL, known = NULL, status = NULL, written = NULL, backfilled = NULL, profile = NULL,
  profile_cid = NULL, profile_sort = NULL, profile_indexed = NULL, joined_via = NULL, selves = NULL, name = NULL, slot = NULL,
  home = NULL, checked = NULL
  WHERE did = ?1`;
const UNSEAT = "DELETE FROM actor_search WHERE rowid = (SELECT slot FROM actor WHERE did = ?1)";

/** Decisions of moderators about the account and its records end with it, as they do in the directory. */
const ABSOLVE = `DELETE FROM takedown WHERE subject = ?1 OR (subject ${OWN} subject ${END})
  OR (subject > ?1 || '/' AND subject < ?1 || '0')`;
/**
 * Deletes the rows in batches, guarded at a source's place unless it is null.
 * @param isOver asked after each batch, whether to stop there
 * @returns whether all are gone
 */
export async function purgeRows(
  db: D1Database,
  did: Did,
  at: CursorPlace | null,
  isOver: () => boolean,
): Promise<boolean> {
  const guards = at === null ? [] : [guard(db, at, at.seq)];
  for (;;) {
    const results = await db.batch([...guards, ...STEPS.map((sql) => db.prepare(sql).bind(did))]);
    if (results.slice(guards.length).every(({ meta }) => meta.changes === 0)) return true;
    if (isOver()) return false;
  }
}

/** The statements that make the account unknown, after which nothing of it is shown. */
export const forgetting = (db: D1Database, did: Did): D1PreparedStatement[] =>
  [UNSEAT, FORGET, ABSOLVE].map((sql) => db.prepare(sql).bind(did));
