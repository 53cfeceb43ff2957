/** app.bsky.feed.defs#threadViewPost: a post with its parents and replies. */
import type { AppBskyFeedDefs } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import { didOf } from "../../uris.ts";
import { blockedPost, notFoundPost, postView } from "./post.ts";
import type { Present } from "./present.ts";
import { postBlocks, viewerBlocks, viewerSeesNeedsReview } from "./rules.ts";
import type { Typed } from "./typed.ts";

type Thread = Typed<AppBskyFeedDefs.ThreadViewPost>;
type Blocked = Typed<AppBskyFeedDefs.BlockedPost>;
type NotFound = Typed<AppBskyFeedDefs.NotFoundPost>;

export interface ThreadSkeleton {
  anchor: ResourceUri;
  /** Descendants, newest first. */
  below: ResourceUri[];
}

interface Branches {
  root: ResourceUri;
  children: Map<string, ResourceUri[]>;
}

export function threadView(
  present: Present,
  { anchor, below }: ThreadSkeleton,
  { height, depth }: { height: number; depth: number },
): Thread | Blocked | NotFound {
  const { facts } = present;
  const post = postView(present, anchor);
  const info = facts.posts.get(anchor);
  if (post === undefined || info === undefined) return notFoundPost(anchor);
  if (viewerBlocks(facts, post.author.did)) return blockedPost(present, anchor);
  const branches = { root: info.root ?? anchor, children: childrenOf(present, anchor, below) };
  return {
    $type: "app.bsky.feed.defs#threadViewPost",
    post,
    parent: info.violatesGate ? undefined : parentView(present, anchor, branches.root, height),
    replies: info.violatesGate ? undefined : repliesView(present, anchor, branches, depth),
    threadContext: { rootAuthorLike: facts.rootLikes.get(anchor) },
  };
}

export function childrenOf(
  { facts }: Present,
  anchor: ResourceUri,
  below: ResourceUri[],
): Map<string, ResourceUri[]> {
  const children = new Map<string, ResourceUri[]>();
  const seen = new Set<string>([anchor]);
  for (const uri of below) {
    const parent = facts.posts.get(uri)?.parent ?? null;
    if (parent === null || seen.has(uri)) continue;
    seen.add(uri);
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [uri]);
    else siblings.push(uri);
  }
  return children;
}

function parentView(
  present: Present,
  child: ResourceUri,
  root: ResourceUri,
  height: number,
): Thread | Blocked | NotFound | undefined {
  const { facts } = present;
  const uri = facts.posts.get(child)?.parent ?? null;
  if (height < 1 || uri === null) return undefined;
  if (postBlocks(facts, child).parent) return blockedPost(present, uri);
  const post = postView(present, uri);
  const info = facts.posts.get(uri);
  if (post === undefined || info === undefined) return notFoundPost(uri);
  // A different thread begins here.
  if ((info.root ?? uri) !== root) return undefined;
  if (viewerBlocks(facts, post.author.did)) return blockedPost(present, uri);
  return {
    $type: "app.bsky.feed.defs#threadViewPost",
    post,
    parent: parentView(present, uri, root, height - 1),
    threadContext: { rootAuthorLike: facts.rootLikes.get(uri) },
  };
}

function repliesView(
  present: Present,
  parent: ResourceUri,
  branches: Branches,
  depth: number,
): (Thread | Blocked)[] | undefined {
  if (depth < 1) return undefined;
  return (branches.children.get(parent) ?? []).flatMap(
    (uri) => replyView(present, uri, branches, depth) ?? [],
  );
}

/** Returns undefined for a reply that is omitted without a trace. */
function replyView(
  present: Present,
  uri: ResourceUri,
  branches: Branches,
  depth: number,
): Thread | Blocked | undefined {
  const { facts } = present;
  const info = facts.posts.get(uri);
  if (info === undefined || info.violatesGate || postBlocks(facts, uri).parent) return undefined;
  const post = postView(present, uri);
  if (post === undefined || (info.root ?? uri) !== branches.root) return undefined;
  if (viewerBlocks(facts, didOf(uri))) return blockedPost(present, uri);
  if (!viewerSeesNeedsReview(facts, post.author.did, uri)) return undefined;
  return {
    $type: "app.bsky.feed.defs#threadViewPost",
    post,
    replies: repliesView(present, uri, branches, depth - 1),
    threadContext: { rootAuthorLike: facts.rootLikes.get(uri) },
  };
}
