/** app.bsky.feed.defs: posts, and placeholders for posts that cannot be shown. */
import type { AppBskyFeedDefs } from "@atcute/bluesky";
import type { Did, ResourceUri } from "@atcute/lexicons";
import { isoOf } from "../../instants.ts";
import { didOf } from "../../uris.ts";
import { type EmbedView, type RecordView, embedView } from "./embed.ts";
import { embeddingDisabled, replyDisabled, threadgateView } from "./gates.ts";
import { labelsOn, selfLabels } from "./labels.ts";
import { knownProfiles, profileBasic } from "./profile.ts";
import { blockedViewerState } from "./viewer-state.ts";
import type { Present } from "./present.ts";
import { viewerBlocks, visiblePost } from "./rules.ts";
import type { Plain, Typed } from "./typed.ts";

/** Embeds are shown two deep. */
const EMBED_DEPTH = 2;

/**
 * Returns undefined if the post or its author is hidden. `depth`: how many embeds deep this is. `part`: whether
 * another post shows it.
 */
export function postView(
  present: Present,
  uri: ResourceUri,
  depth = 0,
  part = depth > 0,
): Plain<AppBskyFeedDefs.PostView> | undefined {
  const { facts } = present;
  const post = visiblePost(facts, uri);
  if (post === undefined) return undefined;
  const author = profileBasic(present, post.author);
  if (author === undefined) return undefined;
  const record = part ? post.brief : post.record;
  const embed: EmbedView | undefined =
    depth < EMBED_DEPTH && record.embed !== undefined
      ? embedView(present, uri, record.embed, depth + 1, (quoted, deep) => quotedView(present, quoted, deep))
      : undefined;
  return {
    uri,
    cid: post.cid,
    author,
    record,
    embed,
    bookmarkCount: post.bookmarks,
    replyCount: post.replies,
    repostCount: post.reposts,
    likeCount: post.likes,
    quoteCount: post.quotes,
    indexedAt: isoOf(post.sort),
    viewer: postViewerState(present, uri),
    labels: [...labelsOn(facts, uri), ...selfLabels(uri, post.cid, post.record)],
    threadgate: post.parent === null ? threadgateView(present, uri, part) : undefined,
  };
}

function quotedView(present: Present, uri: ResourceUri, depth: number): RecordView | undefined {
  const view = postView(present, uri, depth);
  if (view === undefined) return undefined;
  return {
    $type: "app.bsky.embed.record#viewRecord",
    uri,
    cid: view.cid,
    author: view.author,
    value: view.record,
    labels: view.labels,
    likeCount: view.likeCount,
    replyCount: view.replyCount,
    repostCount: view.repostCount,
    quoteCount: view.quoteCount,
    indexedAt: view.indexedAt,
    ...(depth > 1 ? {} : { embeds: view.embed === undefined ? [] : [view.embed] }),
  };
}

function postViewerState(present: Present, uri: ResourceUri): AppBskyFeedDefs.ViewerState | undefined {
  const { facts } = present;
  const { viewer } = facts;
  if (viewer === null) return undefined;
  const author = didOf(uri);
  const root = facts.posts.get(uri)?.root ?? uri;
  const known = facts.knownLikers.get(uri);
  const pinned = facts.actors.get(author)?.profile?.pinnedPost;
  return {
    repost: facts.viewerReposts.get(uri),
    like: facts.viewerLikes.get(uri),
    bookmarked: facts.bookmarked.has(uri),
    threadMuted: facts.mutedThreads.has(root),
    replyDisabled: replyDisabled(facts, uri),
    embeddingDisabled: embeddingDisabled(facts, uri),
    pinned: author === viewer && pinned !== undefined ? pinned.uri === uri : undefined,
    ...(known === undefined
      ? {}
      : { knownLikers: { count: known.count, actors: knownProfiles(present, author, known) } }),
  };
}

export const notFoundPost = (uri: ResourceUri): Typed<AppBskyFeedDefs.NotFoundPost> => ({
  $type: "app.bsky.feed.defs#notFoundPost",
  uri,
  notFound: true,
});

export const blockedPost = (
  present: Present,
  uri: ResourceUri,
  did: Did = didOf(uri),
): Typed<AppBskyFeedDefs.BlockedPost> => ({
  $type: "app.bsky.feed.defs#blockedPost",
  uri,
  blocked: true,
  author: { did, viewer: blockedViewerState(present, did) },
});

export type MaybePost =
  | Typed<AppBskyFeedDefs.PostView>
  | Typed<AppBskyFeedDefs.NotFoundPost>
  | Typed<AppBskyFeedDefs.BlockedPost>;

export function maybePost(present: Present, uri: ResourceUri, part = false): MaybePost {
  const view = postView(present, uri, 0, part);
  if (view === undefined) return notFoundPost(uri);
  if (viewerBlocks(present.facts, view.author.did)) return blockedPost(present, uri);
  return { ...view, $type: "app.bsky.feed.defs#postView" };
}
