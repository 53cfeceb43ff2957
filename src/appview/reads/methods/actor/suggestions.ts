/**
 * app.bsky.unspecced.getSuggestedUsers and its many relatives. A community can suggest only its own members
 * and content, so they all use the same few sources.
 */
import type { AppBskyActorDefs, AppBskyUnspeccedGetTaggedSuggestions } from "@atcute/bluesky";
import type { ViewContext } from "../../view-context.ts";
import type { Plain } from "../../views/typed.ts";
import { getSuggestedFeeds } from "../feed/get-feed-generators.ts";
import { searchStarterPacksV2 } from "../graph/search-starter-packs.ts";
import { getSuggestions } from "../graph/suggested-follows.ts";

interface Params {
  limit: number;
}

/** Accounts around the viewer; if there are too few, also the most followed others. */
export async function getSuggestedUsers(
  reading: ViewContext,
  { limit }: Params,
): Promise<{ actors: Plain<AppBskyActorDefs.ProfileView>[] }> {
  const { actors } = await getSuggestions(reading, { limit });
  return { actors };
}

/** The newest starter packs, by any account. */
export async function getSuggestedStarterPacks(reading: ViewContext, { limit }: Params) {
  const { starterPacks } = await searchStarterPacksV2(reading, { q: "", limit });
  return { starterPacks };
}

const TAGGED = 10;

export async function getTaggedSuggestions(
  reading: ViewContext,
): Promise<{ suggestions: AppBskyUnspeccedGetTaggedSuggestions.Suggestion[] }> {
  const [{ actors }, { feeds }] = await Promise.all([
    getSuggestions(reading, { limit: TAGGED }),
    getSuggestedFeeds(reading, { limit: TAGGED }),
  ]);
  return {
    suggestions: [
      ...actors.map(({ did }) => ({ tag: "popular", subjectType: "actor", subject: did })),
      ...feeds.map(({ uri }) => ({ tag: "popular", subjectType: "feed", subject: uri })),
    ],
  };
}
