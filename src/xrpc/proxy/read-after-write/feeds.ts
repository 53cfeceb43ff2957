/** Inserts the member's own new posts into a feed, newest first. */
import type { AppBskyFeedPost } from "@atcute/bluesky";
import { type Json, at, isJson, textOf } from "../../../protocol/json.ts";
import { didOf } from "../../../appview/uris.ts";
import type { Local, LocalPost } from "./local.ts";
import type { OwnPostView } from "./posts.ts";
import { withOwnName } from "./profiles.ts";

const uriOf = (item: unknown) => at(item, "post", "uri");

/**
 * The time of a feed item, in milliseconds. A repost counts by the time of reposting; a pinned post is above
 * all others.
 */
function timeOf(item: unknown): number {
  if (at(item, "reason", "$type") === "app.bsky.feed.defs#reasonPin") return Infinity;
  const time = textOf(at(item, "reason", "indexedAt")) ?? textOf(at(item, "post", "indexedAt")) ?? "";
  return Date.parse(time);
}

export interface FeedPage {
  items: unknown[];
  /** Whether an earlier page had newer items. */
  continues: boolean;
  /** Whether no older items follow. */
  isLast: boolean;
}

/**
 * The posts that belong on the page by their time. The reference adds them to every page whose last item is
 * older, so again on each page after the first.
 */
export function postsOnPage({ items, continues, isLast }: FeedPage, posts: LocalPost[]): LocalPost[] {
  const here = new Set(items.map(uriOf));
  const times = items.map(timeOf).filter(Number.isFinite);
  const newest = continues ? (times[0] ?? -Infinity) : Infinity;
  const oldest = isLast ? -Infinity : (times.at(-1) ?? -Infinity);
  return posts.filter(({ uri, sort }) => !here.has(uri) && sort < newest && sort > oldest);
}

/** Inserts `posts`, given oldest first. */
export function withPosts(items: unknown[], posts: OwnPostView[]): unknown[] {
  const all = [...items];
  for (const post of posts.toReversed()) {
    const sort = Date.parse(post.indexedAt);
    const place = all.findIndex((item) => timeOf(item) < sort);
    all.splice(place < 0 ? all.length : place, 0, { post });
  }
  return all;
}

/** Shows the member, as author and as reposter, under their newest name. */
export function withOwnNames(items: unknown[], local: Local): unknown[] {
  if (!local.profileIsNew) return items;
  const renamed = (holder: unknown, field: string): unknown => {
    const actor = at(holder, field);
    const isOwn = isJson(holder) && isJson(actor) && actor.did === local.did;
    return isOwn ? { ...holder, [field]: withOwnName(actor, local) } : holder;
  };
  return items.map((item): unknown => {
    if (!isJson(item)) return item;
    const named: Json = { ...item, post: renamed(item.post, "author") };
    return "reason" in item ? { ...named, reason: renamed(item.reason, "by") } : named;
  });
}

/** Whether a filter of app.bsky.feed.getAuthorFeed passes a post of that author. */
export function passesFilter(
  filter: string,
  { embed, reply }: AppBskyFeedPost.Main,
  author: string,
): boolean {
  const media = embed?.$type === "app.bsky.embed.recordWithMedia" ? embed.media : embed;
  switch (filter) {
    case "posts_no_replies":
      return reply === undefined;
    case "posts_with_media":
      return /^app\.bsky\.embed\.(images|gallery|video)$/.test(media?.$type ?? "");
    case "posts_with_video":
      return media?.$type === "app.bsky.embed.video";
    case "posts_and_author_threads":
      return reply === undefined || (didOf(reply.root.uri) === author && didOf(reply.parent.uri) === author);
    default:
      return true;
  }
}
