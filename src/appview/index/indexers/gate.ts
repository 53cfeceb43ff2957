/** app.bsky.feed.threadgate and postgate: rules for one post. A gate shares its post's author and key. */
import { mainSchema as postgateSchema } from "@atcute/bluesky/types/app/feed/postgate";
import { mainSchema as threadgateSchema } from "@atcute/bluesky/types/app/feed/threadgate";
import { textOf } from "../../../protocol/json.ts";
import { POSTGATE, THREADGATE, didOf, rkeyOf } from "../../uris.ts";
import type { Put } from "./indexer.ts";
import { keptRecord } from "./record.ts";

const ofItsPost = ({ did, rkey, record }: Put): boolean => {
  const post = textOf(record.post) ?? "";
  return didOf(post) === did && rkeyOf(post) === rkey;
};

/** A threadgate may hide 300 replies. */
export const threadgate = keptRecord(THREADGATE, threadgateSchema, { accepts: ofItsPost, limit: 32_000 });
export const postgate = keptRecord(POSTGATE, postgateSchema, { accepts: ofItsPost });
