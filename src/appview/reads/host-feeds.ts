/**
 * The community's own feeds, which the host serves from the index: what is new here, and the best of the week.
 * The host's DID has no repo, so their records (app.bsky.feed.generator) are made here. A record of any account
 * that names the host as its service, under the same key, is served likewise; other AppViews ask for it by
 * getFeedSkeleton.
 */
import type { AppBskyFeedGenerator } from "@atcute/bluesky";
import type { Did, ResourceUri } from "@atcute/lexicons";
import { GENERATOR, didOf, rkeyOf, uriOf } from "../uris.ts";

interface Named {
  did: Did;
  /** The community's name. */
  name: string;
}

const KEYS = ["whats-new", "best-of-the-week"] as const;
type Key = (typeof KEYS)[number];

const isKey = (key: string): key is Key => KEYS.some((known) => known === key);

const BEST: Key = "best-of-the-week";

function recordOf({ did, name }: Named, key: Key, createdAt: string): AppBskyFeedGenerator.Main {
  const description =
    key === BEST
      ? `What people liked best at ${name} in the last seven days.`
      : `What people say at ${name}, the latest first.`;
  return {
    $type: GENERATOR,
    did,
    displayName: key === BEST ? "Best of the week" : "What’s new here",
    description: description.slice(0, 300),
    createdAt: createdAt as AppBskyFeedGenerator.Main["createdAt"],
  };
}

/** Whether the latest come first or the best, for a feed that the host serves; null for any other key. */
export const hostFeedOrder = (uri: string): { best: boolean } | null =>
  isKey(rkeyOf(uri)) ? { best: rkeyOf(uri) === BEST } : null;

/** Whether the URI is that of one of the host's own two records. */
export const isHostFeed = (host: Named, uri: string): boolean =>
  didOf(uri) === host.did && uri === uriOf(host.did, GENERATOR, rkeyOf(uri)) && isKey(rkeyOf(uri));

export const hostFeedUris = (host: Named): ResourceUri[] =>
  KEYS.map((key) => uriOf(host.did, GENERATOR, key));

/** The records, by URI. */
export const hostFeedRecords = (host: Named, createdAt: string): [ResourceUri, AppBskyFeedGenerator.Main][] =>
  KEYS.map((key) => [uriOf(host.did, GENERATOR, key), recordOf(host, key, createdAt)]);
