/** An account's current status (app.bsky.actor.defs#statusView). */
import type { AppBskyActorDefs } from "@atcute/bluesky";
import type { ActorFacts } from "../actor-facts.ts";
import { isoOf } from "../../instants.ts";
import { STATUS, uriOf } from "../../uris.ts";
import { externalView } from "./external.ts";
import { labelsOn } from "./labels.ts";
import type { Present } from "./present.ts";

const MINUTE = 60_000;
const SHORTEST_STATUS = 5 * MINUTE;
const LONGEST_STATUS = 240 * MINUTE;

export function statusView(present: Present, actor: ActorFacts): AppBskyActorDefs.StatusView | undefined {
  const { facts } = present;
  const { status } = actor.selves;
  if (status === undefined) return undefined;
  const uri = uriOf(actor.did, STATUS, "self");
  const own = facts.viewer === actor.did;
  const hidden = facts.takedowns.has(uri);
  if (hidden && !own) return undefined;
  const { record } = status;
  const minutes = record.durationMinutes;
  const expires =
    minutes === undefined
      ? undefined
      : status.sort + Math.max(Math.min(minutes * MINUTE, LONGEST_STATUS), SHORTEST_STATUS);
  return {
    uri,
    cid: status.cid,
    record,
    status: record.status,
    embed: record.embed === undefined ? undefined : externalView(present, actor.did, record.embed),
    labels: labelsOn(facts, uri),
    expiresAt: expires === undefined ? undefined : isoOf(expires),
    isActive: expires === undefined ? undefined : expires > facts.now,
    isDisabled: own ? hidden : undefined,
  };
}
