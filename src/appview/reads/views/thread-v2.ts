/**
 * app.bsky.unspecced.getPostThreadV2, getPostThreadOtherV2: a thread as a flat list, each item with its
 * depth. The "other" replies are those that the thread's author hid, those by authors that the viewer mutes,
 * and those of a lone 📌.
 */
import type {
  AppBskyFeedDefs,
  AppBskyUnspeccedDefs,
  AppBskyUnspeccedGetPostThreadOtherV2,
  AppBskyUnspeccedGetPostThreadV2,
} from "@atcute/bluesky";
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { Facts, PostFacts } from "../facts.ts";
import { didOf } from "../../uris.ts";
import { blockedViewerState } from "./profile.ts";
import { postView } from "./post.ts";
import type { Present } from "./present.ts";
import { isHiddenReply, postBlocks, viewerBlocks, viewerMutes, viewerSeesNeedsReview } from "./rules.ts";
import { type ThreadSkeleton, childrenOf } from "./thread.ts";
import { type ReplyNode, type ThreadSort, sortReplies } from "./thread-sort.ts";
import type { Plain, Typed } from "./typed.ts";

type Item = AppBskyUnspeccedGetPostThreadV2.ThreadItem;
type OtherItem = AppBskyUnspeccedGetPostThreadOtherV2.ThreadItem;
type PostItem = Typed<AppBskyUnspeccedDefs.ThreadItemPost>;
type PostView = Plain<AppBskyFeedDefs.PostView>;

export interface ThreadV2Skeleton extends ThreadSkeleton {
  /** The author's own thread from its root on, in order; empty if the author did not continue it. */
  opThread: ResourceUri[];
}

export interface ThreadV2Options {
  /** How many levels of parents. */
  above: number;
  /** How many levels of replies. */
  below: number;
  branchingFactor: number;
  sort: string;
}

/** The state of building one thread. */
interface Thread {
  present: Present;
  root: ResourceUri;
  op: Did;
  children: Map<string, ResourceUri[]>;
  opThread: ResourceUri[];
  options: ThreadV2Options;
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

// ------------------------------------------------------------------------------------------------ items

const notFound = (uri: ResourceUri, depth: number): Item => ({
  uri,
  depth,
  value: { $type: "app.bsky.unspecced.defs#threadItemNotFound" },
});

const noUnauthenticated = (uri: ResourceUri, depth: number): Item => ({
  uri,
  depth,
  value: { $type: "app.bsky.unspecced.defs#threadItemNoUnauthenticated" },
});

function blocked(present: Present, uri: ResourceUri, depth: number): Item {
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

const postItem = (post: PostView, { opThread = false, moreParents = false, moreReplies = 0 }): PostItem => ({
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
const hiddenFromNobody = ({ viewer }: Facts, { author }: PostView): boolean =>
  viewer === null && (author.labels ?? []).some(({ val }) => val === "!no-unauthenticated");

/** Adds to every post its position in the thread author's own thread, if there is one. */
function numbered(items: Item[], opThread: ResourceUri[]): Item[] {
  if (opThread.length === 0) return items;
  return items.map((item) => {
    if (item.value.$type !== "app.bsky.unspecced.defs#threadItemPost") return item;
    const index = opThread.indexOf(item.uri);
    const place = index < 0 ? {} : { opThreadPostIndex: index + 1, opThreadPostCount: opThread.length };
    return { ...item, value: { ...item.value, opThread: index >= 0, ...place } };
  });
}

// ------------------------------------------------------------------------------------------------ above

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

// ------------------------------------------------------------------------------------------------ below

interface Replies {
  nodes: ReplyNode[];
  /** Whether some were omitted that are among the "other" ones. */
  others: boolean;
}
const NONE: Replies = { nodes: [], others: false };

/** A reply that the viewer may see in the thread; undefined: it is omitted without a trace. */
function includedReply(
  present: Present,
  uri: ResourceUri,
  root: ResourceUri,
): { post: PostView; info: PostFacts } | undefined {
  const { facts } = present;
  const info = facts.posts.get(uri);
  if (info === undefined || info.violatesGate || (info.root ?? uri) !== root) return undefined;
  if (viewerBlocks(facts, info.author) || postBlocks(facts, uri).parent) return undefined;
  const post = postView(present, uri);
  if (post === undefined || !viewerSeesNeedsReview(facts, info.author, uri)) return undefined;
  return hiddenFromNobody(facts, post) ? undefined : { post, info };
}

/** Why a reply is one of the "other" ones; undefined if it is not. */
function otherness(
  facts: Facts,
  { uri, author, record }: PostFacts,
  root: ResourceUri,
): { hiddenByThreadgate: boolean; mutedByViewer: boolean } | undefined {
  const hiddenByThreadgate = facts.viewer !== author && isHiddenReply(facts, uri, root);
  const mutedByViewer = viewerMutes(facts, author);
  // Some people bookmark a thread by replying with a lone pin.
  const isPin = record.text.trim() === "📌";
  return hiddenByThreadgate || mutedByViewer || isPin ? { hiddenByThreadgate, mutedByViewer } : undefined;
}

function repliesOf(thread: Thread, parent: ResourceUri, depth: number, isOpThread: boolean): Replies {
  const { present, root, op, children, options } = thread;
  if (depth > options.below) return NONE;
  let others = false;
  const nodes = (children.get(parent) ?? []).flatMap((uri): ReplyNode[] => {
    const reply = includedReply(present, uri, root);
    if (reply === undefined) return [];
    if (otherness(present.facts, reply.info, root) !== undefined) {
      others = true;
      return [];
    }
    const opThread = isOpThread && reply.info.author === op;
    return [
      {
        uri,
        post: reply.post,
        opLikes: present.facts.rootLikes.has(uri),
        hiddenByThreadgate: false,
        mutedByViewer: false,
        opThread,
        replies: repliesOf(thread, uri, depth + 1, opThread).nodes,
      },
    ];
  });
  return { nodes, others };
}

/** Sorts the replies. Below the anchor's direct replies, keeps only the first `branchingFactor` of each. */
function flat(thread: Thread, nodes: ReplyNode[], depth: number): Item[] {
  const { op, opThread, present, options } = thread;
  const { viewer } = present.facts;
  const sorted = sortReplies(nodes, { op, viewer, opThread: new Set(opThread), sort: sortOf(options.sort) });
  const kept = depth === 1 ? sorted : sorted.slice(0, options.branchingFactor);
  const shown = depth === options.below ? 0 : options.branchingFactor;
  return kept.flatMap(({ uri, post, opThread: inOpThread, replies }) => [
    {
      uri,
      depth,
      value: postItem(post, {
        opThread: inOpThread ?? false,
        moreReplies: Math.max((post.replyCount ?? 0) - shown, 0),
      }),
    },
    ...flat(thread, replies, depth + 1),
  ]);
}

const sortOf = (sort: string): ThreadSort => (sort === "oldest" || sort === "top" ? sort : "newest");
