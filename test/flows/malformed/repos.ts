/** Requests that are wrong in what they would write: records, keys, batches, blobs, archives. */
import { pick } from "../../../tools/seed/random.ts";
import { encode } from "../../../src/protocol/cbor.ts";
import { cidOfCbor, cidOfRaw } from "../../../src/protocol/cid.ts";
import type { Family, Random, Stage, Wrong } from "./requests.ts";
import { INVALID, ask, bytes, call, sendJson, word } from "./requests.ts";

const POST = "app.bsky.feed.post";
const UNKNOWN = "com.example.thing";
const createdAt = "2026-01-01T00:00:00.000Z";
const CID = cidOfCbor(encode({}));
const nowhere = (random: Random) => cidOfRaw(bytes(random, 16));

const create = ({ member }: Stage, collection: string, record: unknown, more: object = {}): Wrong =>
  sendJson("com.atproto.repo.createRecord", member, { repo: member.did, collection, record, ...more });

/** A value outside the data model, as JSON text. */
function notOfTheModel(random: Random): string {
  return pick(
    [
      "1.5",
      "-0.25",
      "1e400",
      "9007199254740993",
      "-9007199254740992",
      "1e300",
      `{"$link":"${word(random)}"}`,
      `{"$link":5}`,
      `{"$link":"${CID}","and":1}`,
      `{"$link":null}`,
      `{"$bytes":"${word(random)}!"}`,
      `{"$bytes":["AA"]}`,
      `{"$bytes":"AAAA","x":1}`,
      `"\\ud800"`,
      `"a\\udc00b"`,
      `{"\\ud83d":1}`,
      `{"$type":7}`,
      `{"$type":""}`,
      `{"$type":"blob"}`,
      `{"$type":"blob","ref":{"$link":"${CID}"},"mimeType":"image/png","size":1}`,
      `{"$type":"blob","ref":{"$link":"${nowhere(random)}"},"mimeType":"image/png","size":-1}`,
      `{"$type":"blob","ref":{"$link":"${nowhere(random)}"},"mimeType":5,"size":1}`,
      `{"$type":"blob","ref":{"$link":"${nowhere(random)}"},"mimeType":"image/png","size":1.5}`,
      `{"cid":"${nowhere(random)}","mimeType":"image/png"}`,
      `${"[".repeat(140)}${"]".repeat(140)}`,
    ],
    random,
  );
}

/** Puts a value somewhere into a record, as text, so that values that JSON cannot hold get through. */
function placed(value: string, random: Random): string {
  return pick(
    [
      `{"value":${value}}`,
      `{"list":[1,2,${value}]}`,
      `{"a":{"b":{"c":${value}}},"d":"e"}`,
      `{"list":[{"x":[${value}]}]}`,
      `{"$type":"${UNKNOWN}","extra":${value}}`,
    ],
    random,
  );
}

/** Records that fail their lexicon. */
function badRecords({ other, posts }: Stage, random: Random): [collection: string, record: object] {
  const post = { $type: POST, text: "x", createdAt };
  const [subject = { uri: "", cid: "" }] = posts;
  return pick<[string, object]>(
    [
      [POST, { text: "x" }],
      [POST, { createdAt }],
      [POST, { ...post, text: word(random, 3_001) }],
      [POST, { ...post, text: "é".repeat(301) }],
      [POST, { ...post, text: 5 }],
      [
        POST,
        { ...post, createdAt: pick(["yesterday", "2026-13-01T00:00:00Z", "2026-01-01", "", "0"], random) },
      ],
      [POST, { ...post, $type: `app.bsky.feed.${word(random)}` }],
      [POST, { ...post, langs: ["en", "de", "fr", "it"] }],
      [POST, { ...post, langs: ["not a language"] }],
      [POST, { ...post, reply: { root: subject } }],
      [POST, { ...post, reply: { root: { uri: "at://x", cid: "y" }, parent: subject } }],
      [POST, { ...post, facets: [{ index: { byteStart: -1, byteEnd: 2 }, features: [] }] }],
      [POST, { ...post, embed: { $type: "app.bsky.embed.images", images: "none" } }],
      [POST, { ...post, embed: { $type: "app.bsky.embed.record", record: { uri: "x", cid: "y" } } }],
      [POST, { ...post, embed: { images: [] } }],
      [POST, { ...post, tags: [word(random, 700)] }],
      ["app.bsky.feed.like", { subject: { uri: "https://example.com", cid: subject.cid }, createdAt }],
      ["app.bsky.feed.like", { subject: subject.uri, createdAt }],
      ["app.bsky.feed.repost", { createdAt }],
      ["app.bsky.graph.follow", { subject: other.handle, createdAt }],
      ["app.bsky.graph.follow", { subject: null, createdAt }],
      ["app.bsky.graph.list", { name: "", purpose: "app.bsky.graph.defs#curatelist", createdAt }],
      ["app.bsky.graph.listitem", { subject: other.did, list: "x", createdAt }],
      ["app.bsky.graph.block", { subject: "did:", createdAt }],
      ["app.bsky.actor.profile", { displayName: word(random, 641) }],
      [UNKNOWN, { $type: POST, text: "of another type" }],
    ],
    random,
  );
}

const KEYS = ["", ".", "..", "a/b", "a b", "ü", "#", "x".repeat(513), "a\u0000", "😀", "%"];

/** A batch of writes that cannot be made together, or at all. */
function badBatch(stage: Stage, random: Random): object {
  const { member, posts } = stage;
  const kind = (name: string) => `com.atproto.repo.applyWrites#${name}`;
  const value = { text: "x" };
  const key = word(random);
  const add = (rkey: string) => ({ $type: kind("create"), collection: UNKNOWN, rkey, value });
  const remove = (rkey: string, collection = UNKNOWN) => ({ $type: kind("delete"), collection, rkey });
  const change = (rkey: string, collection = UNKNOWN) => ({ $type: kind("update"), collection, rkey, value });
  const post = pick(posts, random);
  const writes = pick<unknown[]>(
    [
      [add(key), remove(key), remove(key)],
      [add(key), remove(key), change(key)],
      [remove(post.rkey, POST), remove(post.rkey, POST)],
      [remove(post.rkey, POST), change(post.rkey, POST)],
      [add(word(random)), change(`absent-${key}`)],
      [add(word(random)), remove(`absent-${key}`)],
      [add(word(random)), { ...add(key), $type: kind(word(random)) }],
      [add(word(random)), { collection: UNKNOWN, rkey: key, value }],
      [add(word(random)), { ...add(key), collection: POST, value: { text: "no date" } }],
      [add(word(random)), { ...add(key), value: "none" }],
      [add(word(random)), add(pick(KEYS, random))],
      Array.from({ length: 201 }, (_, i) => add(`${key}${i}`)),
      [add(word(random)), "write", null],
    ],
    random,
  );
  return { repo: member.did, writes };
}

export const repoFamilies: readonly Family[] = [
  {
    name: "a record with what the data model does not have",
    count: 250,
    errors: [...INVALID, "BlobNotFound"],
    make({ member }, random) {
      const record = placed(notOfTheModel(random), random);
      const { did } = member;
      const [nsid, rest] = pick(
        [
          ["createRecord", ""],
          ["putRecord", `,"rkey":"${word(random)}"`],
          ["createRecord", `,"validate":false`],
        ] as const,
        random,
      );
      const body = `{"repo":"${did}","collection":"${UNKNOWN}"${rest},"record":${record}}`;
      return call(`com.atproto.repo.${nsid}`, member, body);
    },
  },
  {
    name: "a record that its lexicon refuses",
    count: 200,
    errors: INVALID,
    make(stage, random) {
      const [collection, record] = badRecords(stage, random);
      return create(stage, collection, record);
    },
  },
  {
    name: "a record that must be known and is not, or is no record",
    count: 60,
    errors: INVALID,
    make(stage, random) {
      if (random() < 0.5) return create(stage, UNKNOWN, { text: word(random) }, { validate: true });
      return create(stage, POST, pick([null, [], "text", 5, true, [{ text: "x", createdAt }]], random));
    },
  },
  {
    name: "a key that is none",
    count: 100,
    errors: INVALID,
    make(stage, random) {
      const { member } = stage;
      const rkey = pick(KEYS, random);
      const record = { text: "x", createdAt };
      return pick(
        [
          create(stage, UNKNOWN, record, { rkey }),
          create(stage, POST, record, {
            rkey: pick([word(random, 5), "self", "3zzzzzzzzzz", rkey], random),
          }),
          create(stage, "app.bsky.actor.profile", {}, { rkey: word(random, 5) }),
          sendJson("com.atproto.repo.putRecord", member, {
            repo: member.did,
            collection: UNKNOWN,
            rkey,
            record,
          }),
        ],
        random,
      );
    },
  },
  {
    name: "a record at a taken key",
    count: 20,
    errors: ["RecordAlreadyExists"],
    statuses: [409],
    make(stage, random) {
      const { rkey } = pick(stage.posts, random);
      return create(stage, POST, { text: word(random), createdAt }, { rkey });
    },
  },
  {
    name: "a swap of what is not there",
    count: 60,
    errors: ["InvalidSwap", "InvalidRequest"],
    make(stage, random) {
      const { member, posts } = stage;
      const { rkey } = pick(posts, random);
      const key = { repo: member.did, collection: POST, rkey };
      const swapCommit = pick([CID, CID, "not a cid"], random);
      return pick(
        [
          create(stage, UNKNOWN, { a: 1 }, { swapCommit }),
          sendJson("com.atproto.repo.putRecord", member, {
            ...key,
            record: { text: "y", createdAt },
            swapRecord: pick([CID, null], random),
          }),
          sendJson("com.atproto.repo.deleteRecord", member, { ...key, swapRecord: CID }),
          sendJson("com.atproto.repo.applyWrites", member, { repo: member.did, writes: [], swapCommit }),
        ],
        random,
      );
    },
  },
  {
    name: "another's repo",
    count: 40,
    errors: ["AuthenticationRequired", "AccountNotFound"],
    statuses: [401, 403],
    make({ member, other, posts }, random) {
      const repo = pick(
        [other.did, other.handle, "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", `${word(random)}x.test`],
        random,
      );
      const { rkey } = pick(posts, random);
      return pick(
        [
          sendJson("com.atproto.repo.createRecord", member, { repo, collection: UNKNOWN, record: { a: 1 } }),
          sendJson("com.atproto.repo.deleteRecord", member, { repo, collection: POST, rkey }),
          sendJson("com.atproto.repo.applyWrites", member, { repo, writes: [] }),
        ],
        random,
      );
    },
  },
  {
    name: "a batch that cannot be",
    count: 150,
    errors: INVALID,
    make: (stage, random) => sendJson("com.atproto.repo.applyWrites", stage.member, badBatch(stage, random)),
  },
  {
    name: "a blob that was never uploaded, or does not fit",
    count: 60,
    errors: ["BlobNotFound", "InvalidMimeType", "InvalidSize", "InvalidRequest"],
    make(stage, random) {
      const { textBlob } = stage;
      const ref = { $link: nowhere(random) };
      const image = pick<object>(
        [
          { $type: "blob", ref, mimeType: "image/png", size: 5 },
          textBlob,
          { ...textBlob, mimeType: "image/png" },
          { ...textBlob, ref, mimeType: "image/jpeg", size: 5 },
        ],
        random,
      );
      if (random() < 0.3)
        return create(stage, UNKNOWN, { file: { $type: "blob", ref, mimeType: "a/b", size: 5 } });
      const embed = { $type: "app.bsky.embed.images", images: [{ image, alt: "" }] };
      return create(stage, POST, { text: "x", createdAt, embed });
    },
  },
  {
    name: "an upload of no type, or to a method that takes none",
    count: 40,
    errors: INVALID,
    make({ member }, random) {
      const headers = { authorization: member.auth };
      if (random() < 0.5) {
        return { path: "com.atproto.repo.uploadBlob", init: { method: "POST", headers } };
      }
      return call("com.atproto.server.activateAccount", member, bytes(random, 20), "image/png");
    },
  },
  {
    name: "a read of what is not there",
    count: 80,
    errors: [
      "InvalidRequest",
      "RecordNotFound",
      "RepoNotFound",
      "BlockNotFound",
      "BlobNotFound",
      "NotFound",
      "HandleNotFound",
      "DidNotFound",
    ],
    make({ member }, random) {
      const did = pick(["did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", `did:plc:${word(random, 24)}`], random);
      const rkey = word(random);
      return pick(
        [
          ask("com.atproto.repo.getRecord", { repo: member.did, collection: POST, rkey }),
          ask("com.atproto.repo.getRecord", { repo: did, collection: POST, rkey }),
          ask("com.atproto.repo.listRecords", { repo: did, collection: POST }),
          ask("com.atproto.repo.describeRepo", { repo: did }),
          ask("com.atproto.sync.getRepo", { did }),
          ask("com.atproto.sync.getLatestCommit", { did }),
          ask("com.atproto.sync.getRepoStatus", { did }),
          ask("com.atproto.sync.getBlocks", { did: member.did, cids: [nowhere(random)] }),
          ask("com.atproto.sync.getBlob", { did: member.did, cid: nowhere(random) }),
          ask("app.bsky.feed.getPostThread", { uri: `at://${did}/${POST}/${rkey}` }),
          ask("app.bsky.actor.getProfile", { actor: did }),
        ],
        random,
      );
    },
  },
];
