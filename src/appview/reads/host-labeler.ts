/**
 * The host itself as a labeler. Its DID has no repo, so the two records that every labeler has, a profile and
 * app.bsky.labeler.service, are made here: with them clients list it, subscribe to it and report to it.
 */
import type { AppBskyActorProfile, AppBskyLabelerService } from "@atcute/bluesky";
import type { Did, ResourceUri } from "@atcute/lexicons";
import { isHandle } from "@atcute/lexicons/syntax";
import { encode } from "../../protocol/cbor.ts";
import { cidOfCbor } from "../../protocol/cid.ts";
import { jsonToLex } from "../../protocol/data-model.ts";
import { KNOWN_LABELS, type OwnLabel } from "../../protocol/settings/own-labels.ts";
import { GENERATOR, LABELER, uriOf } from "../uris.ts";
import type { Facts } from "./facts.ts";
import { hostFeedRecords } from "./host-feeds.ts";
import type { Script } from "./script.ts";

export interface LabelingHost {
  did: Did;
  /** `pds.example.com`: its handle, where it is one. */
  hostname: string;
  /** The community's name. */
  name: string;
  /** The community's own. */
  labels: readonly OwnLabel[];
  /** Those of which no display name is shown. */
  blockedWords: readonly string[];
}

/** When the two records say that they were made: a date before any host. */
const CREATED_AT = "2026-01-01T00:00:00.000Z";

/** Labels that every client knows, and the community's own with what they mean. Others have no definition. */
const serviceOf = ({ labels }: LabelingHost) =>
  ({
    $type: LABELER,
    createdAt: CREATED_AT,
    policies: {
      labelValues: [...KNOWN_LABELS, ...labels.map(({ value }) => value)],
      // A record has no undefined.
      ...(labels.length === 0 ? {} : { labelValueDefinitions: labels.map(definitionOf) }),
    },
    subjectTypes: ["account", "record"],
  }) satisfies AppBskyLabelerService.Main;

const definitionOf = ({ value, name, description, severity, blurs }: OwnLabel) => ({
  identifier: value,
  severity,
  blurs,
  defaultSetting: "warn" as const,
  locales: [{ lang: "en", name, description }],
});

const profileOf = ({ name }: LabelingHost): AppBskyActorProfile.Main => ({
  $type: "app.bsky.actor.profile",
  displayName: `${name}: moderation`.slice(0, 64),
  description: `Labels by the moderators of ${name}. Reports to this account reach them.`.slice(0, 256),
});

const cidOf = (record: object): string => cidOfCbor(encode(jsonToLex(record)));

export const labelerUri = (host: LabelingHost): ResourceUri => uriOf(host.did, LABELER, "self");

/** The host's handle; null for a name that cannot be one, such as `localhost`. */
export const handleOfHost = ({ hostname }: LabelingHost): string | null =>
  isHandle(hostname) ? hostname : null;

interface CountsRow {
  followers: number | null;
  likes: number;
}

/** Adds the host's facts, if they are wanted. Its followers and likes are counted like anybody's. */
export function addHostFacts(
  script: Script,
  db: D1Database,
  facts: Facts,
  host: LabelingHost,
  dids: readonly string[],
): void {
  const uri = labelerUri(host);
  const select = db
    .prepare(
      `SELECT (SELECT followers FROM actor WHERE did = ?1) AS followers,
        (SELECT count(*) FROM (SELECT 1 FROM "like" WHERE subject = ?2 LIMIT 10000)) AS likes`,
    )
    .bind(host.did, uri);
  script.add<CountsRow>(dids.includes(host.did), select, ([counts]) => {
    const service = serviceOf(host);
    const cid = cidOf(service);
    const made = { cid, sort: Date.parse(CREATED_AT), indexed: Date.parse(CREATED_AT) };
    const profile = profileOf(host);
    facts.actors.set(host.did, {
      did: host.did,
      handle: handleOfHost(host),
      home: null,
      checked: null,
      status: null,
      trustedVerifier: false,
      profile,
      profileCid: cidOf(profile),
      profileSort: made.sort,
      selves: { labeler: { cid } },
      followers: counts?.followers ?? 0,
      follows: 0,
      posts: 0,
      verifications: [],
    });
    const likes = counts?.likes ?? 0;
    facts.records.set(uri, {
      ...made,
      uri,
      did: host.did,
      collection: LABELER,
      record: service,
      likes,
      items: 0,
    });
    for (const [feed, record] of hostFeedRecords(host, CREATED_AT)) {
      facts.records.set(feed, {
        ...made,
        cid: cidOf(record),
        uri: feed,
        did: host.did,
        collection: GENERATOR,
        record,
        likes: 0,
        items: 0,
      });
    }
  });
}
