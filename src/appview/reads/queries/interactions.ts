/** Likes and reposts, by actor and subject. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { Facts } from "../facts.ts";
import { REPOST, uriOf } from "../../uris.ts";

export interface InteractionRow {
  subject: ResourceUri;
  actor: Did;
  rkey: string;
}

/** ?1 subjects, ?2 the actor. */
const LIKES = `SELECT l.subject, l.actor, l.rkey FROM json_each(?1) AS j
  CROSS JOIN "like" AS l ON l.subject = j.value AND l.actor = ?2`;
const REPOSTS = `SELECT r.subject, r.actor, r.rkey FROM json_each(?1) AS j
  CROSS JOIN repost AS r ON r.subject = j.value AND r.actor = ?2`;

export const selectLikesBy = (db: D1Database, actor: Did, subjects: readonly string[]): D1PreparedStatement =>
  db.prepare(LIKES).bind(JSON.stringify(subjects), actor);
export const selectRepostsBy = (
  db: D1Database,
  actor: Did,
  subjects: readonly string[],
): D1PreparedStatement => db.prepare(REPOSTS).bind(JSON.stringify(subjects), actor);

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
