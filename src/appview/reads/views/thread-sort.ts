/** The order of replies to one post. */
import type { AppBskyFeedDefs } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import type { Plain } from "./typed.ts";

export interface ReplyNode {
  uri: ResourceUri;
  post: Plain<AppBskyFeedDefs.PostView>;
  /** Whether the thread's author likes it. */
  opLikes: boolean;
  hiddenByThreadgate: boolean;
  mutedByViewer: boolean;
  /** Whether the reply continues the thread author's unbroken chain of posts from the root. */
  opThread?: boolean;
  replies: ReplyNode[];
}

/**
 * `other` sorts hidden replies by the weight of the reason: those hidden by the threadgate before the muted
 * ones.
 */
export type ThreadSort = "oldest" | "newest" | "top" | "other";

interface Order {
  /** The thread's author. */
  op: string;
  viewer: string | null;
  /** Null: not used for ranking. */
  opThread: ReadonlySet<string> | null;
  sort: ThreadSort;
}

/**
 * Lower comes first: the author's own thread, the author's other replies, the viewer's, those of accounts
 * that the viewer follows.
 */
function rankOf({ uri, post, mutedByViewer, hiddenByThreadgate }: ReplyNode, order: Order): number {
  if (order.opThread?.has(uri)) return 0;
  if (post.author.did === order.op) return 1;
  if (post.author.did === order.viewer) return 2;
  if (order.sort !== "other") return post.author.viewer?.following === undefined ? 4 : 3;
  return mutedByViewer ? 6 : hiddenByThreadgate ? 5 : 4;
}

/**
 * Weighs replies as the reference does: likes count logarithmically, and a like by the thread's author raises
 * the value by 45 per cent.
 */
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
