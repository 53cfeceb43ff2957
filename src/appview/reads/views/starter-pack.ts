/** app.bsky.graph.defs: starter packs, basic and full. */
import type { AppBskyGraphDefs } from "@atcute/bluesky";
import type { Did, ResourceUri } from "@atcute/lexicons";
import { isoOf } from "../../instants.ts";
import { LIST_ITEM, STARTER_PACK, didOf, uriOf } from "../../uris.ts";
import { generatorView } from "./generator.ts";
import { labelsOn } from "./labels.ts";
import { listBasic } from "./list-basic.ts";
import { profileBasic, profileView } from "./profile.ts";
import type { Present } from "./present.ts";
import { blockEachOther, visibleRecord } from "./rules.ts";
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

/** The list and feeds of a pack, and candidates for the sample of its members: the most followed first. */
export interface PackParts {
  list: ResourceUri;
  feeds: ResourceUri[];
  sample: { did: Did; rkey: string }[];
}

/** How many members a pack's page shows. */
const SHOWN = 12;

/** The full view of a pack. Members in a block with the list's owner are shown to the owner only. */
export function starterPack(
  present: Present,
  uri: ResourceUri,
  parts: PackParts | undefined,
): Plain<AppBskyGraphDefs.StarterPackView> | undefined {
  const basic = starterPackBasic(present, uri);
  if (basic === undefined || parts === undefined) return undefined;
  const { facts } = present;
  const { list, feeds, sample } = parts;
  const owner = didOf(list);
  const shown = sample.filter(({ did }) => facts.viewer === owner || !blockEachOther(facts, owner, did));
  return {
    ...basic,
    feeds: feeds.flatMap((feed) => generatorView(present, feed) ?? []),
    list: listBasic(present, list),
    listItemsSample: shown.slice(0, SHOWN).flatMap(({ did, rkey }) => {
      const subject = profileView(present, did);
      return subject === undefined ? [] : [{ uri: uriOf(owner, LIST_ITEM, rkey), subject }];
    }),
  };
}
