/** app.bsky.graph.defs#starterPackViewBasic. */
import type { AppBskyGraphDefs } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import { isoOf } from "../instants.ts";
import { STARTER_PACK, didOf } from "../uris.ts";
import { labelsOn } from "./labels.ts";
import { profileBasic } from "./profile.ts";
import type { Present } from "./present.ts";
import { visibleRecord } from "./rules.ts";
import type { Plain } from "./typed.ts";

export function starterPackBasic(
  present: Present,
  uri: ResourceUri,
): Plain<AppBskyGraphDefs.StarterPackViewBasic> | undefined {
  const { facts } = present;
  const pack = visibleRecord(facts, uri);
  const creator = profileBasic(present, didOf(uri));
  if (pack === undefined || pack.collection !== STARTER_PACK || creator === undefined) return undefined;
  const joined = facts.joined.get(uri);
  return {
    uri,
    cid: pack.cid,
    record: { ...pack.record },
    creator,
    joinedAllTimeCount: joined?.all ?? 0,
    joinedWeekCount: joined?.week ?? 0,
    labels: labelsOn(facts, uri),
    indexedAt: isoOf(pack.sort),
  };
}
