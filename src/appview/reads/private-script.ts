/** What only the viewer may know: mutes, bookmarks, subscriptions. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { Facts } from "./facts.ts";
import {
  type MuteRow,
  type SubscriptionRow,
  type ThreadMuteRow,
  selectBookmarked,
  selectMutes,
  selectSubscriptions,
  selectThreadMutes,
} from "./queries/private.ts";
import type { ViewContext } from "./view-context.ts";
import { Script } from "./script.ts";
import type { Needs, Wants } from "./hydration-needs.ts";

/**
 * The script of private facts. They go into relations that the index's script creates, so call `settle` after
 * both have run.
 */
export function privateScript(
  { directory }: ViewContext,
  facts: Facts,
  { dids, posts }: Wants,
  needs: Needs,
  viewer: Did,
): Script & { settle: () => void } {
  const script = new Script();
  const later: (() => void)[] = [];
  script.add<MuteRow>(dids.length > 0, selectMutes(directory, viewer, dids), (rows) =>
    later.push(() => {
      for (const { subject_did, only_reposts, only_quoteposts } of rows) {
        const relation = facts.relations.get(subject_did);
        if (relation === undefined || subject_did === viewer) continue;
        relation.mutedOnlyReposts = only_reposts === 1;
        relation.mutedOnlyQuoteposts = only_quoteposts === 1;
        relation.muted = only_reposts === 0 && only_quoteposts === 0;
      }
    }),
  );
  const roots = [
    ...new Set([...(needs.threads ?? []), ...[...facts.posts.values()].map(({ uri, root }) => root ?? uri)]),
  ];
  script.add<ThreadMuteRow>(roots.length > 0, selectThreadMutes(directory, viewer, roots), (rows) => {
    for (const { root_uri, created_at } of rows) facts.mutedThreads.set(root_uri, Date.parse(created_at));
  });
  script.add<{ uri: ResourceUri }>(posts.length > 0, selectBookmarked(directory, viewer, posts), (rows) => {
    for (const { uri } of rows) facts.bookmarked.add(uri);
  });
  const detailed = needs.detailed ?? [];
  script.add<SubscriptionRow>(detailed.length > 0, selectSubscriptions(directory, viewer, detailed), (rows) =>
    later.push(() => {
      for (const { subject_did, post, reply } of rows) {
        const relation = facts.relations.get(subject_did);
        if (relation !== undefined && (post === 1 || reply === 1)) {
          relation.activitySubscription = { post: post === 1, reply: reply === 1 };
        }
      }
    }),
  );
  return Object.assign(script, { settle: () => later.forEach((apply) => apply()) });
}
