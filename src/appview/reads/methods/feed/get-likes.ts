/** app.bsky.feed.getLikes. */
import type { AppBskyFeedGetLikes } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import { invalidRequest } from "../../../../protocol/refusal.ts";
import { parseCursor } from "../../cursors.ts";
import { complete, newFacts } from "../../hydration.ts";
import { createdInstant, isoOf } from "../../../instants.ts";
import { type Page, pageOf } from "../../queries/feeds.ts";
import { type LikeRow, selectLikes } from "../../queries/graph.ts";
import type { ViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";
import { didOf } from "../../../uris.ts";
import { profileView } from "../../views/profile.ts";
import { blockEachOther, viewerBlocks } from "../../views/rules.ts";
import { fillPage } from "../fill-page.ts";

interface Params {
  uri: ResourceUri;
  cid?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

/** `cid` is echoed and does not filter. Refuses InvalidRequest for a malformed or outdated cursor. */
export async function getLikes(reading: ViewContext, params: Params) {
  const { items, cursor } = await fillPage(reading, params, (from, limit) =>
    page(reading, params.uri, from, limit),
  );
  return {
    uri: params.uri,
    cid: params.cid,
    likes: items,
    cursor,
  };
}

async function page(
  reading: ViewContext,
  uri: ResourceUri,
  from: string | undefined,
  limit: number,
): Promise<Page<AppBskyFeedGetLikes.Like>> {
  if (from?.startsWith("did:")) {
    throw invalidRequest("Cursor appear to be out of date, please try reloading.");
  }
  const cursor = parseCursor(from);
  if (cursor === null) return { items: [], cursor: undefined };
  const { db } = reading;
  const { rows, cursor: next } = pageOf(
    await rowsOf<LikeRow>(db, selectLikes(db, uri, cursor, limit)),
    limit,
  );
  const author = didOf(uri);
  const facts = newFacts(reading);
  await complete(reading, facts, {
    dids: rows.map(({ actor }) => actor),
    pairs: rows.map(({ actor }) => [author, actor] as const),
  });
  const present = { facts, images: reading.images };
  const likes = rows.flatMap(({ actor, created, sort }) => {
    if (blockEachOther(facts, author, actor) || viewerBlocks(facts, actor)) return [];
    const view = profileView(present, actor);
    if (view === undefined) return [];
    return [{ actor: view, createdAt: isoOf(createdInstant(created)), indexedAt: isoOf(sort) }];
  });
  return { items: likes, cursor: next };
}
