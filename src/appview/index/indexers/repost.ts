/** app.bsky.feed.repost → repost, notifications. Triggers maintain the feed entry, counts and duplicates. */
import { mainSchema } from "@atcute/bluesky/types/app/feed/repost";
import { REPOST } from "../../uris.ts";
import type { Indexer } from "./indexer.ts";
import { putInteractions } from "./interaction.ts";
import { WANTED, unique } from "./unique.ts";

/** Finds a repost by its feed entry: a scan of one actor's is cheaper than another index over all reposts. */
const REMOVE = `${WANTED}
  DELETE FROM repost WHERE (subject, actor) IN (
  SELECT r.subject, r.actor
  FROM author
    CROSS JOIN feed_item AS i ON i.actor = author.did AND i.subject IS NOT NULL
    CROSS JOIN wanted AS w ON w.did = i.actor AND w.rkey = i.rkey
    CROSS JOIN repost AS r ON r.subject = i.subject AND r.actor = i.actor AND r.rkey = i.rkey
  WHERE (r.cid, r.indexed) IS NOT (w.cid, w.indexed))`;

export const repost: Indexer = {
  ...unique({
    collection: REPOST,
    remove: [REMOVE],
    existing: `SELECT i.rkey, i.cid, r.indexed FROM feed_item AS i
      LEFT JOIN repost AS r ON r.subject = i.subject AND r.actor = i.actor AND r.rkey = i.rkey
      WHERE i.actor = ?1 AND i.subject IS NOT NULL`,
  }),
  schema: mainSchema,
  put: putInteractions("repost", "repost"),
};
