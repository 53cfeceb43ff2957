/** Values that the measures encode, decode, sign and check, as a host meets them. */
import { toBytes } from "../../../src/protocol/cbor.ts";
import { RAW, cidFromDigest, cidOfRaw, sha256 } from "../../../src/protocol/cid.ts";
import type { LexMap } from "../../../src/protocol/data-model.ts";

const DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const subject = {
  uri: `at://${DID}/app.bsky.feed.post/3jzfcijpj2z2a`,
  cid: "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq",
};
const createdAt = "2026-11-30T10:00:00.000Z";

export const like: LexMap = { $type: "app.bsky.feed.like", subject, createdAt };

/** A reply with a facet and a picture. */
export const post: LexMap = {
  $type: "app.bsky.feed.post",
  text: "The tide is out, and the keel of the old boat shows. See https://example.com/tides for more ⛵",
  langs: ["en"],
  createdAt,
  reply: { root: subject, parent: subject },
  facets: [
    {
      index: { byteStart: 56, byteEnd: 81 },
      features: [{ $type: "app.bsky.richtext.facet#link", uri: "https://example.com/tides" }],
    },
  ],
  embed: {
    $type: "app.bsky.embed.images",
    images: [
      {
        alt: "A keel in the sand",
        image: {
          $type: "blob",
          ref: { $link: cidOfRaw(new Uint8Array(1)) },
          mimeType: "image/jpeg",
          size: 351_202,
        },
        aspectRatio: { width: 4, height: 3 },
      },
    ],
  },
};

export const secret: Uint8Array = new Uint8Array(32).fill(7);
export const digest: Uint8Array = sha256(secret);

export const commit: LexMap = {
  did: DID,
  version: 3,
  data: { $link: cidFromDigest(RAW, digest) },
  rev: "3jzfcijpj2z2a",
  prev: null,
  sig: toBytes(new Uint8Array(64).fill(7)),
};
