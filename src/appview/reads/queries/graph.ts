/** Skeletons of follows, followers and likers; account names in queries. */
import type { Did } from "@atcute/lexicons";
import { isDid } from "../../uris.ts";
import type { Cursor } from "../cursors.ts";
import { SORTED_MOST } from "./bounds.ts";
import { after, newestFirst, orderOf, pageOrder, pageValues } from "./page.ts";

/** An SQL expression for the DID of the account named by `?1`, a DID or a handle. */
export const actorNamed = (id: string): string =>
  id.startsWith("did:") ? "?1" : "(SELECT did FROM actor WHERE handle = ?1)";

/** The value to bind as `?1`. */
export const actorName = (id: string): string => (id.startsWith("did:") ? id : id.toLowerCase());

export const selectDid = (db: D1Database, id: string): D1PreparedStatement =>
  db.prepare(`SELECT ${actorNamed(id)} AS did`).bind(actorName(id));

/** Resolves a handle or DID to a DID; null for a handle that nobody has. No trip for a DID. */
export async function didNamed(db: D1Database, id: string): Promise<Did | null> {
  if (isDid(id)) return id;
  const [found] = await db.batch<{ did: Did | null }>([selectDid(db, id)]);
  return found?.results[0]?.did ?? null;
}

/** A statement's rows, together with the DID of a handle or DID, in one trip. */
export async function rowsBeside<Row>(
  db: D1Database,
  id: string,
  statement: D1PreparedStatement,
): Promise<{ did: Did | null; rows: Row[] }> {
  const [named, found] = await db.batch([selectDid(db, id), statement]);
  const [row] = (named?.results ?? []) as { did: Did | null }[];
  return { did: row?.did ?? null, rows: (found?.results ?? []) as Row[] };
}

export interface FollowRow {
  did: Did;
  sort: number;
  cid: string;
  key: string;
}

/** Only accounts that are known here; they are looked up until there are enough. */
export const selectFollows = (
  db: D1Database,
  id: string,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement =>
  db
    .prepare(
      `SELECT f.did, f.sort, f.cid, f.did AS key FROM (
          SELECT s.subject AS did, s.sort, s.cid
          FROM (SELECT * FROM follow WHERE actor = ${actorNamed(id)} LIMIT ${SORTED_MOST}) AS s
          WHERE ${after(orderOf("s", "s.subject"))} ${newestFirst(orderOf("s", "s.subject"))}
          LIMIT ${SORTED_MOST}) AS f
        CROSS JOIN actor AS a ON a.did = f.did AND a.known IS NOT NULL LIMIT ?5`,
    )
    .bind(actorName(id), ...pageValues(cursor, limit));

export const selectFollowers = (
  db: D1Database,
  id: string,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement =>
  db
    .prepare(
      `SELECT f.actor AS did, f.sort, f.cid, f.actor AS key FROM follow AS f INDEXED BY follow_subject
        CROSS JOIN actor AS a
        WHERE f.subject = ${actorNamed(id)} AND a.did = f.actor AND a.known IS NOT NULL
          AND ${pageOrder(orderOf("f", "f.actor"))}`,
    )
    .bind(actorName(id), ...pageValues(cursor, limit));

export interface LikeRow {
  actor: Did;
  sort: number;
  cid: string;
  key: string;
  created: string;
}

/** Reads and sorts the likes of the subject: another index over all likes would cost more than it saves. */
export const selectLikes = (
  db: D1Database,
  subject: string,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement =>
  db
    .prepare(
      `SELECT l.actor, l.sort, l.cid, l.actor AS key, l.created
        FROM (SELECT * FROM "like" WHERE subject = ?1 LIMIT ${SORTED_MOST}) AS l
        WHERE ${pageOrder(orderOf("l", "l.actor"))}`,
    )
    .bind(subject, ...pageValues(cursor, limit));
