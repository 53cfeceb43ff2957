/**
 * The community's own feed, which no lexicon has: all members' posts that answer nothing, the latest first, or
 * the best of the last seven days.
 */
import type { AppBskyFeedDefs } from "@atcute/bluesky";
import { ELSEWHERE, REPLIES } from "../../../search-terms.ts";
import type { ViewContext } from "../../view-context.ts";
import { search } from "./search-posts.ts";
import { marked } from "./post-filters.ts";

const WEEK_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * How many of the week's newest posts are compared: four rows each. A community that writes more than that in a
 * week sees the best of fewer days.
 */
const COMPARED = 2500;

interface Params {
  limit: number;
  cursor?: string | undefined;
  best: boolean;
}

/** Leaves out what the viewer mutes. Refuses InvalidRequest `Malformed cursor`. */
export async function getCommunityFeed(
  reading: ViewContext,
  { best, ...params }: Params,
): Promise<{ posts: AppBskyFeedDefs.PostView[]; cursor?: string | undefined }> {
  const { posts, cursor } = await search(
    reading,
    params,
    { clauses: [marked(REPLIES, true), marked(ELSEWHERE, true)], senseless: false },
    best ? { top: true, ranked: COMPARED, since: reading.now - WEEK_MS } : { top: false },
  );
  const shown = posts.filter(({ author: { viewer } }) => !viewer?.muted && viewer?.mutedByList === undefined);
  return { posts: shown, cursor };
}
