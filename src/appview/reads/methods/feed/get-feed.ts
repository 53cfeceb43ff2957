/**
 * app.bsky.feed.getFeed: posts chosen by a feed generator, an external service, under the viewer's own rules.
 */
import type { AppBskyFeedDefs, AppBskyFeedGetFeedSkeleton } from "@atcute/bluesky";
import type { Did, ResourceUri } from "@atcute/lexicons";
import { Refusal, invalidRequest } from "../../../../protocol/refusal.ts";
import type { FeedItem } from "../../queries/feeds.ts";
import type { ViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";
import { GENERATOR, didOf } from "../../../uris.ts";
import { feedViewPost, hidesItem } from "../../views/feed.ts";
import { hydrateItems } from "./get-timeline.ts";

interface Params {
  feed: ResourceUri;
  limit: number;
  cursor?: string | undefined;
}

type Skeleton = AppBskyFeedGetFeedSkeleton.$output;
/** Requests a page from the service of this DID. */
export type AskGenerator = (did: Did, params: Params) => Promise<Skeleton>;

type Output = Omit<Skeleton, "feed"> & { feed: AppBskyFeedDefs.FeedViewPost[] };

/**
 * Pages that rules have thinned out are not refilled: another request would move the feed past posts that
 * were not shown. Refuses RecordNotFound (to a member), InvalidRequest `could not find feed` (to anyone
 * else), UnknownFeed, and whatever `ask` refuses.
 */
export async function getFeed(reading: ViewContext, params: Params, ask: AskGenerator): Promise<Output> {
  const did = await serviceOf(reading, params.feed);
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
  return { ...passed, feed: seen, ...(ends ? {} : { cursor }) };
}

async function serviceOf({ db, viewer }: ViewContext, feed: ResourceUri): Promise<Did> {
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
  if (found !== undefined) {
    if (typeof found.did === "string") return found.did;
    throw new Refusal("UnknownFeed", "could not resolve feed did");
  }
  // A member's own host looks up the record first, and its error differs from an AppView's.
  if (viewer !== null) throw new Refusal("RecordNotFound", `Could not locate record: ${feed}`);
  throw invalidRequest("could not find feed");
}

function itemOf(post: ResourceUri, reason: Skeleton["feed"][number]["reason"]): FeedItem {
  const repost = reason?.$type === "app.bsky.feed.defs#skeletonReasonRepost" ? reason.repost : null;
  return {
    post,
    repost: repost === null ? null : { uri: repost, by: didOf(repost) },
    pinned: reason?.$type === "app.bsky.feed.defs#skeletonReasonPin",
  };
}
