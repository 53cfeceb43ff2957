/** Threadgates and postgates: their rules for the viewer, and their views. */
import type { AppBskyFeedDefs } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import type { Facts } from "../facts.ts";
import { at, listOf } from "../../../protocol/json.ts";
import { didOf } from "../../uris.ts";
import { listBasic } from "./list-basic.ts";
import type { Present } from "./present.ts";

/** `part`: whether the post is shown within another. */
export function threadgateView(
  present: Present,
  post: ResourceUri,
  part = false,
): AppBskyFeedDefs.ThreadgateView | undefined {
  const gate = present.facts.threadgates.get(post);
  if (gate === undefined) return undefined;
  return {
    uri: gate.uri,
    cid: gate.cid,
    record: part ? gate.brief : gate.record,
    lists: (gate.record.allow ?? []).flatMap((rule) =>
      rule.$type === "app.bsky.feed.threadgate#listRule" ? (listBasic(present, rule.list) ?? []) : [],
    ),
  };
}

/**
 * Whether the viewer may not reply; undefined without a gate or a viewer. Nobody may reply to a post that
 * violates its thread's gate. The owner always may otherwise, and an absent `allow` allows everybody.
 */
export function replyDisabled(facts: Facts, uri: ResourceUri): boolean | undefined {
  const post = facts.posts.get(uri);
  if (post?.violatesGate) return true;
  const root = post?.root ?? uri;
  const gate = facts.threadgates.get(root)?.record;
  const { viewer } = facts;
  if (gate === undefined || viewer === null) return undefined;
  const owner = didOf(root);
  if (viewer === owner || gate.allow === undefined) return false;
  const relation = facts.relations.get(owner);
  return !gate.allow.some((rule) => {
    switch (rule.$type) {
      case "app.bsky.feed.threadgate#mentionRule":
        return mentions(facts.posts.get(root)?.record, viewer);
      case "app.bsky.feed.threadgate#followerRule":
        return (relation?.following ?? null) !== null;
      case "app.bsky.feed.threadgate#followingRule":
        return (relation?.followedBy ?? null) !== null;
      case "app.bsky.feed.threadgate#listRule":
        return facts.listRelations.get(rule.list)?.member === true;
      default:
        return false;
    }
  });
}

const mentions = (record: unknown, did: string): boolean =>
  listOf(at(record, "facets"))
    .flatMap((facet) => listOf(at(facet, "features")))
    .some(
      (feature) => at(feature, "$type") === "app.bsky.richtext.facet#mention" && at(feature, "did") === did,
    );

/** Whether the viewer may not quote the post. */
export function embeddingDisabled(facts: Facts, uri: ResourceUri): boolean {
  if (facts.viewer === didOf(uri)) return false;
  const rules = facts.postgates.get(uri)?.record.embeddingRules ?? [];
  return rules.some((rule) => rule.$type === "app.bsky.feed.postgate#disableRule");
}
