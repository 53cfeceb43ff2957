/** app.bsky.unspecced.*: methods that the official client uses before their lexicons settle. */
import {
  AppBskyUnspeccedGetAgeAssuranceState,
  AppBskyUnspeccedGetConfig,
  AppBskyUnspeccedGetOnboardingSuggestedStarterPacks,
  AppBskyUnspeccedGetPopularFeedGenerators,
  AppBskyUnspeccedGetPostThreadOtherV2,
  AppBskyUnspeccedGetPostThreadV2,
  AppBskyUnspeccedGetSuggestedFeeds,
  AppBskyUnspeccedGetSuggestedOnboardingUsers,
  AppBskyUnspeccedGetSuggestedStarterPacks,
  AppBskyUnspeccedGetSuggestedUsers,
  AppBskyUnspeccedGetSuggestedUsersForDiscover,
  AppBskyUnspeccedGetSuggestedUsersForExplore,
  AppBskyUnspeccedGetSuggestedUsersForSeeMore,
  AppBskyUnspeccedGetTaggedSuggestions,
  AppBskyUnspeccedGetTrendingTopics,
  AppBskyUnspeccedGetTrends,
} from "@atcute/bluesky";
import { getSuggestedFeeds } from "../appview/reads/methods/feed/get-feed-generators.ts";
import { getPostThreadOtherV2, getPostThreadV2 } from "../appview/reads/methods/feed/get-post-thread-v2.ts";
import {
  getSuggestedStarterPacks,
  getSuggestedUsers,
  getTaggedSuggestions,
} from "../appview/reads/methods/actor/suggestions.ts";
import { getTrendingTopics, getTrends } from "../appview/reads/methods/feed/trends.ts";
import { viewer, viewerOrAnyone } from "./server/policies.ts";
import { method } from "./server/method.ts";
import { viewContextFor } from "./server/view-context.ts";

export const appBskyUnspecced = [
  // The predecessor of app.bsky.ageassurance.
  method(AppBskyUnspeccedGetAgeAssuranceState, viewer, () => ({ status: "unknown" })),
  method(AppBskyUnspeccedGetConfig, viewerOrAnyone, () => ({
    checkEmailConfirmed: false,
    topicsEnabled: true,
  })),

  method(AppBskyUnspeccedGetPostThreadV2, viewerOrAnyone, (call) =>
    getPostThreadV2(viewContextFor(call), call.params),
  ),
  method(AppBskyUnspeccedGetPostThreadOtherV2, viewerOrAnyone, (call) =>
    getPostThreadOtherV2(viewContextFor(call), call.params),
  ),

  method(AppBskyUnspeccedGetPopularFeedGenerators, viewerOrAnyone, (call) =>
    getSuggestedFeeds(viewContextFor(call), call.params),
  ),
  method(AppBskyUnspeccedGetSuggestedFeeds, viewerOrAnyone, async (call) => {
    const { feeds } = await getSuggestedFeeds(viewContextFor(call), call.params);
    return { feeds };
  }),
  method(AppBskyUnspeccedGetSuggestedStarterPacks, viewerOrAnyone, (call) =>
    getSuggestedStarterPacks(viewContextFor(call), call.params),
  ),
  method(AppBskyUnspeccedGetOnboardingSuggestedStarterPacks, viewerOrAnyone, (call) =>
    getSuggestedStarterPacks(viewContextFor(call), call.params),
  ),
  method(AppBskyUnspeccedGetSuggestedUsers, viewerOrAnyone, (call) =>
    getSuggestedUsers(viewContextFor(call), call.params),
  ),
  method(AppBskyUnspeccedGetSuggestedOnboardingUsers, viewerOrAnyone, (call) =>
    getSuggestedUsers(viewContextFor(call), call.params),
  ),
  method(AppBskyUnspeccedGetSuggestedUsersForDiscover, viewerOrAnyone, (call) =>
    getSuggestedUsers(viewContextFor(call), call.params),
  ),
  method(AppBskyUnspeccedGetSuggestedUsersForExplore, viewerOrAnyone, (call) =>
    getSuggestedUsers(viewContextFor(call), call.params),
  ),
  method(AppBskyUnspeccedGetSuggestedUsersForSeeMore, viewerOrAnyone, (call) =>
    getSuggestedUsers(viewContextFor(call), call.params),
  ),
  method(AppBskyUnspeccedGetTaggedSuggestions, viewerOrAnyone, (call) =>
    getTaggedSuggestions(viewContextFor({ ...call, caller: null })),
  ),

  method(AppBskyUnspeccedGetTrendingTopics, viewerOrAnyone, (call) =>
    getTrendingTopics(viewContextFor(call), call.params),
  ),
  method(AppBskyUnspeccedGetTrends, viewerOrAnyone, (call) => getTrends(viewContextFor(call), call.params)),
];
