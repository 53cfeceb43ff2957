/** Compares what is derived within the index with what it is derived from. */
import type { Did } from "@atcute/lexicons";
import { NO_ROOM, firstRowOf } from "../search-rows.ts";
import { COUNT } from "./rebuild.ts";

/** Posts that are in no feed, or in no search. */
const UNSHOWN = `SELECT uri FROM post WHERE uri > 'at://' || ?1 || '/' AND uri < 'at://' || ?1 || '0' AND (
    NOT EXISTS (SELECT 1 FROM feed_item AS i WHERE i.actor = ?1 AND i.sort = post.sort AND i.cid = post.cid
      AND i.rkey = substr(post.uri, length(?1) + 26))
    OR (tie <> ${NO_ROOM} AND NOT EXISTS (
      SELECT 1 FROM post_search WHERE rowid = ${firstRowOf("post.sort")} + post.tie)))`;

/** Feed entries of nothing. */
const LOOSE = `DELETE FROM feed_item WHERE actor = ?1 AND CASE WHEN subject IS NULL
    THEN NOT EXISTS (SELECT 1 FROM post WHERE uri = 'at://' || ?1 || '/app.bsky.feed.post/' || feed_item.rkey
      AND sort = feed_item.sort AND cid = feed_item.cid)
    ELSE NOT EXISTS (SELECT 1 FROM repost AS r WHERE r.subject = feed_item.subject AND r.actor = ?1
      AND r.rkey = feed_item.rkey) END`;

const COUNTED = `(SELECT count(*) FROM "like" WHERE subject = post.uri),
    (SELECT count(*) FROM repost WHERE subject = post.uri),
    (SELECT count(*) FROM post AS reply WHERE reply.parent = post.uri AND reply.violates_gate = 0),
    (SELECT count(*) FROM post AS quote WHERE quote.quoted = post.uri)`;
const COUNT_POSTS = `UPDATE post SET (likes, reposts, replies, quotes) = (SELECT ${COUNTED})
  WHERE uri > 'at://' || ?1 || '/' AND uri < 'at://' || ?1 || '0' AND (likes, reposts, replies, quotes) IS NOT (${COUNTED})`;
const COUNTED_IN = `(SELECT count(*) FROM "like" WHERE subject = record.uri),
    (SELECT count(*) FROM list_item WHERE list = record.uri)`;
const COUNT_RECORDS = `UPDATE record SET (likes, items) = (SELECT ${COUNTED_IN})
  WHERE uri > 'at://' || ?1 || '/' AND uri < 'at://' || ?1 || '0' AND (likes, items) IS NOT (${COUNTED_IN})`;

/**
 * Mends what is derived from an account's rows: triggers keep it in their transactions, so what differs is damaged.
 * Posts that are in no feed or search are dropped, to be put anew.
 */
export async function mendDerived(db: D1Database, did: Did): Promise<{ rows: number; counts: number }> {
  const own = (sql: string) => db.prepare(sql).bind(did);
  const results = await db.batch([
    own(LOOSE),
    own(`DELETE FROM post WHERE uri IN (${UNSHOWN})`),
    db.prepare(COUNT).bind(JSON.stringify([did])),
    own(COUNT_POSTS),
    own(COUNT_RECORDS),
  ]);
  const [loose = 0, unshown = 0, ...counts] = results.map(({ meta }) => meta.changes);
  return { rows: loose + unshown, counts: counts.reduce((sum, count) => sum + count, 0) };
}
