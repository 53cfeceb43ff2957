/** Skeletons of a post's engagement: quotes, reposts, likes. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { Cursor } from "../cursors.ts";

export interface QuoteRow {
  uri: ResourceUri;
  sort: number;
  cid: string;
}

export const selectQuotes = (
  db: D1Database,
  subject: string,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement =>
  db
    .prepare(
      `SELECT uri, sort, cid FROM post WHERE quoted = ?1 AND (sort, cid) < (?2, ?3)
        ORDER BY sort DESC, cid DESC LIMIT ?4`,
    )
    .bind(subject, cursor.sort, cursor.cid, limit + 1);

export interface RepostedRow {
  actor: Did;
  rkey: string;
  sort: number;
  cid: string;
}

/** Reads and sorts all reposts of the subject, as `selectLikes` does for likes. */
export const selectReposted = (
  db: D1Database,
  subject: string,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement =>
  db
    .prepare(
      `SELECT actor, rkey, sort, cid FROM repost WHERE subject = ?1 AND (sort, cid) < (?2, ?3)
        ORDER BY sort DESC, cid DESC LIMIT ?4`,
    )
    .bind(subject, cursor.sort, cursor.cid, limit + 1);

export interface LikedRow {
  subject: ResourceUri;
  sort: number;
  cid: string;
}

/** The records that an account liked, newest like first. */
export const selectLiked = (db: D1Database, did: Did, cursor: Cursor, limit: number): D1PreparedStatement =>
  db
    .prepare(
      `SELECT subject, sort, cid FROM "like" INDEXED BY like_actor
        WHERE actor = ?1 AND (sort, cid) < (?2, ?3)
        ORDER BY sort DESC, cid DESC LIMIT ?4`,
    )
    .bind(did, cursor.sort, cursor.cid, limit + 1);

/**
 * Likers that the viewer follows, among a post's 500 newest likes: the newest three, with the count of all.
 */
const KNOWN_LIKERS = `SELECT l.actor AS did, count(*) OVER () AS count
  FROM (SELECT actor, sort FROM "like" WHERE subject = ?1 ORDER BY sort DESC LIMIT 500) AS l
    CROSS JOIN follow AS f ON f.actor = ?2 AND f.subject = l.actor
  ORDER BY l.sort DESC LIMIT 3`;

export interface KnownLikerRow {
  did: Did;
  count: number;
}

export const selectKnownLikers = (db: D1Database, subject: string, viewer: Did): D1PreparedStatement =>
  db.prepare(KNOWN_LIKERS).bind(subject, viewer);
