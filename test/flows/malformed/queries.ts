/** Invalid queries. */
import { pick } from "../../../tools/seed/random.ts";
import type { Family, Random, Stage, Wrong } from "./requests.ts";
import { INVALID, ask, noise, sendJson, word } from "./requests.ts";

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

const SUBSCRIPTIONS = ["com.atproto.sync.subscribeRepos", "com.atproto.label.subscribeLabels"];

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
    byFrame: true,
    make(_, random) {
      // Valid is an optional sign and digits, also with leading zeros, as the reference's parameters accept
      // an integer: `3`, `03`.
      const odd = noise(random).toWellFormed();
      const nonsense = /^-?\d+$/.test(odd) ? `${odd}.0` : odd;
      const cursor = pick(["abc", "1.5", "3.0", " 3", "1e9", "", "9".repeat(30), nonsense], random);
      const asked = ask(pick(SUBSCRIPTIONS, random), { cursor });
      return { path: asked.path, init: { headers: { upgrade: "websocket" } } };
    },
  },
];

/** Values that are valid for some methods, and values that are valid for none. */
function oddValue({ member, other, posts }: Stage, random: Random): string {
  const { uri = "" } = posts[0] ?? {};
  return pick(
    [
      member.did,
      other.handle,
      uri,
      "app.bsky.feed.post",
      "3",
      "-1",
      "true",
      "",
      "2026-01-01T00:00:00Z",
      "did:web:example.com#service",
      "1__x",
      word(random),
      noise(random).toWellFormed(),
      word(random, 3_000),
    ],
    random,
  );
}

const NAMES =
  `actor actors actorDid did repo handle identifier uri uris list lists feed feeds feedInfo cursor limit q query term
  collection rkey cid cids subject subjects others sources uriPatterns starterPack filter depth aud lxm seenAt since
  hostname name email token password preferences id role code records reasonType writes record operation`.split(
    /\s+/,
  );

/** A call of a method with fields that the method may or may not have. */
export function anything({ nsid, verb }: Stage["methods"][number], stage: Stage, random: Random): Wrong {
  const auth = random() < 0.7 ? stage.member.auth : undefined;
  const chosen = NAMES.filter(() => random() < 0.4);
  const of = (name: string): [string, string] => [name, oddValue(stage, random)];
  if (verb === "GET") return ask(nsid, Object.fromEntries(chosen.map(of)), auth);
  const deep = () => pick<unknown>([null, 3, true, [], {}, [oddValue(stage, random)], { a: [{}] }], random);
  const input = Object.fromEntries(
    chosen.map((name): [string, unknown] => (random() < 0.6 ? of(name) : [name, deep()])),
  );
  return sendJson(nsid, auth === undefined ? null : stage.member, input);
}
