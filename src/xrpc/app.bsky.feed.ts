/** app.bsky.feed.*: posts, and feeds of them. */
import {
  AppBskyFeedGetActorFeeds,
  AppBskyFeedGetActorLikes,
  AppBskyFeedGetAuthorFeed,
  AppBskyFeedGetFeed,
  AppBskyFeedGetFeedGenerator,
  AppBskyFeedGetFeedGenerators,
  AppBskyFeedGetLikes,
  AppBskyFeedGetListFeed,
  AppBskyFeedGetPosts,
  AppBskyFeedGetPostThread,
  AppBskyFeedGetQuotes,
  AppBskyFeedGetRepostedBy,
  AppBskyFeedGetSuggestedFeeds,
  AppBskyFeedGetTimeline,
  AppBskyFeedSearchPosts,
  AppBskyFeedSearchPostsV2,
} from "@atcute/bluesky";
import { getActorLikes } from "../appview/reads/methods/feed/get-actor-likes.ts";
import { getAuthorFeed } from "../appview/reads/methods/feed/get-author-feed.ts";
import { getFeed } from "../appview/reads/methods/feed/get-feed.ts";
import {
  getActorFeeds,
  getFeedGenerator,
  getFeedGenerators,
  getSuggestedFeeds,
} from "../appview/reads/methods/feed/get-feed-generators.ts";
import { getLikes } from "../appview/reads/methods/feed/get-likes.ts";
import { getListFeed } from "../appview/reads/methods/feed/get-list-feed.ts";
import { getPosts } from "../appview/reads/methods/feed/get-posts.ts";
import { getPostThread } from "../appview/reads/methods/feed/get-post-thread.ts";
import { getQuotes } from "../appview/reads/methods/feed/get-quotes.ts";
import { getRepostedBy } from "../appview/reads/methods/feed/get-reposted-by.ts";
import { getTimeline } from "../appview/reads/methods/feed/get-timeline.ts";
import { searchPosts, searchPostsV2 } from "../appview/reads/methods/feed/search-posts.ts";
import { feedViewer, viewer, viewerOrAnyone } from "./server/policies.ts";
import { askGenerator, generatorEndpoint } from "./elsewhere/feed-generators.ts";
import { method } from "./server/method.ts";
import { memberViewContextFor, viewContextFor, refusedWithRev, withRev } from "./server/view-context.ts";

export const appBskyFeed = [
  method(AppBskyFeedGetTimeline, viewer, (call) =>
    getTimeline(withRev(memberViewContextFor(call), call), call.params),
  ),
  method(AppBskyFeedGetAuthorFeed, viewerOrAnyone, (call) =>
    getAuthorFeed(withRev(viewContextFor(call), call), call.params),
  ),
  method(AppBskyFeedGetListFeed, viewerOrAnyone, (call) =>
    getListFeed(withRev(viewContextFor(call), call), call.params),
  ),
  method(AppBskyFeedGetFeed, feedViewer, (call) =>
    getFeed(viewContextFor(call), call.params, askGenerator(call)),
  ),
  method(AppBskyFeedGetActorLikes, viewerOrAnyone, (call) =>
    getActorLikes(withRev(viewContextFor(call), call), call.params),
  ),

  method(AppBskyFeedGetPosts, viewerOrAnyone, (call) => getPosts(viewContextFor(call), call.params)),
  method(AppBskyFeedGetPostThread, viewerOrAnyone, (call) =>
    refusedWithRev(getPostThread(withRev(viewContextFor(call), call), call.params), call),
  ),
  method(AppBskyFeedGetLikes, viewerOrAnyone, (call) => getLikes(viewContextFor(call), call.params)),
  method(AppBskyFeedGetRepostedBy, viewerOrAnyone, (call) =>
    getRepostedBy(viewContextFor(call), call.params),
  ),
  method(AppBskyFeedGetQuotes, viewerOrAnyone, (call) => getQuotes(viewContextFor(call), call.params)),
  method(AppBskyFeedSearchPosts, viewerOrAnyone, (call) => searchPosts(viewContextFor(call), call.params)),
  method(AppBskyFeedSearchPostsV2, viewerOrAnyone, (call) =>
    searchPostsV2(viewContextFor(call), call.params),
  ),

  method(AppBskyFeedGetFeedGenerator, viewerOrAnyone, (call) =>
    getFeedGenerator(viewContextFor(call), call.params, generatorEndpoint(call.services)),
  ),
  method(AppBskyFeedGetFeedGenerators, viewerOrAnyone, (call) =>
    getFeedGenerators(viewContextFor(call), call.params),
  ),
  method(AppBskyFeedGetActorFeeds, viewerOrAnyone, (call) =>
    getActorFeeds(viewContextFor(call), call.params),
  ),
  method(AppBskyFeedGetSuggestedFeeds, viewerOrAnyone, (call) =>
    getSuggestedFeeds(viewContextFor(call), call.params),
  ),
];
