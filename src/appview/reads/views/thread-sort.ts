/** In which order replies to one post stand. */
import type { AppBskyFeedDefs } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import type { Plain } from "./typed.ts";

export interface ReplyNode {
  uri: ResourceUri;
  post: Plain<AppBskyFeedDefs.PostView>;
  /** The thread's author likes it. */
  opLikes: boolean;
  hiddenByThreadgate: boolean;
  mutedByViewer: boolean;
  /** Part of the author's own thread, as far as this answer goes. */
  opThread?: boolean;
  replies: ReplyNode[];
}

/** `other`: replies that are hidden, those that are so for the weightier reason last. */
export type ThreadSort = "oldest" | "newest" | "top" | "other";

interface Order {
  /** Author of the thread. */
  op: string;
  viewer: string | null;
  /** Null: of no consequence. */
  opThread: ReadonlySet<string> | null;
  sort: ThreadSort;
}

/** Lower comes first: how the thread's author goes on, all else of theirs, the viewer's, those whom the viewer follows. */
function rankOf({ uri, post, mutedByViewer, hiddenByThreadgate }: ReplyNode, order: Order): number {
  if (order.opThread?.has(uri)) return 0;
  if (post.author.did === order.op) return 1;
  if (post.author.did === order.viewer) return 2;
  if (order.sort !== "other") return post.author.viewer?.following === undefined ? 4 : 3;
  return mutedByViewer ? 6 : hiddenByThreadgate ? 5 : 4;
}

/** As the reference weighs: likes count ever less, the thread's author's like by almost half as much again. */
const topValue = ({ post, opLikes }: ReplyNode): number =>
  Math.log(3 + (post.likeCount ?? 0)) * (opLikes ? 1.45 : 1);

const later = (a: ReplyNode, b: ReplyNode): number =>
  a.post.indexedAt === b.post.indexedAt ? 0 : a.post.indexedAt < b.post.indexedAt ? -1 : 1;

export function sortReplies(nodes: ReplyNode[], order: Order): ReplyNode[] {
  return nodes.toSorted((a, b) => {
    const rank = rankOf(a, order) - rankOf(b, order);
    if (rank !== 0) return rank;
    if (order.sort === "oldest") return later(a, b);
    return (order.sort === "top" ? topValue(b) - topValue(a) : 0) || later(b, a);
  });
}
