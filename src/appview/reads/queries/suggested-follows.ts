/** Follow suggestions, computed from the community itself. */
import type { Did } from "@atcute/lexicons";

/** How many neighbours are considered on each side, and how many of their follows are counted in all. */
const NEIGHBOURS = 50;
const COUNTED = 2000;
/** Of how many of the host's newest posts the authors, and how many of its newest members, are considered. */
const POSTS = 1000;
const NEWCOMERS = 200;

export interface SuggestionRow {
  did: Did;
}

const THERE = "a.known IS NOT NULL AND a.home IS NULL AND a.status IS NULL";
const NEW_TO = (viewer: string) =>
  `a.did <> ${viewer} AND NOT EXISTS (SELECT 1 FROM follow AS mine WHERE mine.actor = ${viewer} AND mine.subject = a.did)`;

/** Those followed by an account (?1), its followers and its follows, by how many of them do. */
const FOLLOWED = `neighbour (did) AS MATERIALIZED (
    SELECT actor FROM (
      SELECT actor FROM follow INDEXED BY follow_subject WHERE subject = ?1 ORDER BY sort DESC LIMIT ${NEIGHBOURS})
    UNION SELECT subject FROM (SELECT subject FROM follow WHERE actor = ?1 LIMIT ${NEIGHBOURS})
    UNION SELECT ?1),
  followed (did) AS MATERIALIZED (
    SELECT f.subject FROM neighbour CROSS JOIN follow AS f ON f.actor = neighbour.did LIMIT ${COUNTED})`;

/**
 * Suggestions around an account (?1). Leaves out accounts that the viewer (?2, or empty) follows already. ?3
 * rows, ?4 rows to skip.
 */
const AROUND = `WITH ${FOLLOWED}
  SELECT a.did FROM (SELECT did, count(*) AS by FROM followed WHERE did <> ?1 GROUP BY did) AS s
    CROSS JOIN actor AS a ON a.did = s.did
  WHERE ${THERE} AND ${NEW_TO("?2")}
  ORDER BY s.by DESC, a.followers DESC, a.did LIMIT ?3 OFFSET ?4`;

interface Suggested {
  viewer: Did | null;
  limit: number;
  skip: number;
}

export const selectFollowsAround = (
  db: D1Database,
  { around, viewer, limit, skip }: Suggested & { around: Did },
): D1PreparedStatement => db.prepare(AROUND).bind(around, viewer ?? "", limit, skip);

/** The most followed of those who wrote of late, or are new, and whom nobody around the viewer (?1) follows. */
const POPULAR = `WITH ${FOLLOWED},
  candidate (did) AS (
    SELECT substr(uri, 6, instr(substr(uri, 6), '/') - 1)
      FROM (SELECT uri FROM post_search ORDER BY rowid DESC LIMIT ${POSTS})
    UNION SELECT did FROM (
      SELECT did FROM actor INDEXED BY actor_newest WHERE known IS NOT NULL AND handle IS NOT NULL AND home IS NULL
      ORDER BY known DESC, did DESC LIMIT ${NEWCOMERS}))
  SELECT a.did FROM candidate CROSS JOIN actor AS a ON a.did = candidate.did
  WHERE ${THERE} AND a.handle IS NOT NULL AND ${NEW_TO("?1")} AND a.did NOT IN (SELECT did FROM followed)
  ORDER BY a.followers DESC, a.did LIMIT ?2 OFFSET ?3`;

export const selectPopular = (db: D1Database, { viewer, limit, skip }: Suggested): D1PreparedStatement =>
  db.prepare(POPULAR).bind(viewer ?? "", limit, skip);
