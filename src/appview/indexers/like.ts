/** app.bsky.feed.like → like, notifications. Counts and duplicates are the triggers'. */
import { mainSchema } from "@atcute/bluesky/types/app/feed/like";
import { LIKE } from "../uris.ts";
import type { Indexer } from "./indexer.ts";
import { putInteractions } from "./interaction.ts";
import { unique } from "./unique.ts";

const REMOVE = `DELETE FROM "like" WHERE (subject, actor) IN (
  SELECT l.subject, l.actor FROM json_each(?1) CROSS JOIN "like" AS l ON l.actor = value ->> 0 AND l.rkey = value ->> 1
  WHERE (l.cid, l.indexed) IS NOT (value ->> 3, value ->> 4))`;

export const like: Indexer = {
  ...unique({
    collection: LIKE,
    remove: [REMOVE],
    existing: `SELECT rkey FROM "like" WHERE actor = ?1`,
  }),
  schema: mainSchema,
  put: putInteractions('"like"', "like"),
};
