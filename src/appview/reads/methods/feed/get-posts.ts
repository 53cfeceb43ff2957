/** app.bsky.feed.getPosts. */
import type { AppBskyFeedDefs } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import { complete, newFacts, readPosts } from "../../hydration.ts";
import type { ViewContext } from "../../view-context.ts";
import { didOf } from "../../../uris.ts";
import { postView } from "../../views/post.ts";
import { viewerBlocks } from "../../views/rules.ts";

export async function getPosts(
  reading: ViewContext,
  { uris }: { uris: readonly ResourceUri[] },
): Promise<{ posts: AppBskyFeedDefs.PostView[] }> {
  const facts = newFacts(reading);
  const asked = [...new Set(uris)];
  await readPosts(reading, facts, asked);
  await complete(reading, facts);
  const present = { facts, images: reading.images };
  return {
    posts: asked.flatMap((uri) => (viewerBlocks(facts, didOf(uri)) ? [] : (postView(present, uri) ?? []))),
  };
}
