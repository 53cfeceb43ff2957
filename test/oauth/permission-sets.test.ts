/** Permission sets of authors elsewhere: found, proved and read, or out of reach. */
import { expect, test } from "vitest";
import { type RepoPlace, permissionSets } from "../../src/oauth/permission-sets.ts";
import { LexResolverError } from "../../src/oauth/shims/lex-resolver.ts";
import { writeCar } from "../../src/protocol/car.ts";
import { encode } from "../../src/protocol/cbor.ts";
import { cidBytesOfCbor } from "../../src/protocol/cid.ts";
import { signCommit } from "../../src/protocol/commit.ts";
import type { LexMap } from "../../src/protocol/data-model.ts";
import { didKey, generateKey } from "../../src/protocol/keys.ts";
import { encodeNode } from "../../src/protocol/mst/node.ts";

const NSID = "dev.tester.app.basic";
const DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
const COLLECTION = "com.atproto.lexicon.schema";
const REV = "3kaaaaaaaaaa2";
const key = await generateKey();

const SET = {
  type: "permission-set",
  title: "Notes",
  "title:lang": { de: "Notizen" },
  permissions: [{ type: "permission", resource: "repo", collection: ["dev.tester.app.note"] }],
} satisfies LexMap;

const document = (over: LexMap = {}): LexMap => ({
  $type: COLLECTION,
  lexicon: 1,
  id: NSID,
  defs: { main: SET },
  ...over,
});

interface Served {
  record?: LexMap;
  path?: string;
  did?: string;
  signer?: Uint8Array;
  /** Changes the archive's blocks before they are written. */
  blocks?: (all: { cid: Uint8Array; bytes: Uint8Array }[]) => { cid: Uint8Array; bytes: Uint8Array }[];
}

/** An archive as com.atproto.sync.getRecord answers. */
function archive({
  record = document(),
  path = `${COLLECTION}/${NSID}`,
  did = DID,
  signer = key,
  blocks,
}: Served) {
  const leaf = encode(record);
  const value = cidBytesOfCbor(leaf);
  const node = encodeNode([path], [value], () => null);
  const root = cidBytesOfCbor(node);
  const commit = signCommit({ did, data: root, rev: REV }, signer);
  const all = [
    { cid: cidBytesOfCbor(commit.bytes), bytes: commit.bytes },
    { cid: root, bytes: node },
    { cid: value, bytes: leaf },
  ];
  return writeCar([commit.cid], blocks?.(all) ?? all);
}

const PLACE: RepoPlace = { pds: "https://pds.example.com", key: didKey(key) };

/** A resolver whose network has this archive, or answers with this status. */
function resolver(car: Uint8Array, { status = 200, place = PLACE, txt = [`"did=${DID}"`] } = {}) {
  const asked: string[] = [];
  const safeFetch: typeof globalThis.fetch = async (input) => {
    const url = new URL(String(input instanceof Request ? input.url : input));
    asked.push(url.toString());
    if (url.hostname === "cloudflare-dns.com")
      return Response.json({ Answer: txt.map((data) => ({ data })) });
    return new Response(status === 200 ? car : null, { status });
  };
  return { asked, sets: permissionSets({ safeFetch, repoOf: async () => place }, LexResolverError) };
}

test("a set is found by its authority, fetched with its proof, and read", async () => {
  const { asked, sets } = resolver(archive({}));
  const { uri, lexicon } = await sets.get(NSID);
  expect(String(uri)).toBe(`at://${DID}/${COLLECTION}/${NSID}`);
  expect(lexicon).toEqual({ lexicon: 1, id: NSID, defs: { main: SET } });
  expect(asked).toEqual([
    "https://cloudflare-dns.com/dns-query?name=_lexicon.app.tester.dev&type=TXT",
    `https://pds.example.com/xrpc/com.atproto.sync.getRecord?${new URLSearchParams({ did: DID, collection: COLLECTION, rkey: NSID }).toString()}`,
  ]);
});

const other = await generateKey();
const withMain = (main: LexMap): Served => ({ record: document({ defs: { main } }) });

test.each<[string, Served]>([
  ["signed by another key", { signer: other }],
  ["of another repo", { did: "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb" }],
  ["that proves another record", { path: `${COLLECTION}/dev.tester.app.other` }],
  ["without the record's block", { blocks: (all) => all.slice(0, 2) }],
  ["without the tree", { blocks: (all) => all.slice(0, 1) }],
  [
    "with a record that was changed",
    { blocks: (all) => all.map(({ cid, bytes }, i) => ({ cid, bytes: i === 2 ? encode({}) : bytes })) },
  ],
  ["of another lexicon", { record: document({ id: "dev.tester.app.other" }) }],
  ["of another version", { record: document({ lexicon: 2 }) }],
  ["of another type", { record: document({ $type: "app.bsky.feed.post" }) }],
  ["without definitions", { record: document({ defs: {} }) }],
  ["of what is no permission set", withMain({ type: "query" })],
  ["whose permissions are none", withMain({ ...SET, permissions: "all" })],
  ["with a permission without a resource", withMain({ ...SET, permissions: [{ type: "permission" }] })],
  [
    "with a permission that nests",
    withMain({ ...SET, permissions: [{ type: "permission", resource: "repo", a: {} }] }),
  ],
  ["whose title is no text", withMain({ ...SET, title: 1 })],
  ["whose titles are no texts", withMain({ ...SET, "title:lang": { de: 1 } })],
])("an archive %s is out of reach", async (_, served) => {
  await expect(resolver(archive(served)).sets.get(NSID)).rejects.toBeInstanceOf(LexResolverError);
});

test("so is one that is no archive, one that no host has, and one that nobody speaks for", async () => {
  const failures = [
    resolver(new Uint8Array([1, 2, 3])),
    resolver(archive({}), { status: 404 }),
    resolver(archive({}), { txt: [] }),
    resolver(archive({}), { txt: [`"did=${DID}"`, `"did=${PLACE.key}"`] }),
    resolver(archive({}), { place: { ...PLACE, key: didKey(other) } }),
  ];
  for (const { sets } of failures) await expect(sets.get(NSID)).rejects.toBeInstanceOf(LexResolverError);
  await expect(resolver(archive({})).sets.get("nonsense")).rejects.toThrow("(nonsense)");
});
