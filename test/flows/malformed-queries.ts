/** Reads that ask for what cannot be asked for. */
import { pick } from "../../local/seed/random.ts";
import type { Family } from "./malformed-requests.ts";
import { INVALID, ask, noise, word } from "./malformed-requests.ts";

const QUERIES: [nsid: string, params: Record<string, string | string[]>][] = [
  ["com.atproto.repo.getRecord", { repo: "not a did", collection: "app.bsky.feed.post", rkey: "x" }],
  ["com.atproto.repo.getRecord", { repo: "did:plc:x", collection: "not-an-nsid", rkey: "x" }],
  ["com.atproto.repo.getRecord", { repo: "a.test", collection: "app.bsky.feed.post", rkey: "a/b" }],
  ["com.atproto.repo.listRecords", { repo: "a.test", collection: "app.bsky.feed.post", limit: "0" }],
  ["com.atproto.repo.listRecords", { repo: "a.test", collection: "app.bsky.feed.post", limit: "101" }],
  ["com.atproto.repo.listRecords", { repo: "a.test", collection: "app.bsky.feed.post", reverse: "maybe" }],
  ["com.atproto.repo.describeRepo", {}],
  ["com.atproto.sync.getRepo", { did: "did:" }],
  ["com.atproto.sync.getBlob", { did: "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", cid: "bafy" }],
  ["com.atproto.sync.getBlocks", { did: "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", cids: ["x", "y"] }],
  ["com.atproto.sync.listBlobs", { did: "nobody" }],
  ["com.atproto.sync.listRepos", { limit: "99999999999999999999" }],
  ["com.atproto.sync.getHostStatus", { hostname: "" }],
  ["com.atproto.identity.resolveHandle", { handle: "no dots" }],
  ["app.bsky.feed.getPosts", { uris: ["https://example.com"] }],
  ["app.bsky.feed.getPosts", { uris: Array.from({ length: 26 }, (_, i) => `at://did:plc:x/a.b.c/${i}`) }],
  ["app.bsky.feed.getPostThread", { uri: "at://", depth: "1" }],
  ["app.bsky.feed.getPostThread", { uri: "at://did:plc:x/app.bsky.feed.post/a", depth: "-1" }],
  ["app.bsky.feed.getAuthorFeed", { actor: "a.test", filter: "posts", limit: "1e3" }],
  ["app.bsky.feed.getLikes", { uri: "at://did:plc:x/app.bsky.feed.post/a", cid: "not-a-cid" }],
  ["app.bsky.actor.getProfile", { actor: "@" }],
  ["app.bsky.actor.getProfiles", { actors: Array.from({ length: 26 }, () => "a.test") }],
];

const TIMED_CURSORS = ["app.bsky.feed.getTimeline", "app.bsky.feed.getAuthorFeed", "app.bsky.feed.getLikes"];

export const queryFamilies: readonly Family[] = [
  {
    name: "a parameter that cannot be",
    count: 1200,
    errors: [...INVALID, "HostNotFound"],
    make(_, random) {
      const [nsid, params] = pick(QUERIES, random);
      return ask(nsid, { ...params, [word(random)]: noise(random).toWellFormed() });
    },
  },
  {
    name: "a parameter given twice",
    count: 60,
    errors: INVALID,
    make({ member }) {
      return ask("com.atproto.repo.listRecords", {
        repo: [member.did, member.did],
        collection: "app.bsky.feed.post",
      });
    },
  },
  {
    name: "a cursor that is none",
    count: 150,
    errors: INVALID,
    make({ member, posts }, random) {
      const cursor = pick(
        [
          word(random),
          `${word(random)}__${word(random)}`,
          "1__2__3",
          noise(random).toWellFormed().replaceAll("::", ""),
          "__",
          "99999999999999999999__x",
        ],
        random,
      );
      const uri = posts[0]?.uri ?? "";
      return ask(pick(TIMED_CURSORS, random), { actor: member.did, uri, cursor: `!${cursor}` }, member.auth);
    },
  },
  {
    name: "a subscription's cursor that is none",
    count: 100,
    errors: INVALID,
    make(_, random) {
      // Valid is an optional sign and digits, leading zeros too, as the reference's parameters take an integer: `3`, `03`.
      const odd = noise(random).toWellFormed();
      const nonsense = /^-?\d+$/.test(odd) ? `${odd}.0` : odd;
      const cursor = pick(["abc", "1.5", "3.0", " 3", "1e9", "", "9".repeat(30), nonsense], random);
      const asked = ask("com.atproto.sync.subscribeRepos", { cursor });
      return { path: asked.path, init: { headers: { upgrade: "websocket" } } };
    },
  },
];
