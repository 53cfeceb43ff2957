/** app.bsky.feed.*: posts, and feeds of them. */
import {
  AppBskyFeedDescribeFeedGenerator,
  AppBskyFeedGetActorFeeds,
  AppBskyFeedGetActorLikes,
  AppBskyFeedGetAuthorFeed,
  AppBskyFeedGetFeed,
  AppBskyFeedGetFeedGenerator,
  AppBskyFeedGetFeedGenerators,
  AppBskyFeedGetFeedSkeleton,
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
  AppBskyFeedSendInteractions,
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
import { describeFeedGenerator, getFeedSkeleton } from "../appview/reads/methods/feed/get-feed-skeleton.ts";
import { getLikes } from "../appview/reads/methods/feed/get-likes.ts";
import { getListFeed } from "../appview/reads/methods/feed/get-list-feed.ts";
import { getPosts } from "../appview/reads/methods/feed/get-posts.ts";
import { getPostThread } from "../appview/reads/methods/feed/get-post-thread.ts";
import { getQuotes } from "../appview/reads/methods/feed/get-quotes.ts";
import { getRepostedBy } from "../appview/reads/methods/feed/get-reposted-by.ts";
import { getTimeline } from "../appview/reads/methods/feed/get-timeline.ts";
import { searchPosts, searchPostsV2 } from "../appview/reads/methods/feed/search-posts.ts";
import { anyone, feedViewer, member, skeletonReader, viewer, viewerOrAnyone } from "./server/policies.ts";
import { askGenerator, generatorEndpoint, hasRecord, sendInteractions } from "./elsewhere/feed-generators.ts";
import { IMPERSONAL, OPEN, WITH_REV, appview } from "./server/appview.ts";

export const appBskyFeed = [
  appview(AppBskyFeedGetTimeline, viewer, getTimeline, WITH_REV),
  appview(AppBskyFeedGetAuthorFeed, viewerOrAnyone, getAuthorFeed, WITH_REV),
  appview(AppBskyFeedGetListFeed, viewerOrAnyone, getListFeed, WITH_REV),
  appview(AppBskyFeedGetFeed, feedViewer, (context, params, call) =>
    getFeed(context, params, askGenerator(call), hasRecord(call.services)),
  ),
  appview(AppBskyFeedSendInteractions, member, sendInteractions),
  appview(AppBskyFeedGetActorLikes, viewerOrAnyone, getActorLikes, WITH_REV),

  appview(AppBskyFeedGetPosts, viewerOrAnyone, getPosts),
  appview(AppBskyFeedGetPostThread, viewerOrAnyone, getPostThread, WITH_REV),
  appview(AppBskyFeedGetLikes, viewerOrAnyone, getLikes),
  appview(AppBskyFeedGetRepostedBy, viewerOrAnyone, getRepostedBy),
  appview(AppBskyFeedGetQuotes, viewerOrAnyone, getQuotes),
  appview(AppBskyFeedSearchPosts, viewerOrAnyone, searchPosts),
  appview(AppBskyFeedSearchPostsV2, viewerOrAnyone, searchPostsV2),

  appview(AppBskyFeedGetFeedGenerator, viewerOrAnyone, (context, params, { services }) =>
    getFeedGenerator(context, params, generatorEndpoint(services)),
  ),
  appview(AppBskyFeedGetFeedGenerators, viewerOrAnyone, getFeedGenerators),
  appview(AppBskyFeedGetActorFeeds, viewerOrAnyone, getActorFeeds),
  appview(AppBskyFeedGetSuggestedFeeds, viewerOrAnyone, getSuggestedFeeds),

  // The host as a feed generator: the answer is the same for whoever an AppView asks for.
  appview(AppBskyFeedDescribeFeedGenerator, anyone, describeFeedGenerator, OPEN),
  appview(AppBskyFeedGetFeedSkeleton, skeletonReader, getFeedSkeleton, IMPERSONAL),
];
