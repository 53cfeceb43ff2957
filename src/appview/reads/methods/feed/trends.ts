/** app.bsky.unspecced.getTrendingTopics, getTrends. */
import type { AppBskyUnspeccedDefs } from "@atcute/bluesky";
import { complete, newFacts } from "../../hydration.ts";
import { isoOf } from "../../../instants.ts";
import { type TagUse, selectTagUses, trendsOf } from "../../queries/trends.ts";
import type { ViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";
import { didOf, rkeyOf } from "../../../uris.ts";
import { profileBasic } from "../../views/profile.ts";
import { viewerBlocks } from "../../views/rules.ts";
import { getSuggestedFeeds } from "./get-feed-generators.ts";

const trends = async ({ db, now }: ViewContext, limit: number) =>
  trendsOf(await rowsOf<TagUse>(db, selectTagUses(db, now)), limit);

/** The path that clients use. */
const linkOf = (tag: string): string => `/hashtag/${encodeURIComponent(tag)}`;

/** Hashtags as topics; the community's feeds as suggestions. */
export async function getTrendingTopics(
  reading: ViewContext,
  { limit }: { limit: number },
): Promise<{
  topics: AppBskyUnspeccedDefs.TrendingTopic[];
  suggested: AppBskyUnspeccedDefs.TrendingTopic[];
}> {
  const [found, { feeds }] = await Promise.all([
    trends(reading, limit),
    getSuggestedFeeds(reading, { limit }),
  ]);
  return {
    topics: found.map(({ name }) => ({ topic: name, displayName: `#${name}`, link: linkOf(name) })),
    suggested: feeds.map(({ uri, displayName }) => ({
      topic: displayName,
      displayName,
      link: `/profile/${didOf(uri)}/feed/${rkeyOf(uri)}`,
    })),
  };
}

export async function getTrends(
  reading: ViewContext,
  { limit }: { limit: number },
): Promise<{ trends: AppBskyUnspeccedDefs.TrendView[] }> {
  const found = await trends(reading, limit);
  const facts = newFacts(reading);
  if (found.length > 0) await complete(reading, facts, { dids: found.flatMap(({ dids }) => dids) });
  const present = { facts, images: reading.images };
  return {
    trends: found.map((row) => ({
      topic: row.name,
      displayName: `#${row.name}`,
      link: linkOf(row.name),
      startedAt: isoOf(row.started),
      postCount: row.posts,
      actors: row.dids.flatMap((did) => (viewerBlocks(facts, did) ? [] : (profileBasic(present, did) ?? []))),
    })),
  };
}
