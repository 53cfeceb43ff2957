/** Skeleton of notifications, and their count. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { ThreadMuteRow } from "./private.ts";

export interface NotificationRow {
  uri: ResourceUri;
  sort: number;
  indexed: number;
  reason: string;
  subject: ResourceUri | null;
  author: Did;
  /** Root of the thread of the subject, where that is a post. */
  root: ResourceUri | null;
}

export interface NotificationQuery {
  viewer: Did;
  before: number;
  reasons: readonly string[] | null;
  /** Only of those whom the viewer follows. */
  priority: boolean;
  limit: number;
}

/**
 * A subject that is no more makes its notifications pointless. Looked up for posts and for what has a page of its own; a
 * repost or like as a subject is rare, and shown as it stands.
 */
const SUBJECT_STANDS = `(n.subject IS NULL OR s.uri IS NOT NULL
  OR EXISTS (SELECT 1 FROM record WHERE uri = n.subject)
  OR instr(n.subject, '/app.bsky.feed.like/') + instr(n.subject, '/app.bsky.feed.repost/')
    + instr(n.subject, '/app.bsky.actor.profile/') > 0)`;
const FOLLOWED = "EXISTS (SELECT 1 FROM follow WHERE actor = n.did AND subject = n.author)";

/** ?1 viewer, ?2 before, ?3 reasons, ?4 limit. */
export const selectNotifications = (
  db: D1Database,
  { viewer, before, reasons, priority, limit }: NotificationQuery,
): D1PreparedStatement =>
  db
    .prepare(
      `SELECT n.uri, n.sort, n.indexed, n.reason, n.subject, n.author, coalesce(s.root, s.uri) AS root
        FROM notification AS n LEFT JOIN post AS s ON s.uri = n.subject
        WHERE n.did = ?1 AND n.sort < ?2 AND ${SUBJECT_STANDS}
          ${reasons === null ? "AND ?3 IS NOT NULL" : "AND n.reason IN (SELECT value FROM json_each(?3))"}
          ${priority ? `AND ${FOLLOWED}` : ""}
        ORDER BY n.sort DESC, n.uri DESC LIMIT ?4`,
    )
    .bind(viewer, before, JSON.stringify(reasons ?? []), limit + 1);

/** Rows that are counted at most: a badge says no more than this. */
const COUNTED = 5000;

/** Unread: newer than ?2, not of muted threads (?3: pairs of root and the time of the mute). */
export const selectUnread = (
  db: D1Database,
  viewer: Did,
  after: number,
  mutes: ThreadMuteRow[],
  priority: boolean,
): D1PreparedStatement =>
  db
    .prepare(
      `SELECT count(*) AS count FROM (
        SELECT 1 FROM notification AS n ${mutes.length > 0 ? "LEFT JOIN post AS s ON s.uri = n.subject" : ""}
        WHERE n.did = ?1 AND n.sort > ?2 AND ?3 IS NOT NULL
          ${
            mutes.length > 0
              ? `AND NOT EXISTS (SELECT 1 FROM json_each(?3) AS m
                  WHERE m.value ->> 0 = coalesce(s.root, s.uri) AND m.value ->> 1 <= n.indexed)`
              : ""
          }
          ${priority ? `AND ${FOLLOWED}` : ""}
        LIMIT ${COUNTED})`,
    )
    .bind(
      viewer,
      after,
      JSON.stringify(mutes.map(({ root_uri, created_at }) => [root_uri, Date.parse(created_at)])),
    );

export interface NotifiedRow {
  uri: ResourceUri;
  cid: string;
  /** JSON, null: made from the columns. */
  record: string | null;
  collection: string;
  subject: string;
  subject_cid: string | null;
  created: string;
  via: string | null;
  via_cid: string | null;
}

/** ?1 rows of uri, author, sort, rkey. A like or repost is found by its author and time, a follow by its two ends. */
const LIKES = `SELECT j.value ->> 0 AS uri, l.cid, l.record, 'app.bsky.feed.like' AS collection, l.subject, l.subject_cid,
    l.created, l.via, l.via_cid
  FROM json_each(?1) AS j CROSS JOIN "like" AS l INDEXED BY like_actor
    ON l.actor = j.value ->> 1 AND l.sort = j.value ->> 2 AND l.rkey = j.value ->> 3`;
const REPOSTS = `SELECT j.value ->> 0 AS uri, r.cid, r.record, 'app.bsky.feed.repost' AS collection, r.subject,
    r.subject_cid, r.created, r.via, r.via_cid
  FROM json_each(?1) AS j
    CROSS JOIN feed_item AS i ON i.actor = j.value ->> 1 AND i.sort = j.value ->> 2 AND i.rkey = j.value ->> 3
    JOIN repost AS r ON r.subject = i.subject AND r.actor = i.actor AND r.rkey = i.rkey`;
const FOLLOWS = `SELECT j.value ->> 0 AS uri, f.cid, f.record, 'app.bsky.graph.follow' AS collection, f.subject,
    NULL AS subject_cid, f.created, f.via, f.via_cid
  FROM json_each(?1) AS j CROSS JOIN follow AS f
    ON f.actor = j.value ->> 1 AND f.subject = ?2 AND f.rkey = j.value ->> 3`;
const VERIFICATIONS = `SELECT j.value ->> 0 AS uri, v.cid, v.record, 'app.bsky.graph.verification' AS collection, v.subject,
    NULL AS subject_cid, '' AS created, NULL AS via, NULL AS via_cid
  FROM json_each(?1) AS j CROSS JOIN verification AS v
    ON v.subject = ?2 AND v.issuer = j.value ->> 1 AND v.rkey = j.value ->> 3`;

export type NotifiedKey = readonly [uri: string, author: string, sort: number, rkey: string];

/** The records behind notifications of these kinds, but posts and profiles. */
export function selectNotified(
  db: D1Database,
  viewer: Did,
  keys: {
    likes: NotifiedKey[];
    reposts: NotifiedKey[];
    follows: NotifiedKey[];
    verifications: NotifiedKey[];
  },
): D1PreparedStatement[] {
  const statements: D1PreparedStatement[] = [];
  const add = (sql: string, list: NotifiedKey[], ...more: string[]) => {
    if (list.length > 0) statements.push(db.prepare(sql).bind(JSON.stringify(list), ...more));
  };
  add(LIKES, keys.likes);
  add(REPOSTS, keys.reposts);
  add(FOLLOWS, keys.follows, viewer);
  add(VERIFICATIONS, keys.verifications, viewer);
  return statements;
}

/** The record that the columns say it all of. */
export function recordOf(row: NotifiedRow): unknown {
  if (row.record !== null) return JSON.parse(row.record);
  const via = row.via === null ? {} : { via: { cid: row.via_cid, uri: row.via } };
  const subject = row.subject_cid === null ? row.subject : { cid: row.subject_cid, uri: row.subject };
  return { $type: row.collection, ...via, subject, createdAt: row.created };
}
