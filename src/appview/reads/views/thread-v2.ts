/**
 * app.bsky.unspecced.getPostThreadV2, getPostThreadOtherV2: a thread as a flat list, each item with its
 * depth. The "other" replies are those that the thread's author hid, those by authors that the viewer mutes,
 * and those of a lone 📌.
 */
import type { AppBskyUnspeccedGetPostThreadOtherV2 } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import { didOf } from "../../uris.ts";
import { postView } from "./post.ts";
import type { Present } from "./present.ts";
import { postBlocks, viewerBlocks } from "./rules.ts";
import { type ThreadSkeleton, childrenOf } from "./thread.ts";
import { type ReplyNode, sortReplies } from "./thread-sort.ts";
import {
  type Item,
  blocked,
  hiddenFromNobody,
  noUnauthenticated,
  notFound,
  numbered,
  postItem,
} from "./thread-v2-items.ts";
import {
  NONE,
  type Thread,
  type ThreadV2Options,
  flat,
  includedReply,
  otherness,
  repliesOf,
} from "./thread-v2-replies.ts";

type OtherItem = AppBskyUnspeccedGetPostThreadOtherV2.ThreadItem;

export interface ThreadV2Skeleton extends ThreadSkeleton {
  /** The author's own thread from its root on, in order; empty if the author did not continue it. */
  opThread: ResourceUri[];
}

export function threadV2(
  present: Present,
  skeleton: ThreadV2Skeleton,
  options: ThreadV2Options,
): { hasOtherReplies: boolean; thread: Item[] } {
  const { anchor, below, opThread } = skeleton;
  const { facts } = present;
  const post = postView(present, anchor);
  const info = facts.posts.get(anchor);
  if (post === undefined || info === undefined) {
    return { hasOtherReplies: false, thread: [notFound(anchor, 0)] };
  }
  if (viewerBlocks(facts, post.author.did)) {
    return { hasOtherReplies: false, thread: [blocked(present, anchor, 0)] };
  }
  const root = info.root ?? anchor;
  const children = childrenOf(present, anchor, below);
  const thread: Thread = { present, root, op: didOf(root), children, opThread, options };
  const above = info.violatesGate ? undefined : parentsOf(thread, anchor, -1);
  const isOp = info.author === thread.op && (above === undefined || above.isOpThread);
  const parents = above?.items ?? [];
  if (hiddenFromNobody(facts, post)) {
    return { hasOtherReplies: false, thread: [...parents, noUnauthenticated(anchor, 0)] };
  }
  const replies = info.violatesGate ? NONE : repliesOf(thread, anchor, 1, isOp);
  const item = postItem(post, { opThread: isOp });
  const items: Item[] = [
    ...parents,
    { uri: anchor, depth: 0, value: item },
    ...flat(thread, replies.nodes, 1),
  ];
  return { hasOtherReplies: replies.others, thread: numbered(items, opThread) };
}

/** Shows only the anchor's direct replies. Clients request the replies below each separately. */
export function threadOtherV2(present: Present, { anchor, below }: ThreadSkeleton): OtherItem[] {
  const { facts } = present;
  const post = postView(present, anchor);
  const info = facts.posts.get(anchor);
  if (post === undefined || info === undefined || viewerBlocks(facts, post.author.did)) return [];
  const root = info.root ?? anchor;
  const nodes = (childrenOf(present, anchor, below).get(anchor) ?? []).flatMap((uri): ReplyNode[] => {
    const reply = includedReply(present, uri, root);
    const other = reply === undefined ? undefined : otherness(facts, reply.info, root);
    if (reply === undefined || other === undefined) return [];
    const { hiddenByThreadgate, mutedByViewer } = other;
    return [{ uri, post: reply.post, opLikes: false, hiddenByThreadgate, mutedByViewer, replies: [] }];
  });
  return sortReplies(nodes, { op: didOf(root), viewer: facts.viewer, opThread: null, sort: "other" }).map(
    ({ uri, post: view, hiddenByThreadgate, mutedByViewer }) => ({
      uri,
      depth: 1,
      value: { ...postItem(view, {}), hiddenByThreadgate, mutedByViewer },
    }),
  );
}

interface Parents {
  /** From the top down. */
  items: Item[];
  /** Whether all are by the thread's author, from the root on. */
  isOpThread: boolean;
}

/** Returns undefined if there is no parent, or none within `above`. */
function parentsOf(thread: Thread, child: ResourceUri, depth: number): Parents | undefined {
  const { present, root, op, options } = thread;
  const { facts } = present;
  const uri = facts.posts.get(child)?.parent ?? null;
  if (-depth > options.above || uri === null) return undefined;
  const post = postView(present, uri);
  const info = facts.posts.get(uri);
  if (post === undefined || info === undefined) {
    return { items: [notFound(uri, depth)], isOpThread: false };
  }
  // A different thread begins here.
  if ((info.root ?? uri) !== root) return undefined;
  if (viewerBlocks(facts, info.author) || postBlocks(facts, child).parent) {
    return { items: [blocked(present, uri, depth)], isOpThread: false };
  }
  const above = parentsOf(thread, uri, depth - 1);
  const opThread = info.author === op && (above === undefined || above.isOpThread);
  const item = hiddenFromNobody(facts, post)
    ? noUnauthenticated(uri, depth)
    : {
        uri,
        depth,
        value: postItem(post, { opThread, moreParents: info.parent !== null && above === undefined }),
      };
  return { items: [...(above?.items ?? []), item], isOpThread: opThread };
}
