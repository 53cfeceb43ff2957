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

export interface MuteRow {
  subject_did: Did;
  only_reposts: number;
  only_quoteposts: number;
}
export const selectMutes = (
  directory: D1Database,
  viewer: Did,
  dids: readonly string[],
): D1PreparedStatement =>
  directory
    .prepare(
      `SELECT m.subject_did, m.only_reposts, m.only_quoteposts FROM json_each(?2) AS j
        CROSS JOIN actor_mute AS m ON m.did = ?1 AND m.subject_did = j.value`,
    )
    .bind(viewer, JSON.stringify(dids));

export interface ThreadMuteRow {
  root_uri: ResourceUri;
  created_at: string;
}
export const selectThreadMutes = (
  directory: D1Database,
  viewer: Did,
  roots: readonly string[],
): D1PreparedStatement =>
  directory
    .prepare(
      `SELECT m.root_uri, m.created_at FROM json_each(?2) AS j
        CROSS JOIN thread_mute AS m ON m.did = ?1 AND m.root_uri = j.value`,
    )
    .bind(viewer, JSON.stringify(roots));

export const selectBookmarked = (
  directory: D1Database,
  viewer: Did,
  uris: readonly string[],
): D1PreparedStatement =>
  directory
    .prepare(
      `SELECT b.uri FROM json_each(?2) AS j CROSS JOIN bookmark AS b ON b.did = ?1 AND b.uri = j.value`,
    )
    .bind(viewer, JSON.stringify(uris));

export interface SubscriptionRow {
  subject_did: Did;
  post: number;
  reply: number;
}
export const selectSubscriptions = (
  directory: D1Database,
  viewer: Did,
  dids: readonly string[],
): D1PreparedStatement =>
  directory
    .prepare(
      `SELECT s.subject_did, s.post, s.reply FROM json_each(?2) AS j
        CROSS JOIN activity_subscription AS s ON s.did = ?1 AND s.subject_did = j.value`,
    )
    .bind(viewer, JSON.stringify(dids));
