/** The viewer's private data, from the directory. */
import type { Did, ResourceUri } from "@atcute/lexicons";

/** SQL for an instant that the directory stores as text, in the index's milliseconds. */
export const millisecondsOf = (column: string): string =>
  `CAST(round(unixepoch(${column}, 'subsec') * 1000) AS INTEGER)`;

export interface MutedListRow {
  list_uri: ResourceUri;
}
export const selectMutedLists = (directory: D1Database, viewer: Did): D1PreparedStatement =>
  directory.prepare("SELECT list_uri FROM list_mute WHERE did = ?1").bind(viewer);

/** A viewer's private rows about an account, the root of a thread, or a post. */
export type PrivateRow =
  | { kind: "mute"; key: Did; a: number; b: number }
  | { kind: "thread"; key: ResourceUri; a: string; b: null }
  | { kind: "bookmark"; key: ResourceUri; a: null; b: null }
  | { kind: "subscription"; key: Did; a: number; b: number };

/** `a` and `b`: only reposts, only quote posts; since when; nothing; posts, replies. */
const PRIVATE = `SELECT 'mute' AS kind, m.subject_did AS key, m.only_reposts AS a, m.only_quoteposts AS b
    FROM json_each(?2) AS j CROSS JOIN actor_mute AS m ON m.did = ?1 AND m.subject_did = j.value
  UNION ALL
  SELECT 'thread', m.root_uri, m.created_at, NULL
    FROM json_each(?3) AS j CROSS JOIN thread_mute AS m ON m.did = ?1 AND m.root_uri = j.value
  UNION ALL
  SELECT 'bookmark', b.uri, NULL, NULL
    FROM json_each(?4) AS j CROSS JOIN bookmark AS b ON b.did = ?1 AND b.uri = j.value
  UNION ALL
  SELECT 'subscription', s.subject_did, s.post, s.reply
    FROM json_each(?5) AS j CROSS JOIN activity_subscription AS s ON s.did = ?1 AND s.subject_did = j.value`;

export interface PrivateKeys {
  muted: readonly string[];
  roots: readonly string[];
  posts: readonly string[];
  subscribed: readonly string[];
}

export const selectPrivate = (
  directory: D1Database,
  viewer: Did,
  { muted, roots, posts, subscribed }: PrivateKeys,
): D1PreparedStatement =>
  directory
    .prepare(PRIVATE)
    .bind(viewer, ...[muted, roots, posts, subscribed].map((keys) => JSON.stringify(keys)));
