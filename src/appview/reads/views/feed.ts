/** app.bsky.feed.defs#feedViewPost, and the rules by which feeds omit items. */
import type { AppBskyFeedDefs } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import type { Facts } from "../facts.ts";
import { isoOf } from "../../instants.ts";
import type { FeedItem } from "../queries/feeds.ts";
import { didOf } from "../../uris.ts";
import { blockedPost, maybePost, postView } from "./post.ts";
import { profileBasic } from "./profile.ts";
import type { Present } from "./present.ts";
import { postBlocks, recordIsTakendown, viewerBlocks, viewerMutes } from "./rules.ts";

export function feedViewPost(present: Present, item: FeedItem): AppBskyFeedDefs.FeedViewPost | undefined {
  const { facts } = present;
  const reason = reasonOf(present, item);
  if (reason === null) return undefined;
  const post = postView(present, item.post);
  if (post === undefined) return undefined;
  return {
    post,
    reason,
    reply: facts.posts.get(item.post)?.violatesGate ? undefined : replyRef(present, item.post),
  };
}

/** Returns null for a repost whose record or author cannot be shown. */
function reasonOf(
  present: Present,
  { repost, pinned, post }: FeedItem,
): AppBskyFeedDefs.FeedViewPost["reason"] | null {
  if (pinned) return { $type: "app.bsky.feed.defs#reasonPin" };
  if (repost === null) return undefined;
  const found = present.facts.reposts.get(repost.uri);
  const by = profileBasic(present, repost.by);
  if (found === undefined || found.subject !== post || by === undefined) return null;
  if (recordIsTakendown(present.facts, repost.uri)) return null;
  return {
    $type: "app.bsky.feed.defs#reasonRepost",
    by,
    uri: found.uri,
    cid: found.cid,
    indexedAt: isoOf(found.sort),
  };
}

/**
 * The parent and root of a reply. A block between author and parent, or of either with the root, hides that
 * post from everyone.
 */
function replyRef(present: Present, uri: ResourceUri): AppBskyFeedDefs.ReplyRef | undefined {
  const { facts } = present;
  const post = facts.posts.get(uri);
  const refs = post?.record.reply;
  if (refs === undefined) return undefined;
  let root = maybePost(present, refs.root.uri, true);
  let parent = maybePost(present, refs.parent.uri, true);
  const own = postBlocks(facts, uri);
  const parents = postBlocks(facts, refs.parent.uri);
  if (parent.$type === "app.bsky.feed.defs#postView" && own.parent) {
    parent = blockedPost(present, refs.parent.uri);
  }
  if (root.$type === "app.bsky.feed.defs#postView" && (own.root || parents.root)) {
    root = blockedPost(present, refs.root.uri);
  }
  const grandparent =
    parent.$type === "app.bsky.feed.defs#postView" ? facts.posts.get(refs.parent.uri)?.parent : undefined;
  return {
    root,
    parent,
    grandparentAuthor: grandparent ? profileBasic(present, didOf(grandparent)) : undefined,
  };
}

export interface ItemStanding {
  originatorMuted: boolean;
  originatorRepostsMuted: boolean;
  originatorBlocked: boolean;
  authorMuted: boolean;
  authorQuotesMuted: boolean;
  authorBlocked: boolean;
  /** Whether the author of the post's parent or grandparent is blocked or blocks the viewer. */
  ancestorBlocked: boolean;
}

export function standingOf(facts: Facts, { post: uri, repost }: FeedItem): ItemStanding {
  const author = didOf(uri);
  const originator = repost?.by ?? author;
  const post = facts.posts.get(uri);
  const parent = post?.parent ?? null;
  const grandparent = parent === null ? null : (facts.posts.get(parent)?.parent ?? null);
  const blocked = (ref: ResourceUri | null) => ref !== null && viewerBlocks(facts, didOf(ref));
  return {
    originatorMuted: viewerMutes(facts, originator),
    originatorRepostsMuted: repost !== null && facts.relations.get(originator)?.mutedOnlyReposts === true,
    originatorBlocked: viewerBlocks(facts, originator),
    authorMuted: viewerMutes(facts, author),
    authorQuotesMuted:
      (post?.quoted ?? null) !== null && facts.relations.get(author)?.mutedOnlyQuoteposts === true,
    authorBlocked: viewerBlocks(facts, author),
    ancestorBlocked: blocked(parent) || blocked(grandparent),
  };
}

/** Whether a feed of many authors omits the item: for any block or mute. */
export const hidesItem = (facts: Facts, item: FeedItem): boolean =>
  Object.values(standingOf(facts, item)).includes(true);

/** Authors of the posts' grandparents: feed items show their profiles and check their blocks. */
export function grandparentAuthors(facts: Facts, items: FeedItem[]): string[] {
  return items.flatMap(({ post }) => {
    const parent = facts.posts.get(post)?.parent ?? null;
    const grandparent = parent === null ? null : (facts.posts.get(parent)?.parent ?? null);
    return grandparent === null ? [] : [didOf(grandparent)];
  });
}
