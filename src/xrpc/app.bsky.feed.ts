/** app.bsky.feed.*: posts, and feeds of them. */
import {
  AppBskyFeedGetAuthorFeed,
  AppBskyFeedGetLikes,
  AppBskyFeedGetPosts,
  AppBskyFeedGetPostThread,
  AppBskyFeedGetTimeline,
} from "@atcute/bluesky";
import { getAuthorFeed } from "../appview/methods/get-author-feed.ts";
import { getLikes } from "../appview/methods/get-likes.ts";
import { getPosts } from "../appview/methods/get-posts.ts";
import { getPostThread } from "../appview/methods/get-post-thread.ts";
import { getTimeline } from "../appview/methods/get-timeline.ts";
import { viewer, viewerOrAnyone } from "./auth.ts";
import { method } from "./method.ts";
import { ownReadingFor, readingFor } from "./reading.ts";

export const appBskyFeed = [
  method(AppBskyFeedGetTimeline, viewer, (call) => getTimeline(ownReadingFor(call), call.params)),
  method(AppBskyFeedGetAuthorFeed, viewerOrAnyone, (call) => getAuthorFeed(readingFor(call), call.params)),
  method(AppBskyFeedGetPosts, viewerOrAnyone, (call) => getPosts(readingFor(call), call.params)),
  method(AppBskyFeedGetPostThread, viewerOrAnyone, (call) => getPostThread(readingFor(call), call.params)),
  method(AppBskyFeedGetLikes, viewerOrAnyone, (call) => getLikes(readingFor(call), call.params)),
];
