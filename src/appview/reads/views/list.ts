/** app.bsky.graph.defs#listView. */
import type { AppBskyGraphDefs } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import { isoOf } from "../../instants.ts";
import { didOf } from "../../uris.ts";
import { listBasic, listOfUri } from "./list-basic.ts";
import type { Present } from "./present.ts";
import { profileView } from "./profile.ts";
import type { Plain } from "./typed.ts";

export function listView(present: Present, uri: ResourceUri): Plain<AppBskyGraphDefs.ListView> | undefined {
  const list = listOfUri(present, uri);
  const basic = listBasic(present, uri);
  const creator = profileView(present, didOf(uri));
  if (list === undefined || basic === undefined || creator === undefined) return undefined;
  return {
    ...basic,
    creator,
    description: list.record.description,
    descriptionFacets: list.record.descriptionFacets,
    indexedAt: isoOf(list.sort),
  };
}
