/** app.bsky.labeler.defs: labelers, basic and detailed. */
import type { AppBskyLabelerDefs, AppBskyLabelerService } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import { isoOf } from "../../instants.ts";
import { LABELER, didOf } from "../../uris.ts";
import { labelsOn, selfLabels } from "./labels.ts";
import { profileView } from "./profile.ts";
import type { Present } from "./present.ts";
import { visibleRecord } from "./rules.ts";
import type { Plain } from "./typed.ts";

export function labelerView(
  present: Present,
  uri: ResourceUri,
): Plain<AppBskyLabelerDefs.LabelerView> | undefined {
  const { facts } = present;
  const stored = visibleRecord(facts, uri);
  const creator = profileView(present, didOf(uri));
  if (stored === undefined || stored.collection !== LABELER || creator === undefined) return undefined;
  return {
    uri,
    cid: stored.cid,
    creator,
    likeCount: stored.likes,
    viewer: facts.viewer === null ? undefined : { like: facts.viewerLikes.get(uri) },
    indexedAt: isoOf(stored.sort),
    labels: [...labelsOn(facts, uri), ...selfLabels(uri, stored.cid, stored.record)],
  };
}

export function labelerDetailed(
  present: Present,
  uri: ResourceUri,
): Plain<AppBskyLabelerDefs.LabelerViewDetailed> | undefined {
  const view = labelerView(present, uri);
  if (view === undefined) return undefined;
  const record = present.facts.records.get(uri)?.record as AppBskyLabelerService.Main;
  return {
    ...view,
    policies: record.policies,
    reasonTypes: record.reasonTypes,
    subjectTypes: record.subjectTypes,
    subjectCollections: record.subjectCollections,
  };
}
