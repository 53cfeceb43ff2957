/** The reads that only the viewer may see: mutes, bookmarks, subscriptions. */
import type { Did } from "@atcute/lexicons";
import type { Facts } from "./facts.ts";
import { type PrivateRow, selectPrivate } from "./queries/private.ts";
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
  { dids, posts }: Pick<Wants, "dids" | "posts">,
  { threads = [], detailed = [] }: Needs,
  viewer: Did,
): Script & { settle: () => void } {
  const script = new Script();
  const later: PrivateRow[] = [];
  const roots = [...new Set([...threads, ...[...facts.posts.values()].map(({ uri, root }) => root ?? uri)])];
  const any = dids.length + roots.length + posts.length + detailed.length > 0;
  const select = selectPrivate(directory, viewer, { muted: dids, roots, posts, subscribed: detailed });
  script.add<PrivateRow>(any, select, (rows) => {
    for (const row of rows) {
      if (row.kind === "thread") facts.mutedThreads.set(row.key, Date.parse(row.a));
      else if (row.kind === "bookmark") facts.bookmarked.add(row.key);
      else later.push(row);
    }
  });
  return Object.assign(script, { settle: () => later.forEach((row) => relate(facts, viewer, row)) });
}

function relate(facts: Facts, viewer: Did, { kind, key, a, b }: PrivateRow): void {
  const relation = facts.relations.get(key);
  if (relation === undefined) return;
  if (kind === "mute" && key !== viewer) {
    relation.mutedOnlyReposts = a === 1;
    relation.mutedOnlyQuoteposts = b === 1;
    relation.muted = a === 0 && b === 0;
  } else if (kind === "subscription" && (a === 1 || b === 1)) {
    relation.activitySubscription = { post: a === 1, reply: b === 1 };
  }
}
