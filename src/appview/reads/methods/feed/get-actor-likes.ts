/** app.bsky.feed.getActorLikes: the viewer's own likes; nobody sees another account's. */
import type { AppBskyFeedDefs } from "@atcute/bluesky";
import { invalidRequest } from "../../../../protocol/refusal.ts";
import { type LikedRow, selectLiked } from "../../queries/engagement.ts";
import type { FeedItem } from "../../queries/feeds.ts";
import { didNamed } from "../../queries/graph.ts";
import type { ViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";
import { didOf } from "../../../uris.ts";
import { viewerBlocks } from "../../views/rules.ts";
import { hydrateItems, presentItems } from "./get-timeline.ts";
import type { PageParams } from "../fill-page.ts";
import { halfFilled, paged } from "../paged.ts";

/** Refuses InvalidRequest `Profile not found` to everyone but the account itself. */
export async function getActorLikes(
  reading: ViewContext,
  { actor, ...params }: PageParams & { actor: string },
): Promise<{ feed: AppBskyFeedDefs.FeedViewPost[]; cursor?: string | undefined }> {
  const { db, viewer } = reading;
  if (viewer === null || (await didNamed(db, actor)) !== viewer) throw invalidRequest("Profile not found");
  const { items: feed, ...rest } = await paged(
    reading,
    params,
    (cursor, limit) => rowsOf<LikedRow>(db, selectLiked(db, viewer, cursor, limit)),
    (rows) => show(reading, rows),
    halfFilled,
  );
  return { feed, ...rest };
}

async function show(reading: ViewContext, rows: LikedRow[]): Promise<AppBskyFeedDefs.FeedViewPost[]> {
  const items: FeedItem[] = rows.map(({ subject }) => ({ post: subject, repost: null, pinned: false }));
  const facts = await hydrateItems(reading, items);
  return presentItems(
    reading,
    facts,
    items.filter(({ post }) => !viewerBlocks(facts, didOf(post))),
  );
}
