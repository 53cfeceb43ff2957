/** The replies of a flat thread: which belong to it, which are "other" ones, and their order. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { Facts, PostFacts } from "../facts.ts";
import { postView } from "./post.ts";
import type { Present } from "./present.ts";
import { isHiddenReply, postBlocks, viewerBlocks, viewerMutes, viewerSeesNeedsReview } from "./rules.ts";
import { type ReplyNode, type ThreadSort, sortReplies } from "./thread-sort.ts";
import { type Item, type PostView, hiddenFromNobody, postItem } from "./thread-v2-items.ts";

export interface ThreadV2Options {
  /** How many levels of parents. */
  above: number;
  /** How many levels of replies. */
  below: number;
  branchingFactor: number;
  sort: string;
}

/** The state of building one thread. */
export interface Thread {
  present: Present;
  root: ResourceUri;
  op: Did;
  children: Map<string, ResourceUri[]>;
  opThread: ResourceUri[];
  options: ThreadV2Options;
}

interface Replies {
  nodes: ReplyNode[];
  /** Whether some were omitted that are among the "other" ones. */
  others: boolean;
}

export const NONE: Replies = { nodes: [], others: false };

/** A reply that the viewer may see in the thread; undefined: it is omitted without a trace. */
export function includedReply(
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
export function otherness(
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

export function repliesOf(thread: Thread, parent: ResourceUri, depth: number, isOpThread: boolean): Replies {
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
export function flat(thread: Thread, nodes: ReplyNode[], depth: number): Item[] {
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
