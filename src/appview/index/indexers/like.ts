/** app.bsky.feed.like → like, notifications. Triggers maintain counts and duplicates. */
import { mainSchema } from "@atcute/bluesky/types/app/feed/like";
import { LIKE } from "../../uris.ts";
import type { Indexer } from "./indexer.ts";
import { putInteractions } from "./interaction.ts";
import { removeUnique, unique } from "./unique.ts";

export const like: Indexer = {
  ...unique({
    collection: LIKE,
    remove: [removeUnique('"like"', "subject", "actor")],
    existing: `SELECT rkey, cid, indexed FROM "like" WHERE actor = ?1`,
  }),
  schema: mainSchema,
  put: putInteractions('"like"', "like"),
};
