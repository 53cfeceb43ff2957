/** app.bsky.feed.getTimeline: posts and reposts by the viewer and the accounts that the viewer follows. */
import type { AppBskyFeedDefs } from "@atcute/bluesky";
import { parseCursor } from "../../cursors.ts";
import { complete, newFacts, readPosts } from "../../hydration.ts";
import type { Needs } from "../../hydration-needs.ts";
import type { FeedItem, FeedRow, Page } from "../../queries/feeds.ts";
import { selectTimeline, timelinePage } from "../../queries/timeline.ts";
import type { MemberViewContext, ViewContext } from "../../view-context.ts";
import { feedViewPost, grandparentAuthors, hidesItem } from "../../views/feed.ts";
import type { Facts } from "../../facts.ts";
import { fillPage } from "../fill-page.ts";

/** Reads the facts for feed items, in two trips. */
export async function hydrateItems(
  reading: ViewContext,
  items: FeedItem[],
  facts = newFacts(reading),
  needs: Pick<Needs, "dids" | "pairs"> = {},
): Promise<Facts> {
  await readPosts(
    reading,
    facts,
    items.map(({ post }) => post),
    true,
  );
  const reposts = items.flatMap(({ post, repost }) => (repost === null ? [] : [[post, repost.by] as const]));
  return complete(reading, facts, {
    ...needs,
    dids: [...(needs.dids ?? []), ...reposts.map(([, by]) => by), ...grandparentAuthors(facts, items)],
    reposts,
    subjects: items.flatMap(({ repost }) => repost?.uri ?? []),
  });
}

export function presentItems(
  reading: ViewContext,
  facts: Facts,
  items: FeedItem[],
): AppBskyFeedDefs.FeedViewPost[] {
  const present = { facts, images: reading.images };
  return items.flatMap((item) => feedViewPost(present, item) ?? []);
}

export async function getTimeline(
  reading: MemberViewContext,
  params: { limit: number; cursor?: string | undefined },
): Promise<{ feed: AppBskyFeedDefs.FeedViewPost[]; cursor?: string | undefined }> {
  const { items, cursor } = await fillPage(reading, params, (from, limit) => page(reading, from, limit));
  return { feed: items, cursor };
}

async function page(
  reading: MemberViewContext,
  from: string | undefined,
  limit: number,
): Promise<Page<AppBskyFeedDefs.FeedViewPost>> {
  const cursor = parseCursor(from);
  if (cursor === null) return { items: [], cursor: undefined };
  const { db, viewer } = reading;
  const [found] = await Promise.all([
    db.batch<FeedRow>(selectTimeline(db, viewer, cursor, limit)),
    reading.mutedLists.read(),
  ]);
  const skeleton = timelinePage(
    found.map(({ results }) => results),
    cursor,
    limit,
  );
  const facts = await hydrateItems(reading, skeleton.items);
  const seen = skeleton.items.filter((item) => !hidesItem(facts, item));
  return { items: presentItems(reading, facts, seen), cursor: skeleton.cursor };
}
