/** The relations between the viewer and an account (app.bsky.actor.defs#viewerState). */
import type { AppBskyActorDefs } from "@atcute/bluesky";
import type { Did } from "@atcute/lexicons";
import type { Relation } from "../facts.ts";
import type { ActorFacts } from "../actor-facts.ts";
import { listBasic } from "./list-basic.ts";
import type { Present } from "./present.ts";
import { viewerBlocks } from "./rules.ts";

export function allowedSubscriptions({ selves }: ActorFacts): "followers" | "mutuals" | "none" {
  const allowed = selves.notification?.record.allowSubscriptions;
  if (allowed === "mutuals") return "mutuals";
  return allowed === "none" ? "none" : "followers";
}

/** Returns undefined without a viewer. For the viewer's own profile, all flags are false. */
export function viewerState(present: Present, did: Did): AppBskyActorDefs.ViewerState | undefined {
  const { facts } = present;
  const relation = facts.relations.get(did);
  if (relation === undefined) return undefined;
  const muted = relation.muted || relation.mutedByList !== null;
  const blocked = viewerBlocks(facts, did);
  return {
    muted,
    mutedOnlyReposts: !muted && relation.mutedOnlyReposts,
    mutedOnlyQuoteposts: !muted && relation.mutedOnlyQuoteposts,
    mutedByList: relation.mutedByList === null ? undefined : listBasic(present, relation.mutedByList),
    blockedBy: (relation.blockedBy ?? relation.blockedByList) !== null,
    blocking: relation.blocking ?? relation.blockingByList ?? undefined,
    blockingByList:
      relation.blockingByList === null ? undefined : listBasic(present, relation.blockingByList),
    following: blocked ? undefined : (relation.following ?? undefined),
    followedBy: blocked ? undefined : (relation.followedBy ?? undefined),
    activitySubscription: subscriptionTo(facts.actors.get(did), relation),
  };
}

/** The viewer state of a blocked post's author. */
export function blockedViewerState({ facts }: Present, did: Did): AppBskyActorDefs.ViewerState | undefined {
  const relation = facts.relations.get(did);
  if (relation === undefined) return undefined;
  return {
    blockedBy: (relation.blockedBy ?? relation.blockedByList) !== null,
    blocking: relation.blocking ?? relation.blockingByList ?? undefined,
  };
}

function subscriptionTo(actor: ActorFacts | undefined, relation: Relation) {
  if (actor === undefined || relation.activitySubscription === null) return undefined;
  const allowed = allowedSubscriptions(actor);
  const follows = relation.following !== null;
  const shown =
    (allowed === "followers" && follows) ||
    (allowed === "mutuals" && follows && relation.followedBy !== null);
  return shown ? relation.activitySubscription : undefined;
}
