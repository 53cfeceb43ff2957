/** app.bsky.feed.getPostThread. */
import type { AppBskyFeedDefs } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import { Refusal } from "../../../../protocol/refusal.ts";
import { complete, newFacts } from "../../hydration.ts";
import { resolveUri } from "../../queries/actors.ts";
import { type PostRow, addPosts, selectThread } from "../../queries/posts.ts";
import { belowOf } from "./get-post-thread-v2.ts";
import { supplyThread } from "../../supply.ts";
import type { ViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";
import { threadgateView } from "../../views/gates.ts";
import { threadView } from "../../views/thread.ts";

interface ThreadParams {
  uri: ResourceUri;
  depth: number;
  parentHeight: number;
}

type Output = {
  thread: Extract<ReturnType<typeof threadView>, { $type: string }>;
  threadgate?: AppBskyFeedDefs.ThreadgateView | undefined;
};

/** Refuses NotFound. */
export async function getPostThread(reading: ViewContext, params: ThreadParams): Promise<Output> {
  const { db } = reading;
  const anchor = await resolveUri(reading, params.uri);
  const facts = newFacts(reading);
  const rows = await rowsOf<PostRow>(db, selectThread(db, anchor, params.parentHeight, params.depth));
  addPosts(facts, rows);
  await supplyThread(reading, facts, anchor, params.parentHeight);
  await complete(reading, facts, { rootLikes: true });
  const present = { facts, images: reading.images };
  const thread = threadView(
    present,
    { anchor, below: belowOf(rows) },
    { height: params.parentHeight, depth: params.depth },
  );
  if (thread.$type === "app.bsky.feed.defs#notFoundPost") {
    throw new Refusal("NotFound", `Post not found: ${anchor}`);
  }
  const threadgate = threadgateView(present, facts.posts.get(anchor)?.root ?? anchor);
  return { thread, threadgate };
}
