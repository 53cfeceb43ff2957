/** app.bsky.feed.defs#generatorView. */
import type { AppBskyFeedDefs, AppBskyFeedGenerator } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import { isoOf } from "../../instants.ts";
import { blobCid } from "../../../protocol/json.ts";
import { GENERATOR, didOf } from "../../uris.ts";
import { labelsOn } from "./labels.ts";
import { profileView } from "./profile.ts";
import type { Present } from "./present.ts";
import { visibleRecord } from "./rules.ts";
import type { Plain } from "./typed.ts";

export function generatorView(
  present: Present,
  uri: ResourceUri,
): Plain<AppBskyFeedDefs.GeneratorView> | undefined {
  const { facts, images } = present;
  const stored = visibleRecord(facts, uri);
  const creator = profileView(present, didOf(uri));
  if (stored === undefined || stored.collection !== GENERATOR || creator === undefined) return undefined;
  const record = stored.record as AppBskyFeedGenerator.Main;
  return {
    uri,
    cid: stored.cid,
    did: record.did,
    creator,
    displayName: record.displayName,
    description: record.description,
    descriptionFacets: record.descriptionFacets,
    avatar: images.of("avatar", didOf(uri), blobCid(record.avatar)),
    likeCount: stored.likes,
    acceptsInteractions: record.acceptsInteractions,
    labels: labelsOn(facts, uri),
    viewer: facts.viewer === null ? undefined : { like: facts.viewerLikes.get(uri) },
    contentMode: record.contentMode,
    indexedAt: isoOf(stored.sort),
  };
}
