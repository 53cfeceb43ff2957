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
import { IMPERSONAL, appview } from "./server/appview.ts";

export const appBskyUnspecced = [
  // The predecessor of app.bsky.ageassurance.
  method(AppBskyUnspeccedGetAgeAssuranceState, viewer, () => ({ status: "unknown" })),
  method(AppBskyUnspeccedGetConfig, viewerOrAnyone, () => ({
    checkEmailConfirmed: false,
    topicsEnabled: true,
  })),

  appview(AppBskyUnspeccedGetPostThreadV2, viewerOrAnyone, getPostThreadV2),
  appview(AppBskyUnspeccedGetPostThreadOtherV2, viewerOrAnyone, getPostThreadOtherV2),

  appview(AppBskyUnspeccedGetPopularFeedGenerators, viewerOrAnyone, getSuggestedFeeds),
  appview(AppBskyUnspeccedGetSuggestedFeeds, viewerOrAnyone, async (context, params) => {
    const { feeds } = await getSuggestedFeeds(context, params);
    return { feeds };
  }),
  appview(AppBskyUnspeccedGetSuggestedStarterPacks, viewerOrAnyone, getSuggestedStarterPacks),
  appview(AppBskyUnspeccedGetOnboardingSuggestedStarterPacks, viewerOrAnyone, getSuggestedStarterPacks),
  appview(AppBskyUnspeccedGetSuggestedUsers, viewerOrAnyone, getSuggestedUsers),
  appview(AppBskyUnspeccedGetSuggestedOnboardingUsers, viewerOrAnyone, getSuggestedUsers),
  appview(AppBskyUnspeccedGetSuggestedUsersForDiscover, viewerOrAnyone, getSuggestedUsers),
  appview(AppBskyUnspeccedGetSuggestedUsersForExplore, viewerOrAnyone, getSuggestedUsers),
  appview(AppBskyUnspeccedGetSuggestedUsersForSeeMore, viewerOrAnyone, getSuggestedUsers),
  appview(AppBskyUnspeccedGetTaggedSuggestions, viewerOrAnyone, getTaggedSuggestions, IMPERSONAL),

  appview(AppBskyUnspeccedGetTrendingTopics, viewerOrAnyone, getTrendingTopics),
  appview(AppBskyUnspeccedGetTrends, viewerOrAnyone, getTrends),
];
