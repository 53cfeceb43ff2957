/** Skeletons of a post's engagement: quotes, reposts, likes. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { Cursor } from "../cursors.ts";
import { SORTED_MOST } from "./bounds.ts";
import { orderOf, pageOrder, pageValues } from "./page.ts";

export interface QuoteRow {
  uri: ResourceUri;
  sort: number;
  cid: string;
  key: string;
}

export const selectQuotes = (
  db: D1Database,
  subject: string,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement =>
  db
    .prepare(
      `SELECT p.uri, p.sort, p.cid, p.uri AS key FROM post AS p
        WHERE p.quoted = ?1 AND ${pageOrder(orderOf("p", "p.uri"))}`,
    )
    .bind(subject, ...pageValues(cursor, limit));

export interface RepostedRow {
  actor: Did;
  rkey: string;
  sort: number;
  cid: string;
  key: string;
}

/** Reads and sorts the reposts of the subject, as `selectLikes` does for likes. */
export const selectReposted = (
  db: D1Database,
  subject: string,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement =>
  db
    .prepare(
      `SELECT r.actor, r.rkey, r.sort, r.cid, r.actor AS key
        FROM (SELECT * FROM repost WHERE subject = ?1 LIMIT ${SORTED_MOST}) AS r
        WHERE ${pageOrder(orderOf("r", "r.actor"))}`,
    )
    .bind(subject, ...pageValues(cursor, limit));

export interface LikedRow {
  subject: ResourceUri;
  sort: number;
  cid: string;
  key: string;
}

/** The records that an account liked, newest like first. */
export const selectLiked = (db: D1Database, did: Did, cursor: Cursor, limit: number): D1PreparedStatement =>
  db
    .prepare(
      `SELECT l.subject, l.sort, l.cid, l.rkey AS key FROM "like" AS l INDEXED BY like_actor
        WHERE l.actor = ?1 AND ${pageOrder(orderOf("l", "l.rkey"))}`,
    )
    .bind(did, ...pageValues(cursor, limit));

/**
 * Likers that the viewer follows, among a post's 500 newest likes: the newest three, with the count of all.
 */
const KNOWN_LIKERS = `SELECT l.actor AS did, count(*) OVER () AS count
  FROM (SELECT actor, sort FROM (SELECT actor, sort FROM "like" WHERE subject = ?1 LIMIT ${SORTED_MOST})
      ORDER BY sort DESC LIMIT 500) AS l
    CROSS JOIN follow AS f ON f.actor = ?2 AND f.subject = l.actor
  ORDER BY l.sort DESC LIMIT 3`;

export interface KnownLikerRow {
  did: Did;
  count: number;
}

export const selectKnownLikers = (db: D1Database, subject: string, viewer: Did): D1PreparedStatement =>
  db.prepare(KNOWN_LIKERS).bind(subject, viewer);
