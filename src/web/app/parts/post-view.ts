/** A post as the AppView shows it, and what it says of itself. */
import type { AppBskyFeedDefs } from "@atcute/bluesky";
import { at, textOf } from "../../../protocol/json.ts";

export type Post = Omit<AppBskyFeedDefs.PostView, "$type">;
export type FeedItem = AppBskyFeedDefs.FeedViewPost;

export const textOfPost = ({ record }: Post): string => textOf(at(record, "text")) ?? "";

/** When a post says that it was written, unless that is yet to come. */
export function writtenAt({ record, indexedAt }: Post): string {
  const said = textOf(at(record, "createdAt")) ?? indexedAt;
  return Date.parse(said) < Date.parse(indexedAt) ? said : indexedAt;
}
