/**
 * app.bsky.feed.getFeed: posts chosen by a feed generator, an external service, under the viewer's own rules.
 */
import type { AppBskyFeedDefs, AppBskyFeedGetFeedSkeleton } from "@atcute/bluesky";
import type { Did, ResourceUri } from "@atcute/lexicons";
import { Refusal, invalidRequest } from "../../../../protocol/refusal.ts";
import type { FeedItem } from "../../queries/feeds.ts";
import { hostFeedOrder, isHostFeed } from "../../host-feeds.ts";
import type { ViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";
import { GENERATOR, didOf } from "../../../uris.ts";
import { feedViewPost, hidesItem } from "../../views/feed.ts";
import { getCommunityFeed } from "./get-community-feed.ts";
import { unknownFeed } from "./get-feed-skeleton.ts";
import { hydrateItems } from "./get-timeline.ts";

interface Params {
  feed: ResourceUri;
  limit: number;
  cursor?: string | undefined;
}

type Skeleton = AppBskyFeedGetFeedSkeleton.$output;
/** Requests a page from the service of this DID. */
export type AskGenerator = (did: Did, params: Params) => Promise<Skeleton>;

/** Whether a repo of this host has a record at a URI, of whatever kind. */
export type HasRecord = (uri: ResourceUri) => Promise<boolean>;

type Output = Omit<Skeleton, "feed"> & { feed: AppBskyFeedDefs.FeedViewPost[] };

/**
 * Pages that rules have thinned out are not refilled: another request would move the feed past posts that
 * were not shown. Refuses what `generatorOf` and `ask` refuse.
 */
export async function getFeed(
  reading: ViewContext,
  params: Params,
  ask: AskGenerator,
  hasRecord: HasRecord,
): Promise<Output> {
  const did = await generatorOf(reading, params.feed, hasRecord);
  if (did === reading.host.did) return fromIndex(reading, params);
  const { feed, cursor, ...more } = await ask(did, params);
  const chosen = feed.slice(0, params.limit).map(({ post, reason, feedContext }) => ({
    item: itemOf(post, reason),
    context: feedContext === undefined ? {} : { feedContext },
  }));
  const facts = await hydrateItems(
    reading,
    chosen.map(({ item }) => item),
  );
  const present = { facts, images: reading.images };
  const reqId = more.reqId === undefined ? {} : { reqId: more.reqId };
  const seen = chosen.flatMap(({ item, context }) => {
    const view = hidesItem(facts, item) ? undefined : feedViewPost(present, item);
    return view === undefined ? [] : [{ ...view, ...context, ...reqId }];
  });
  // An empty page, or a cursor equal to the one sent, marks the end.
  const ends = feed.length === 0 || cursor === undefined || cursor === params.cursor;
  const { reqId: _, ...passed } = more;
  return { ...passed, feed: seen, cursor: ends ? undefined : cursor };
}

/** A page of a feed that the host itself serves. */
async function fromIndex(reading: ViewContext, { feed, ...params }: Params): Promise<Output> {
  const order = hostFeedOrder(feed);
  if (order === null) throw unknownFeed();
  const { posts, cursor } = await getCommunityFeed(reading, { ...params, ...order });
  return { feed: posts.map((post) => ({ post })), ...(cursor === undefined ? {} : { cursor }) };
}

/**
 * The service behind a feed. Refuses InvalidRequest `could not find feed`. A member's own host looks up the
 * record first, and its errors differ from an AppView's: RecordNotFound, or InvalidRequestError if the record
 * is no feed.
 */
export async function generatorOf(
  { db, viewer, host }: ViewContext,
  feed: ResourceUri,
  hasRecord: HasRecord,
): Promise<Did> {
  if (isHostFeed(host, feed)) return host.did;
  const [found] = await rowsOf<{ did: Did | null }>(
    db,
    db
      .prepare(
        `SELECT record ->> 'did' AS did FROM record
          WHERE uri = ?1 AND collection = '${GENERATOR}'
            AND NOT EXISTS (SELECT 1 FROM takedown WHERE subject = record.uri)`,
      )
      .bind(feed),
  );
  if (typeof found?.did === "string") return found.did;
  if (viewer === null) throw invalidRequest("could not find feed");
  if (found !== undefined || (await hasRecord(feed))) throw noFeed();
  throw new Refusal("RecordNotFound", `Could not locate record: ${feed}`);
}

/** The reference's name for a record that is no feed, which is not the lexicon's. */
export const noFeed = () => new Refusal("InvalidRequestError", "could not resolve feed did");

function itemOf(post: ResourceUri, reason: Skeleton["feed"][number]["reason"]): FeedItem {
  const repost = reason?.$type === "app.bsky.feed.defs#skeletonReasonRepost" ? reason.repost : null;
  return {
    post,
    repost: repost === null ? null : { uri: repost, by: didOf(repost) },
    pinned: reason?.$type === "app.bsky.feed.defs#skeletonReasonPin",
  };
}
