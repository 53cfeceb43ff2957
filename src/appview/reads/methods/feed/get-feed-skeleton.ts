/** app.bsky.feed.getFeedSkeleton, describeFeedGenerator: the host as a feed generator, for other AppViews. */
import type { AppBskyFeedGetFeedSkeleton } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import { Refusal } from "../../../../protocol/refusal.ts";
import { hostFeedOrder, hostFeedUris } from "../../host-feeds.ts";
import type { ViewContext } from "../../view-context.ts";
import { GENERATOR, collectionOf } from "../../../uris.ts";
import { getCommunityFeed } from "./get-community-feed.ts";

interface Params {
  feed: ResourceUri;
  limit: number;
  cursor?: string | undefined;
}

export const unknownFeed = () => new Refusal("UnknownFeed", "This host has no such feed");

/** The feed's key says which it is, whoever has published its record. Refuses UnknownFeed, InvalidRequest `Malformed cursor`. */
export async function getFeedSkeleton(
  reading: ViewContext,
  { feed, ...params }: Params,
): Promise<AppBskyFeedGetFeedSkeleton.$output> {
  const order = collectionOf(feed) === GENERATOR ? hostFeedOrder(feed) : null;
  if (order === null) throw unknownFeed();
  const { posts, cursor } = await getCommunityFeed(reading, { ...params, ...order });
  return { feed: posts.map(({ uri }) => ({ post: uri })), ...(cursor === undefined ? {} : { cursor }) };
}

export const describeFeedGenerator = ({ host }: ViewContext) => ({
  did: host.did,
  feeds: hostFeedUris(host).map((uri) => ({ uri })),
});
