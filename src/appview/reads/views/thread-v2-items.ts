/** Items of a flat thread (app.bsky.unspecced.defs#threadItem…). */
import type { AppBskyFeedDefs, AppBskyUnspeccedDefs, AppBskyUnspeccedGetPostThreadV2 } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import type { Facts } from "../facts.ts";
import { didOf } from "../../uris.ts";
import { blockedViewerState } from "./viewer-state.ts";
import type { Present } from "./present.ts";
import type { Plain, Typed } from "./typed.ts";

export type Item = AppBskyUnspeccedGetPostThreadV2.ThreadItem;

type PostItem = Typed<AppBskyUnspeccedDefs.ThreadItemPost>;

export type PostView = Plain<AppBskyFeedDefs.PostView>;

export const notFound = (uri: ResourceUri, depth: number): Item => ({
  uri,
  depth,
  value: { $type: "app.bsky.unspecced.defs#threadItemNotFound" },
});

export const noUnauthenticated = (uri: ResourceUri, depth: number): Item => ({
  uri,
  depth,
  value: { $type: "app.bsky.unspecced.defs#threadItemNoUnauthenticated" },
});

export function blocked(present: Present, uri: ResourceUri, depth: number): Item {
  const did = didOf(uri);
  return {
    uri,
    depth,
    value: {
      $type: "app.bsky.unspecced.defs#threadItemBlocked",
      author: { did, viewer: blockedViewerState(present, did) },
    },
  };
}

export const postItem = (
  post: PostView,
  { opThread = false, moreParents = false, moreReplies = 0 },
): PostItem => ({
  $type: "app.bsky.unspecced.defs#threadItemPost",
  post,
  moreParents,
  moreReplies,
  opThread,
  hiddenByThreadgate: false,
  mutedByViewer: false,
});

/**
 * Whether the post is hidden because there is no viewer: its author asks to be shown to signed-in users only.
 */
export const hiddenFromNobody = ({ viewer }: Facts, { author }: PostView): boolean =>
  viewer === null && (author.labels ?? []).some(({ val }) => val === "!no-unauthenticated");

/** Adds to every post its position in the thread author's own thread, if there is one. */
export function numbered(items: Item[], opThread: ResourceUri[]): Item[] {
  if (opThread.length === 0) return items;
  return items.map((item) => {
    if (item.value.$type !== "app.bsky.unspecced.defs#threadItemPost") return item;
    const index = opThread.indexOf(item.uri);
    const place = index < 0 ? {} : { opThreadPostIndex: index + 1, opThreadPostCount: opThread.length };
    return { ...item, value: { ...item.value, opThread: index >= 0, ...place } };
  });
}
