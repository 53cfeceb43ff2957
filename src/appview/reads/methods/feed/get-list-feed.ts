/** app.bsky.feed.getListFeed: posts by the members of a list. */
import type { AppBskyFeedDefs } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import { newFacts } from "../../hydration.ts";
import { type FeedRow, itemOf } from "../../queries/feeds.ts";
import { selectListFeed } from "../../queries/timeline.ts";
import type { ViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";
import { didOf } from "../../../uris.ts";
import { hidesItem } from "../../views/feed.ts";
import { blockEachOther } from "../../views/rules.ts";
import { hydrateItems, presentItems } from "./get-timeline.ts";
import type { PageParams } from "../fill-page.ts";
import { halfFilled, paged } from "../paged.ts";

export async function getListFeed(
  reading: ViewContext,
  { list, ...params }: PageParams & { list: ResourceUri },
): Promise<{ feed: AppBskyFeedDefs.FeedViewPost[]; cursor?: string | undefined }> {
  const { items: feed, ...rest } = await paged(
    reading,
    params,
    (cursor, limit) => rowsOf<FeedRow>(reading.db, selectListFeed(reading.db, list, cursor, limit)),
    (rows) => show(reading, list, rows),
    halfFilled,
  );
  return { feed, ...rest };
}

/** Hides from everyone the accounts in a block with the list's owner. */
async function show(
  reading: ViewContext,
  list: ResourceUri,
  rows: FeedRow[],
): Promise<AppBskyFeedDefs.FeedViewPost[]> {
  const owner = didOf(list);
  const items = rows.map(itemOf);
  const pairs = items.map(({ post }) => [owner, didOf(post)] as const);
  const facts = await hydrateItems(reading, items, newFacts(reading), { pairs });
  const seen = items.filter(
    (item) => !hidesItem(facts, item) && !blockEachOther(facts, owner, didOf(item.post)),
  );
  return presentItems(reading, facts, seen);
}
