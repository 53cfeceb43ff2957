/** A tree of replies (app.bsky.feed.getPostThread) as the flat list that pages show (…unspecced.getPostThreadV2). */
import type {
  AppBskyFeedDefs,
  AppBskyFeedGetPostThread,
  AppBskyUnspeccedGetPostThreadV2,
} from "@atcute/bluesky";

type Item = AppBskyUnspeccedGetPostThreadV2.ThreadItem;
type Node = AppBskyFeedGetPostThread.$output["thread"];
type Parent = NonNullable<AppBskyFeedDefs.ThreadViewPost["parent"]>;

function itemOf(node: Node | Parent, depth: number): Item {
  switch (node.$type) {
    case "app.bsky.feed.defs#blockedPost": {
      const { uri, author } = node;
      return { uri, depth, value: { $type: "app.bsky.unspecced.defs#threadItemBlocked", author } };
    }
    case "app.bsky.feed.defs#notFoundPost":
      return { uri: node.uri, depth, value: { $type: "app.bsky.unspecced.defs#threadItemNotFound" } };
    default: {
      const { post, replies } = node;
      // Where the tree ends, its last posts have their counts alone.
      const more = replies === undefined && depth > 0 ? (post.replyCount ?? 0) : 0;
      return {
        uri: post.uri,
        depth,
        value: {
          $type: "app.bsky.unspecced.defs#threadItemPost",
          post,
          moreParents: false,
          moreReplies: more,
          opThread: false,
          hiddenByThreadgate: false,
          mutedByViewer: false,
        },
      };
    }
  }
}

const isPost = (node: Node | Parent | undefined): node is AppBskyFeedDefs.ThreadViewPost & Node =>
  node?.$type === "app.bsky.feed.defs#threadViewPost";

function above(node: Node): Item[] {
  const found: Item[] = [];
  let next: Node | Parent | undefined = isPost(node) ? node.parent : undefined;
  while (next !== undefined) {
    found.unshift(itemOf(next, -found.length - 1));
    next = isPost(next) ? next.parent : undefined;
  }
  return found;
}

/** Replies that are missing or blocked are left out, as in the flat list. */
function below(node: Node | Parent, depth: number): Item[] {
  const replies = isPost(node) ? (node.replies ?? []) : [];
  return replies.filter(isPost).flatMap((reply) => [itemOf(reply, depth), ...below(reply, depth + 1)]);
}

export const flatThread = (thread: Node): Item[] => [
  ...above(thread),
  itemOf(thread, 0),
  ...below(thread, 1),
];
