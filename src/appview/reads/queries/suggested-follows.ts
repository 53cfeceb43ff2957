/** Follow suggestions, computed from the community itself. */
import type { Did } from "@atcute/lexicons";

/** How many neighbours are considered on each side, and how many of their follows are counted in all. */
const NEIGHBOURS = 50;
const COUNTED = 5000;

export interface SuggestionRow {
  did: Did;
}

const THERE = "a.known IS NOT NULL AND a.status IS NULL";
const NEW_TO = (viewer: string) =>
  `a.did <> ${viewer} AND NOT EXISTS (SELECT 1 FROM follow AS mine WHERE mine.actor = ${viewer} AND mine.subject = a.did)`;

/**
 * Suggestions around an account (?1): the accounts that it, its followers and its follows follow, by how many
 * of them do. Leaves out accounts that the viewer (?2, or empty) follows already. ?3 rows, ?4 rows to skip.
 */
const AROUND = `WITH
  neighbour (did) AS MATERIALIZED (
    SELECT actor FROM (
      SELECT actor FROM follow INDEXED BY follow_subject WHERE subject = ?1 ORDER BY sort DESC LIMIT ${NEIGHBOURS})
    UNION SELECT subject FROM (SELECT subject FROM follow WHERE actor = ?1 LIMIT ${NEIGHBOURS})
    UNION SELECT ?1),
  followed (did) AS MATERIALIZED (
    SELECT f.subject FROM neighbour CROSS JOIN follow AS f ON f.actor = neighbour.did LIMIT ${COUNTED})
  SELECT a.did FROM (SELECT did, count(*) AS by FROM followed WHERE did <> ?1 GROUP BY did) AS s
    CROSS JOIN actor AS a ON a.did = s.did
  WHERE ${THERE} AND ${NEW_TO("?2")}
  ORDER BY s.by DESC, a.followers DESC, a.did LIMIT ?3 OFFSET ?4`;

export const selectFollowsAround = (
  db: D1Database,
  { around, viewer, limit, skip }: { around: Did; viewer: Did | null; limit: number; skip: number },
): D1PreparedStatement => db.prepare(AROUND).bind(around, viewer ?? "", limit, skip);

/** The most followed accounts, for a viewer without neighbours. Reads the whole table: one row per member. */
const POPULAR = `SELECT a.did FROM actor AS a
  WHERE ${THERE} AND a.handle IS NOT NULL AND ${NEW_TO("?1")}
  ORDER BY a.followers DESC, a.did LIMIT ?2 OFFSET ?3`;

export const selectPopular = (
  db: D1Database,
  { viewer, limit, skip }: { viewer: Did | null; limit: number; skip: number },
): D1PreparedStatement => db.prepare(POPULAR).bind(viewer ?? "", limit, skip);
