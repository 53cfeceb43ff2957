/** At-uris in the index: always `at://<did>/<collection>/<rkey>`. */
import type { Did, ResourceUri } from "@atcute/lexicons";

export const POST = "app.bsky.feed.post";
export const LIKE = "app.bsky.feed.like";
export const REPOST = "app.bsky.feed.repost";
export const THREADGATE = "app.bsky.feed.threadgate";
export const POSTGATE = "app.bsky.feed.postgate";
export const GENERATOR = "app.bsky.feed.generator";
export const FOLLOW = "app.bsky.graph.follow";
export const BLOCK = "app.bsky.graph.block";
export const LIST = "app.bsky.graph.list";
export const LIST_ITEM = "app.bsky.graph.listitem";
export const LIST_BLOCK = "app.bsky.graph.listblock";
export const STARTER_PACK = "app.bsky.graph.starterpack";
export const VERIFICATION = "app.bsky.graph.verification";
export const LABELER = "app.bsky.labeler.service";
export const PROFILE = "app.bsky.actor.profile";
export const STATUS = "app.bsky.actor.status";

/** Whether an identifier, which is a DID or a handle, is a DID. */
export const isDid = (id: string): id is Did => id.startsWith("did:");

export const uriOf = (did: Did, collection: string, rkey: string): ResourceUri =>
  `at://${did}/${collection}/${rkey}` as ResourceUri;

/** The authority of an at-uri; empty if the text has none. Record URIs in the index have a DID there. */
export function didOf(uri: string): Did {
  const end = uri.indexOf("/", 5);
  return (end < 0 ? uri.slice(5) : uri.slice(5, end)) as Did;
}

/** Empty when the URI names no collection. */
export function collectionOf(uri: string): string {
  const start = uri.indexOf("/", 5) + 1;
  if (start === 0) return "";
  const end = uri.indexOf("/", start);
  return end < 0 ? uri.slice(start) : uri.slice(start, end);
}

/** Empty when the URI names no record. */
export function rkeyOf(uri: string): string {
  const start = uri.indexOf("/", uri.indexOf("/", 5) + 1) + 1;
  return start === 0 ? "" : uri.slice(start);
}

/** Whether `uri` has the form of a post's URI with a DID. */
export const isPostUri = (uri: string): boolean =>
  uri.startsWith("at://did:") && collectionOf(uri) === POST && rkeyOf(uri) !== "";

/** A post's gates share its authority and key (app.bsky.feed.threadgate, postgate). */
export const threadgateOf = (post: string): string => post.replace(`/${POST}/`, `/${THREADGATE}/`);
export const postgateOf = (post: string): string => post.replace(`/${POST}/`, `/${POSTGATE}/`);
