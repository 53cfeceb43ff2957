/** app.bsky.graph.defs#listViewBasic. */
import type { AppBskyGraphDefs, AppBskyGraphList } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import { isoOf } from "../../instants.ts";
import { blobCid } from "../../../protocol/json.ts";
import { LIST, didOf } from "../../uris.ts";
import { labelsOn } from "./labels.ts";
import type { Present } from "./present.ts";
import { visibleRecord } from "./rules.ts";
import type { Plain } from "./typed.ts";

export function listOfUri({ facts }: Present, uri: ResourceUri) {
  const stored = visibleRecord(facts, uri);
  // Indexed records are valid by their lexicon.
  return stored?.collection === LIST
    ? { ...stored, record: stored.record as AppBskyGraphList.Main }
    : undefined;
}

export function listBasic(
  present: Present,
  uri: ResourceUri,
): Plain<AppBskyGraphDefs.ListViewBasic> | undefined {
  const { facts, images } = present;
  const list = listOfUri(present, uri);
  if (list === undefined) return undefined;
  const relation = facts.listRelations.get(uri);
  return {
    uri,
    cid: list.cid,
    name: list.record.name,
    purpose: list.record.purpose,
    avatar: images.of("avatar", didOf(uri), blobCid(list.record.avatar)),
    listItemCount: list.items,
    indexedAt: isoOf(list.sort),
    labels: labelsOn(facts, uri),
    viewer: relation && { muted: relation.muted, blocked: relation.blocked ?? undefined },
  };
}
