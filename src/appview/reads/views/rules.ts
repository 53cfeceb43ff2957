/** Visibility of accounts and records: pure predicates over facts, for rules and views. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { type Facts, type PostFacts, pairKey } from "../facts.ts";
import type { ActorFacts } from "../actor-facts.ts";
import { didOf } from "../../uris.ts";

/** Whether an account is taken down or suspended, by its own host or by a labeler that redacts. */
export function actorIsTakendown(facts: Facts, did: string): boolean {
  const status = facts.actors.get(did)?.status;
  return (
    status === "takendown" ||
    status === "suspended" ||
    facts.takedowns.has(did) ||
    facts.labels.get(did)?.takedown === true
  );
}

/** The account; undefined if hidden: not here, deactivated, suspended or taken down. */
export function visibleActor(facts: Facts, did: string): ActorFacts | undefined {
  const actor = facts.actors.get(did);
  return actor === undefined || actor.status !== null || actorIsTakendown(facts, did) ? undefined : actor;
}

export const recordIsTakendown = (facts: Facts, uri: string): boolean =>
  facts.takedowns.has(uri) || facts.labels.get(uri)?.takedown === true;

/** The post; undefined if taken down. Does not check its author. */
export function visiblePost(facts: Facts, uri: string): PostFacts | undefined {
  return recordIsTakendown(facts, uri) ? undefined : facts.posts.get(uri);
}

export function visibleRecord(facts: Facts, uri: string) {
  return recordIsTakendown(facts, uri) ? undefined : facts.records.get(uri);
}

/** Whether viewer or account blocks the other, directly or by list. */
export function viewerBlocks(facts: Facts, did: string): boolean {
  const relation = facts.relations.get(did);
  if (relation === undefined) return false;
  const { blocking, blockedBy, blockingByList, blockedByList } = relation;
  return (blocking ?? blockedBy ?? blockingByList ?? blockedByList) !== null;
}

export function viewerMutes(facts: Facts, did: string): boolean {
  const relation = facts.relations.get(did);
  return relation !== undefined && (relation.muted || relation.mutedByList !== null);
}

/** Whether either of two accounts blocks the other, independent of the viewer. */
export const blockEachOther = (facts: Facts, a: string, b: string): boolean =>
  facts.blockedPairs.has(pairKey(a, b));

/**
 * Whether the viewer sees content that a labeler holds back for review: only its author and the author's
 * followers do.
 */
export function viewerSeesNeedsReview(facts: Facts, did: Did, uri?: ResourceUri): boolean {
  const held =
    facts.labels.get(did)?.needsReview === true ||
    (uri !== undefined && facts.labels.get(uri)?.needsReview === true);
  return !held || facts.viewer === did || (facts.relations.get(did)?.following ?? null) !== null;
}

/** Whether the thread's author hid this reply (app.bsky.feed.threadgate `hiddenReplies`). */
export const isHiddenReply = (facts: Facts, reply: ResourceUri, root: ResourceUri): boolean =>
  facts.threadgates.get(root)?.record.hiddenReplies?.includes(reply) ?? false;

/** Third-party blocks: between a post's author and the authors of its parent, root and embed. */
export function postBlocks(facts: Facts, uri: string): { parent: boolean; root: boolean; embed: boolean } {
  const post = facts.posts.get(uri);
  const blocked = (ref: ResourceUri | null | undefined) =>
    post !== undefined && ref !== null && ref !== undefined && blockEachOther(facts, post.author, didOf(ref));
  return { parent: blocked(post?.parent), root: blocked(post?.root), embed: blocked(post?.embed) };
}
