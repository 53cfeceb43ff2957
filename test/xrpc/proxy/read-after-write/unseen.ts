/** Records of a member that their AppView has not seen yet, for tests of what completes its answers. */
import type { Did } from "@atcute/lexicons";
import { type Local, localOf } from "../../../../src/xrpc/proxy/read-after-write/local.ts";
import { ImageUris } from "../../../../src/appview/images.ts";
import type { RecentRecord } from "../../../../src/protocol/account-station.ts";
import { must } from "../../../../src/protocol/refusal.ts";

export const DID: Did = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
export const OTHER: Did = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb";
export const CID = "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a";
export const PICTURE = "bafkreibme22gw2h7y2h7tg2fhqotaqjucnbc24deqo72b6mkl2egezxhvy";

/** Where the AppView is, and a rev on either side of that. */
export const SEEN = "3lcaaaaaaaa2a";
export const OLD = "3lbaaaaaaaa2a";
export const NEW = "3ldaaaaaaaa2a";

export const blob = { $type: "blob", ref: { $link: PICTURE }, mimeType: "image/png", size: 10 };

const MEMBER = { did: DID, handle: "ann.test", images: new ImageUris("https://pds.example.com") } as const;

/** The time of day on one day, as records and views write it. */
export const at = (time: string): string => `2026-11-30T${time}:00.000Z`;

export const uriOf = (rkey: string, did = DID) => `at://${did}/app.bsky.feed.post/${rkey}` as const;

/** A post made at a time of day, which is its key as well. */
export const post = (time: string, more: object = {}, indexedAt = at(time)): RecentRecord => ({
  uri: uriOf(time.replace(":", "")),
  cid: CID,
  value: { $type: "app.bsky.feed.post", text: time, createdAt: at(time), ...more },
  rev: NEW,
  indexedAt,
});

export const profile = (value: object = {}, rev = NEW): RecentRecord => ({
  uri: `at://${DID}/app.bsky.actor.profile/self`,
  cid: CID,
  value: { $type: "app.bsky.actor.profile", displayName: "Ann", ...value },
  rev,
  indexedAt: at("00:00"),
});

export const reply = (parent: string, root = parent) => ({
  reply: { parent: { uri: parent, cid: CID }, root: { uri: root, cid: CID } },
});

export const unseenOrNull = (posts: RecentRecord[], own: RecentRecord | null = null): Local | null =>
  localOf(MEMBER, { posts, profile: own }, SEEN);

export const unseen = (posts: RecentRecord[], own: RecentRecord | null = null): Local =>
  must(unseenOrNull(posts, own), "unseen records");
