/**
 * Posts as a moderator sees them: as they were indexed, whether or not anybody else may see them.
 * Statements, for callers that ask several things in one trip.
 */

export interface SeenPost {
  uri: string;
  did: string;
  handle: string | null;
  /** The author's display name. */
  name: string | null;
  /** JSON */
  record: string;
  sort: number;
}

/** A post near another one. */
export interface PostAround extends SeenPost {
  /** The URI of the post that it answers. */
  parent: string;
}

const COLUMNS = `p.uri, p.author AS did, a.handle, a.profile ->> 'displayName' AS name, p.record, p.sort`;
/** How many posts above one are shown. */
const ABOVE = 5;
const NEWEST = 5;
/** Answers that are shown below a post, and beside it. */
const BELOW = 10;
const BESIDE = 5;

/** A post and those above it, the topmost first. */
export const selectThreadUp = (db: D1Database, uri: string): D1PreparedStatement =>
  db
    .prepare(
      `WITH RECURSIVE up (uri, parent, height) AS (
          SELECT uri, parent, 0 FROM post WHERE uri = ?1
          UNION ALL SELECT p.uri, p.parent, height + 1 FROM up JOIN post p ON p.uri = up.parent WHERE height < ${ABOVE})
        SELECT ${COLUMNS} FROM up JOIN post p ON p.uri = up.uri LEFT JOIN actor a ON a.did = p.author
        ORDER BY up.height DESC`,
    )
    .bind(uri);

/** The first answers to a post, and the first of the others that answer what it answers. */
export const selectAround = (db: D1Database, uri: string): D1PreparedStatement =>
  db
    .prepare(
      `WITH around (uri) AS (
          SELECT * FROM (SELECT uri FROM post WHERE parent = ?1 ORDER BY sort LIMIT ${BELOW})
          UNION ALL SELECT * FROM (SELECT uri FROM post WHERE parent = (SELECT parent FROM post WHERE uri = ?1)
            AND uri <> ?1 ORDER BY sort LIMIT ${BESIDE}))
        SELECT ${COLUMNS}, p.parent FROM around JOIN post p ON p.uri = around.uri
          LEFT JOIN actor a ON a.did = p.author ORDER BY p.sort`,
    )
    .bind(uri);

export const selectNewestOf = (db: D1Database, did: string): D1PreparedStatement =>
  db
    .prepare(
      `SELECT ${COLUMNS} FROM (
          SELECT 'at://' || actor || '/app.bsky.feed.post/' || rkey AS uri FROM feed_item
          WHERE actor = ?1 AND subject IS NULL ORDER BY sort DESC LIMIT ${NEWEST}) AS f
        JOIN post p ON p.uri = f.uri LEFT JOIN actor a ON a.did = p.author ORDER BY p.sort DESC`,
    )
    .bind(did);

export const selectPosts = (db: D1Database, uris: readonly string[]): D1PreparedStatement =>
  db
    .prepare(
      `SELECT ${COLUMNS} FROM json_each(?1) AS wanted JOIN post p ON p.uri = wanted.value
        LEFT JOIN actor a ON a.did = p.author`,
    )
    .bind(JSON.stringify(uris));
