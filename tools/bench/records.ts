/** Records to write and repos to import. A seeded generator makes the same ones for every host. */
import { createHash } from "node:crypto";
import { encode, toBytes, toCidLink } from "@atcute/cbor";
import { CODEC_DCBOR, fromDigest, type Cid } from "@atcute/cid";
import { secp256k1 } from "@noble/curves/secp256k1.js";

/** An AppView validates and indexes a `post`; a `note` belongs to an unknown lexicon. */
export type Kind = "post" | "note";

export const COLLECTIONS: Record<Kind, string> = { post: "app.bsky.feed.post", note: "com.example.note" };

/** mulberry32: a small seeded generator, good enough to spread values. Numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const WORDS =
  "tide lagoon reef coral anchor harbour drift current shell sand storm calm depth shore island mast keel sail net gull".split(
    " ",
  );

/** Random words of about `length` characters in total. */
export function sentence(random: () => number, length: number): string {
  const words: string[] = [];
  for (let size = 0; size < length;) {
    const word = WORDS[Math.floor(random() * WORDS.length)] ?? "sea";
    words.push(word);
    size += word.length + 1;
  }
  return words.join(" ");
}

export const EPOCH_MS = Date.UTC(2025, 0, 1);

const TID_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz";

/** A TID (spec "TID"): 53 bits of microseconds, 10 bits of clock id. */
export function tidAt(ms: number, clock = 0): string {
  let value = (BigInt(Math.floor(ms * 1000)) << 10n) | BigInt(clock & 1023);
  let text = "";
  for (let i = 0; i < 13; i++) {
    text = TID_ALPHABET.charAt(Number(value & 31n)) + text;
    value >>= 5n;
  }
  return text;
}

export function makeRecord(kind: Kind, index: number): Record<string, unknown> {
  const random = seededRandom(index + 1);
  const record = {
    $type: COLLECTIONS[kind],
    text: `${index} ${sentence(random, 80)}`,
    createdAt: new Date(EPOCH_MS + index * 1000).toISOString(),
  };
  return kind === "post" ? { ...record, langs: ["en"] } : record;
}

interface Leaf {
  key: Uint8Array;
  value: Cid;
  layer: number;
  bytes: Uint8Array;
}

interface Block {
  cid: Cid;
  bytes: Uint8Array;
}

function blockOf(bytes: Uint8Array): Block {
  return { cid: fromDigest(CODEC_DCBOR, createHash("sha256").update(bytes).digest()), bytes };
}

/** Layer of a key (repository spec): leading zero bits of its SHA-256, in pairs. */
function layerOf(key: Uint8Array): number {
  let layer = 0;
  for (const byte of createHash("sha256").update(key).digest()) {
    if (byte === 0) {
      layer += 4;
      continue;
    }
    return layer + Math.floor((Math.clz32(byte) - 24) / 2);
  }
  return layer;
}

function sharedPrefix(a: Uint8Array, b: Uint8Array): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

/** Builds a whole tree at once. Each node comes before its content, as streaming readers prefer. */
function buildTree(leaves: readonly Leaf[], layer: number): { root: Cid; blocks: Block[] } {
  const below: Block[] = [];
  let last: Uint8Array = new Uint8Array();
  const subtree = (part: readonly Leaf[]) => {
    if (part.length === 0) return null;
    const built = buildTree(part, layer - 1);
    for (const block of built.blocks) below.push(block);
    return toCidLink(built.root);
  };
  const entries: { p: number; k: unknown; v: unknown; t: unknown }[] = [];
  let left: unknown = null;
  let from = 0;
  const closeGap = (until: number) => {
    const link = subtree(leaves.slice(from, until));
    const entry = entries.at(-1);
    if (entry === undefined) left = link;
    else entry.t = link;
  };
  leaves.forEach((leaf, index) => {
    if (leaf.layer !== layer) return;
    closeGap(index);
    const p = sharedPrefix(last, leaf.key);
    entries.push({ p, k: toBytes(leaf.key.subarray(p)), v: toCidLink(leaf.value), t: null });
    below.push({ cid: leaf.value, bytes: leaf.bytes });
    last = leaf.key;
    from = index + 1;
  });
  closeGap(leaves.length);
  const node = blockOf(encode({ l: left, e: entries }));
  return { root: node.cid, blocks: [node, ...below] };
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

interface RepoRecord {
  /** `collection/rkey` */
  path: string;
  record: unknown;
}

/** A CAR (version 1) of a signed repo (version 3), like an export of another host. */
export function buildRepoCar(did: string, records: readonly RepoRecord[]): Buffer {
  const text = new TextEncoder();
  const leaves = records
    .map(({ path, record }) => {
      const key = text.encode(path);
      const block = blockOf(encode(record));
      return { key, value: block.cid, layer: layerOf(key), bytes: block.bytes };
    })
    .toSorted((a, b) => Buffer.compare(a.key, b.key));
  const top = leaves.reduce((highest, leaf) => Math.max(highest, leaf.layer), 0);
  const tree = buildTree(leaves, top);
  const unsigned = { did, version: 3, data: toCidLink(tree.root), rev: tidAt(EPOCH_MS), prev: null };
  const digest = createHash("sha256").update(encode(unsigned)).digest();
  const sig = secp256k1.sign(digest, secp256k1.utils.randomSecretKey()).toBytes();
  const commit = blockOf(encode({ ...unsigned, sig: toBytes(sig) }));
  const header = encode({ version: 1, roots: [toCidLink(commit.cid)] });
  const parts: Uint8Array[] = [varint(header.length), header];
  for (const { cid, bytes } of [commit, ...tree.blocks]) {
    parts.push(varint(cid.bytes.length + bytes.length), cid.bytes, bytes);
  }
  return Buffer.concat(parts);
}

/** A CAR of a repo with `count` records of one kind. */
export function sampleRepo(did: string, kind: Kind, count: number): Buffer {
  const records = Array.from({ length: count }, (_, index) => ({
    path: `${COLLECTIONS[kind]}/${tidAt(EPOCH_MS + index * 1000)}`,
    record: makeRecord(kind, index),
  }));
  return buildRepoCar(did, records);
}
