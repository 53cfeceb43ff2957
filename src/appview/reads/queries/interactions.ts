/** Likes and reposts, by actor and subject. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { Facts } from "../facts.ts";
import { REPOST, uriOf } from "../../uris.ts";

export interface InteractionRow {
  subject: ResourceUri;
  actor: Did;
  rkey: string;
}

/** ?1 posts, ?2 the actor, ?3 other records, which nobody reposts. */
const BY_ACTOR = `SELECT 'like' AS kind, l.subject, l.actor, l.rkey FROM json_each(?1) AS j
    CROSS JOIN "like" AS l ON l.subject = j.value AND l.actor = ?2
  UNION ALL
  SELECT 'like', l.subject, l.actor, l.rkey FROM json_each(?3) AS j
    CROSS JOIN "like" AS l ON l.subject = j.value AND l.actor = ?2
  UNION ALL
  SELECT 'repost', r.subject, r.actor, r.rkey FROM json_each(?1) AS j
    CROSS JOIN repost AS r ON r.subject = j.value AND r.actor = ?2`;

export interface ActRow extends InteractionRow {
  kind: "like" | "repost";
}

/** The actor's likes of posts and other records, and reposts of posts. */
export const selectActsBy = (
  db: D1Database,
  actor: Did,
  posts: readonly string[],
  records: readonly string[],
): D1PreparedStatement => db.prepare(BY_ACTOR).bind(JSON.stringify(posts), actor, JSON.stringify(records));

export function addInteractions(
  to: Map<string, ResourceUri>,
  collection: string,
  rows: InteractionRow[],
): void {
  for (const { subject, actor, rkey } of rows) to.set(subject, uriOf(actor, collection, rkey));
}

/** ?1 pairs of subject and actor. */
const LIKES_OF_PAIRS = `SELECT l.subject, l.actor, l.rkey FROM json_each(?1) AS j
  CROSS JOIN "like" AS l ON l.subject = j.value ->> 0 AND l.actor = j.value ->> 1`;
const REPOSTS_OF_PAIRS = `SELECT r.subject, r.actor, r.rkey, r.cid, r.sort FROM json_each(?1) AS j
  CROSS JOIN repost AS r ON r.subject = j.value ->> 0 AND r.actor = j.value ->> 1`;

type Pair = readonly [subject: string, actor: string];

export const selectLikesOfPairs = (db: D1Database, pairs: readonly Pair[]): D1PreparedStatement =>
  db.prepare(LIKES_OF_PAIRS).bind(JSON.stringify(pairs));
export const selectRepostsOfPairs = (db: D1Database, pairs: readonly Pair[]): D1PreparedStatement =>
  db.prepare(REPOSTS_OF_PAIRS).bind(JSON.stringify(pairs));

export interface RepostRow extends InteractionRow {
  cid: string;
  sort: number;
}

export function addReposts(facts: Facts, rows: RepostRow[]): void {
  for (const { subject, actor, rkey, cid, sort } of rows) {
    const uri = uriOf(actor, REPOST, rkey);
    facts.reposts.set(uri, { uri, cid, actor, subject, sort });
  }
}
