/** app.bsky.feed.getQuotes. */
import type { AppBskyFeedDefs } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import { complete, newFacts, readPosts } from "../../hydration.ts";
import { type QuoteRow, selectQuotes } from "../../queries/engagement.ts";
import type { ViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";
import { didOf } from "../../../uris.ts";
import { postView } from "../../views/post.ts";
import { postBlocks, viewerBlocks, viewerSeesNeedsReview } from "../../views/rules.ts";
import type { PageParams } from "../fill-page.ts";
import { halfFilled, paged } from "../paged.ts";

interface Params extends PageParams {
  uri: ResourceUri;
  cid?: string | undefined;
}

/** `cid` is echoed and does not filter. */
export async function getQuotes(reading: ViewContext, { uri, cid, ...params }: Params) {
  const { items: posts, ...rest } = await paged(
    reading,
    params,
    (cursor, limit) => rowsOf<QuoteRow>(reading.db, selectQuotes(reading.db, uri, cursor, limit)),
    (rows) => show(reading, rows),
    halfFilled,
  );
  return { uri, cid, posts, ...rest };
}

async function show(reading: ViewContext, rows: QuoteRow[]): Promise<AppBskyFeedDefs.PostView[]> {
  const facts = newFacts(reading);
  await readPosts(
    reading,
    facts,
    rows.map(({ uri }) => uri),
  );
  await complete(reading, facts);
  const present = { facts, images: reading.images };
  return rows.flatMap(({ uri }) => {
    const author = didOf(uri);
    if (viewerBlocks(facts, author) || postBlocks(facts, uri).embed) return [];
    return viewerSeesNeedsReview(facts, author, uri) ? (postView(present, uri) ?? []) : [];
  });
}
