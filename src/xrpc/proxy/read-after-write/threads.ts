/**
 * The member's own new replies in a thread, and threads that start with a new post the AppView has not seen.
 */
import type { ResourceUri } from "@atcute/lexicons";
import { type Json, at, isJson, listOf, textOf } from "../../../protocol/json.ts";
import type { LocalPost } from "./local.ts";
import type { OwnPostView } from "./posts.ts";

const THREAD_POST = "app.bsky.feed.defs#threadViewPost";

export interface OwnReply {
  post: OwnPostView;
  parent: string;
}

export const threadPost = (post: OwnPostView): Json => ({ $type: THREAD_POST, post });

export const notFoundPost = (uri: ResourceUri): Json => ({
  $type: "app.bsky.feed.defs#notFoundPost",
  uri,
  notFound: true,
});

const uriOf = (node: unknown) => at(node, "post", "uri");

/** The posts that reply within the thread that `thread`'s post belongs to. */
export function postsInThread(thread: Json, posts: LocalPost[]): LocalPost[] {
  const roots = [uriOf(thread), textOf(at(thread, "post", "record", "reply", "root", "uri"))];
  return posts.filter(({ record }) => record.reply !== undefined && roots.includes(record.reply.root.uri));
}

/**
 * Inserts `replies`, oldest first, so that a parent precedes its replies. `depth` is the number of levels
 * shown.
 */
export const withReplies = (thread: Json, replies: OwnReply[], depth: number): Json =>
  replies.reduce((node, reply) => withReply(node, reply, depth), thread);

function withReply(node: Json, reply: OwnReply, depth: number): Json {
  if (depth <= 0 || node.$type !== THREAD_POST) return node;
  const replies = listOf(node.replies);
  if (uriOf(node) === reply.parent) {
    const isThere = replies.some((each) => uriOf(each) === reply.post.uri);
    return isThere ? node : { ...node, replies: [threadPost(reply.post), ...replies] };
  }
  if (replies.length === 0) return node;
  return {
    ...node,
    replies: replies.map((each) => (isJson(each) ? withReply(each, reply, depth - 1) : each)),
  };
}

/** The ancestors of a post that are new as well: nearest first, at most `height`. */
export function newAncestors(post: LocalPost, posts: LocalPost[], height: number): LocalPost[] {
  const found: LocalPost[] = [];
  for (let next: LocalPost | undefined = post; found.length < height;) {
    const parent: string | undefined = next.record.reply?.parent.uri;
    next = posts.find((each) => each.uri === parent && each !== post && !found.includes(each));
    if (next === undefined) break;
    found.push(next);
  }
  return found;
}
