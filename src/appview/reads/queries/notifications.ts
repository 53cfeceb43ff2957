/** The skeleton of notifications. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { IS_REPLY } from "../../post-flags.ts";
import type { Cursor } from "../cursors.ts";
import { pageValues } from "./page.ts";
import { millisecondsOf } from "./private.ts";

export interface NotificationRow {
  uri: ResourceUri;
  sort: number;
  indexed: number;
  reason: string;
  subject: ResourceUri | null;
  author: Did;
  /** Root of the subject's thread, if the subject is a post. */
  root: ResourceUri | null;
}

/** An account whose posts the viewer is notified of, from `since` on. */
export interface SubscriptionRow {
  subject_did: Did;
  post: number;
  reply: number;
  /** Milliseconds. */
  since: number;
}

/** The directory's row about a viewer's notifications. */
export interface InboxRow {
  seen_at: string | null;
  /** JSON: `StoredPreferences`. */
  preferences: string | null;
  /** JSON: `SubscriptionRow[]`. */
  subscriptions: string;
  /** JSON: URIs of the lists that the viewer mutes. */
  lists: string;
  /** JSON: posts that the host's owners announced. */
  announced: string;
}

/** The newest announcements, which every member is notified of. */
const ANNOUNCED_MAX = 5;

export const selectInbox = (directory: D1Database, viewer: Did): D1PreparedStatement =>
  directory
    .prepare(
      `SELECT (SELECT seen_at FROM notification_seen WHERE did = ?1) AS seen_at,
        (SELECT preferences FROM notification_pref WHERE did = ?1) AS preferences,
        (SELECT json_group_array(json_object('subject_did', subject_did, 'post', post, 'reply', reply,
          'since', ${millisecondsOf("created_at")})) FROM activity_subscription WHERE did = ?1) AS subscriptions,
        (SELECT json_group_array(list_uri) FROM list_mute WHERE did = ?1) AS lists,
        (SELECT json_group_array(uri) FROM (SELECT uri FROM announcement WHERE uri IS NOT NULL
          ORDER BY id DESC LIMIT ${ANNOUNCED_MAX})) AS announced`,
    )
    .bind(viewer);

/** The notifications that a viewer wants. */
export interface Wanted {
  viewer: Did;
  /** Only from accounts that the viewer follows. */
  priority: boolean;
  /** Reasons that are always left out, and reasons that are left out unless the viewer follows the author. */
  never: readonly string[];
  fromOthers: readonly string[];
  subscriptions: readonly SubscriptionRow[];
  /** Posts of which all members are notified. */
  announced: readonly string[];
}

const SUBSCRIBED = "subscribed-post";

/**
 * A notification whose subject is gone is pointless. Checks posts and records in `record`; likes, reposts and
 * profiles as subjects are rare, and are not checked.
 */
const SUBJECT_STANDS = `(n.subject IS NULL OR s.uri IS NOT NULL
  OR EXISTS (SELECT 1 FROM record WHERE uri = n.subject)
  OR instr(n.subject, '/app.bsky.feed.like/') + instr(n.subject, '/app.bsky.feed.repost/')
    + instr(n.subject, '/app.bsky.actor.profile/') > 0)`;
const FOLLOWED = "EXISTS (SELECT 1 FROM follow WHERE actor = n.did AND subject = n.author)";

/**
 * Conditions on `n`. `?7` is an array of two: reasons never wanted, and reasons wanted only from followed
 * accounts.
 */
const wantedOf = ({ priority, never, fromOthers }: Wanted): string =>
  [
    "?7 IS NOT NULL",
    priority ? FOLLOWED : "",
    never.length > 0 ? "n.reason NOT IN (SELECT value FROM json_each(?7 -> 0))" : "",
    fromOthers.length > 0 ? `(n.reason NOT IN (SELECT value FROM json_each(?7 -> 1)) OR ${FOLLOWED})` : "",
  ]
    .filter((condition) => condition !== "")
    .join(" AND ");

const unwantedJson = ({ never, fromOthers }: Wanted): string => JSON.stringify([never, fromOthers]);

/** Whether a notification comes after the cursor (?2 time, ?3 reason, ?4 URI) and is newer than ?9. */
const between = (sort: string, uri: string, reason: string): string =>
  `(${sort}, ${uri}, ${reason}) < (?2, ?4, ?3) AND ${sort} > ?9`;

/**
 * Posts of accounts that the viewer (?1) follows and has subscribed to (?8), from the time of the subscription
 * on, while the author allows it (app.bsky.notification.declaration: followers, mutuals or none). Read from the
 * authors' own feeds, at most ?5 of each, so that a post needs no row per subscriber. Leaves out posts of which
 * the viewer is notified anyway.
 */
const HEARD = `WITH heard (did, post, reply, since) AS MATERIALIZED (
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3
  FROM json_each(?8) CROSS JOIN actor AS a ON a.did = value ->> 0
  WHERE EXISTS (SELECT 1 FROM follow WHERE actor = ?1 AND subject = a.did)
    AND CASE a.selves ->> '$.notification.record.allowSubscriptions'
      WHEN 'none' THEN 0
      WHEN 'mutuals' THEN EXISTS (SELECT 1 FROM follow WHERE actor = a.did AND subject = ?1)
      ELSE 1 END)`;
const HEARD_OF = (item: string) =>
  `${item}.actor = heard.did AND ${item}.sort >= heard.since AND ${item}.subject IS NULL
    AND ${between(`${item}.sort`, `'at://' || ${item}.actor || '/app.bsky.feed.post/' || ${item}.rkey`, `'${SUBSCRIBED}'`)}
    AND CASE WHEN ${item}.flags & ${IS_REPLY} THEN heard.reply ELSE heard.post END`;
const HEARD_POSTS = `SELECT p.uri, i.sort, p.indexed, '${SUBSCRIBED}', NULL, p.author, coalesce(p.root, p.uri)
  FROM heard CROSS JOIN feed_item AS i CROSS JOIN post AS p
  WHERE ${HEARD_OF("i")}
    AND i.sort >= coalesce((
      SELECT x.sort FROM feed_item AS x WHERE ${HEARD_OF("x")} ORDER BY x.sort DESC LIMIT 1 OFFSET ?5), heard.since)
    AND p.uri = 'at://' || i.actor || '/app.bsky.feed.post/' || i.rkey
    AND NOT EXISTS (SELECT 1 FROM notification WHERE did = ?1 AND sort = i.sort AND uri = p.uri)`;

/** Posts that the host's owners announced (?10): to apps, it is as if everybody had subscribed to them. */
const ANNOUNCED = `SELECT p.uri, p.sort, p.indexed, '${SUBSCRIBED}', NULL, p.author, coalesce(p.root, p.uri)
  FROM json_each(?10) AS j CROSS JOIN post AS p ON p.uri = j.value
  WHERE p.author <> ?1 AND ${between("p.sort", "p.uri", `'${SUBSCRIBED}'`)}
    AND NOT EXISTS (SELECT 1 FROM notification WHERE did = ?1 AND sort = p.sort AND uri = p.uri)`;

const hears = ({ never, subscriptions }: Wanted): boolean =>
  subscriptions.length > 0 && !never.includes(SUBSCRIBED);

const subscriptionsJson = ({ subscriptions }: Wanted): string =>
  JSON.stringify(
    subscriptions.map(({ subject_did, post, reply, since }) => [subject_did, post, reply, since]),
  );

export interface NotificationQuery {
  /** Its `cid` is the reason of the last notification, its `key` the URI. */
  cursor: Cursor;
  /** Milliseconds: only newer ones. */
  newerThan: number;
  reasons: readonly string[] | null;
  limit: number;
}

/** One row more than the limit if there are more. */
export function selectNotifications(
  db: D1Database,
  wanted: Wanted,
  { cursor, newerThan, reasons, limit }: NotificationQuery,
): D1PreparedStatement {
  const isAsked = reasons?.includes(SUBSCRIBED) ?? true;
  const heard = hears(wanted) && isAsked;
  const announced = wanted.announced.length > 0 && isAsked && !wanted.never.includes(SUBSCRIBED);
  return db
    .prepare(
      `${heard ? HEARD : ""}
      SELECT n.uri, n.sort, n.indexed, n.reason, n.subject, n.author, coalesce(s.root, s.uri) AS root
      FROM notification AS n LEFT JOIN post AS s ON s.uri = n.subject
      WHERE n.did = ?1 AND ${between("n.sort", "n.uri", "n.reason")} AND ${SUBJECT_STANDS} AND ${wantedOf(wanted)}
        AND ?8 IS NOT NULL
        AND ${reasons === null ? "?6 IS NOT NULL" : "n.reason IN (SELECT value FROM json_each(?6))"}
      ${heard ? `UNION ALL ${HEARD_POSTS}` : ""}
      ${announced ? `UNION ${ANNOUNCED}` : ""}
      ORDER BY 2 DESC, 1 DESC, 4 DESC LIMIT ?5`,
    )
    .bind(
      wanted.viewer,
      ...pageValues(cursor, limit),
      JSON.stringify(reasons ?? []),
      unwantedJson(wanted),
      subscriptionsJson(wanted),
      newerThan,
      ...(announced ? [JSON.stringify(wanted.announced)] : []),
    );
}

export interface NotifiedRow {
  uri: ResourceUri;
  cid: string;
  /** JSON; null: built from the columns. */
  record: string | null;
  collection: string;
  subject: string;
  subject_cid: string | null;
  created: string;
  via: string | null;
  via_cid: string | null;
}

/**
 * Rows of uri, author, sort, rkey: ?1 likes, ?3 reposts, ?4 follows of the viewer (?2), ?5 verifications. Likes
 * and reposts are found by author and time, follows by their two ends.
 */
const NOTIFIED = `SELECT j.value ->> 0 AS uri, l.cid, l.record, 'app.bsky.feed.like' AS collection, l.subject, l.subject_cid,
    l.created, l.via, l.via_cid
  FROM json_each(?1) AS j CROSS JOIN "like" AS l INDEXED BY like_actor
    ON l.actor = j.value ->> 1 AND l.sort = j.value ->> 2 AND l.rkey = j.value ->> 3
  UNION ALL
  SELECT j.value ->> 0, r.cid, r.record, 'app.bsky.feed.repost', r.subject, r.subject_cid, r.created, r.via, r.via_cid
  FROM json_each(?3) AS j
    CROSS JOIN feed_item AS i ON i.actor = j.value ->> 1 AND i.sort = j.value ->> 2 AND i.rkey = j.value ->> 3
    JOIN repost AS r ON r.subject = i.subject AND r.actor = i.actor AND r.rkey = i.rkey
  UNION ALL
  SELECT j.value ->> 0, f.cid, f.record, 'app.bsky.graph.follow', f.subject, NULL, f.created, f.via, f.via_cid
  FROM json_each(?4) AS j CROSS JOIN follow AS f
    ON f.actor = j.value ->> 1 AND f.subject = ?2 AND f.rkey = j.value ->> 3
  UNION ALL
  SELECT j.value ->> 0, v.cid, v.record, 'app.bsky.graph.verification', v.subject, NULL, '', NULL, NULL
  FROM json_each(?5) AS j CROSS JOIN verification AS v
    ON v.subject = ?2 AND v.issuer = j.value ->> 1 AND v.rkey = j.value ->> 3`;

export type NotifiedKey = readonly [uri: string, author: string, sort: number, rkey: string];

export interface NotifiedKeys {
  likes: readonly NotifiedKey[];
  reposts: readonly NotifiedKey[];
  follows: readonly NotifiedKey[];
  verifications: readonly NotifiedKey[];
}

/** The records behind notifications, except posts and profiles. */
export const selectNotified = (
  db: D1Database,
  viewer: Did,
  { likes, reposts, follows, verifications }: NotifiedKeys,
): D1PreparedStatement =>
  db
    .prepare(NOTIFIED)
    .bind(
      JSON.stringify(likes),
      viewer,
      ...[reposts, follows, verifications].map((keys) => JSON.stringify(keys)),
    );

/** The stored record, or the one that the columns hold in full. */
export function recordOf(row: NotifiedRow): unknown {
  if (row.record !== null) return JSON.parse(row.record);
  const via = row.via === null ? {} : { via: { cid: row.via_cid, uri: row.via } };
  const subject = row.subject_cid === null ? row.subject : { cid: row.subject_cid, uri: row.subject };
  return { $type: row.collection, ...via, subject, createdAt: row.created };
}
