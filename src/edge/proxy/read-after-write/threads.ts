/** The member's own new replies in a thread, and a thread that begins with a post nobody else knows yet. */
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

/** Which posts answer in the thread that `thread`'s post is of. */
export function postsInThread(thread: Json, posts: LocalPost[]): LocalPost[] {
  const roots = [uriOf(thread), textOf(at(thread, "post", "record", "reply", "root", "uri"))];
  return posts.filter(({ record }) => record.reply !== undefined && roots.includes(record.reply.root.uri));
}

/** `replies` oldest first, so that what is answered stands before its answer. `depth`: how many levels are shown. */
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

/** What a post answers, and what that answers, as far as those are new too: nearest first, at most `height`. */
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
