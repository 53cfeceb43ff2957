/** app.bsky.feed.getFeed: what a feed generator, a service somewhere, chooses; seen with the viewer's eyes. */
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
/** Asks the service of this DID for a page. */
export type AskGenerator = (did: Did, params: Params) => Promise<Skeleton>;

type Output = Omit<Skeleton, "feed"> & { feed: AppBskyFeedDefs.FeedViewPost[] };

/**
 * Pages that rules have thinned out stay as they are: asking on would move the feed forward past what was not shown.
 * Refuses RecordNotFound (a member), InvalidRequest `could not find feed` (anyone else), UnknownFeed, and whatever
 * `ask` refuses.
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
  // An empty page, or the cursor that was sent, is the end.
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
  // A member's own host looks for the record first, and says so in other words than an AppView.
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
