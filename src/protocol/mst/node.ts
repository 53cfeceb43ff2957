/**
 * One node of a Merkle Search Tree and its block (repository spec, "MST Structure"), DAG-CBOR of the form
 * `{e: [{k, p, t, v}], l}`. The codec is written by hand because it is the hottest code of a write.
 */
import { CID_LENGTH, cidBytesOfCbor, isCidBytes, sha256OfMany, type CidBytes } from "../cid.ts";
import { invalidRequest } from "../refusal.ts";

/** A block of the tree. */
export interface MstBlock {
  cid: CidBytes;
  bytes: Uint8Array;
}

/**
 * The content of a node's block. `links` has one more item than `keys`: the subtree left of each key, then
 * the subtree after the last key.
 */
export interface NodeContent {
  keys: string[];
  values: CidBytes[];
  links: (CidBytes | null)[];
}

const MST_KEY = /^[a-zA-Z0-9_~.:-]+\/[a-zA-Z0-9_~.:-]+$/;
const MAX_KEY = 1024;

/** Whether a path is valid as a key of the tree. */
export const isMstKey = (key: string): boolean => key.length <= MAX_KEY && MST_KEY.test(key);

const utf8 = new TextEncoder();

/** The layer of a key: half the number of leading zero bits of its SHA-256, rounded down. */
export function keyLayer(key: string): number {
  const digest = sha256OfMany(utf8.encode(key));
  let layer = 0;
  for (const byte of digest) {
    if (byte === 0) {
      layer += 4;
      continue;
    }
    return layer + ((Math.clz32(byte) - 24) >> 1);
  }
  return layer;
}

/** Index of the first key that is not less than `key`. */
export function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

// ------------------------------------------------------------------------------------------------ encoding

let scratch = new Uint8Array(16_384);
const KEPT_SCRATCH = 1 << 20;

function writeLength(out: Uint8Array, start: number, major: number, value: number): number {
  let at = start;
  if (value < 24) {
    out[at++] = major | value;
  } else if (value < 0x100) {
    out[at++] = major | 24;
    out[at++] = value;
  } else if (value < 0x10000) {
    out[at++] = major | 25;
    out[at++] = value >>> 8;
    out[at++] = value;
  } else {
    out[at++] = major | 26;
    out[at++] = value >>> 24;
    out[at++] = value >>> 16;
    out[at++] = value >>> 8;
    out[at++] = value;
  }
  return at;
}

function writeLink(out: Uint8Array, start: number, cid: CidBytes | null): number {
  let at = start;
  if (cid === null) {
    out[at] = 0xf6;
    return at + 1;
  }
  out[at++] = 0xd8;
  out[at++] = 0x2a;
  out[at++] = 0x58;
  out[at++] = 0x25;
  out[at++] = 0;
  for (let i = 0; i < CID_LENGTH; i++) out[at + i] = cid[i] ?? 0;
  return at + CID_LENGTH;
}

/** Length of the common prefix of two strings. */
export function commonPrefix(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < most && a.charCodeAt(shared) === b.charCodeAt(shared)) shared++;
  return shared;
}

/** Encodes a node's block. `link(i)` is the CID of subtree i, 0 to keys.length. */
export function encodeNode(
  keys: readonly string[],
  values: readonly CidBytes[],
  link: (index: number) => CidBytes | null,
): Uint8Array {
  let most = 64;
  for (const key of keys) most += key.length + 112;
  if (scratch.length < most) scratch = new Uint8Array(most * 2);
  const out = scratch;
  out[0] = 0xa2;
  out[1] = 0x61;
  out[2] = 0x65;
  let at = writeLength(out, 3, 0x80, keys.length);
  let previous = "";
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] ?? "";
    const shared = commonPrefix(previous, key);
    out[at] = 0xa4;
    out[at + 1] = 0x61;
    out[at + 2] = 0x6b;
    at = writeLength(out, at + 3, 0x40, key.length - shared);
    for (let j = shared; j < key.length; j++) out[at++] = key.charCodeAt(j);
    out[at] = 0x61;
    out[at + 1] = 0x70;
    at = writeLength(out, at + 2, 0, shared);
    out[at] = 0x61;
    out[at + 1] = 0x74;
    at = writeLink(out, at + 2, link(i + 1));
    out[at] = 0x61;
    out[at + 1] = 0x76;
    at = writeLink(out, at + 2, values[i] ?? null);
    previous = key;
  }
  out[at] = 0x61;
  out[at + 1] = 0x6c;
  at = writeLink(out, at + 2, link(0));
  const block = out.slice(0, at);
  if (scratch.length > KEPT_SCRATCH) scratch = new Uint8Array(16_384);
  return block;
}

/** The block of the empty tree. */
export const EMPTY_BLOCK: Uint8Array = encodeNode([], [], () => null);
/** The root of the empty tree. */
export const EMPTY_ROOT: CidBytes = cidBytesOfCbor(EMPTY_BLOCK);

// ------------------------------------------------------------------------------------------------ decoding

const malformed = () => invalidRequest("Invalid MST node");

/** The reader's position; one is enough, because reading never yields. */
let cursor = 0;

function readLength(bytes: Uint8Array, major: number): number {
  const head = bytes[cursor++] ?? 0xff;
  if ((head & 0xe0) !== major) throw malformed();
  const info = head & 31;
  if (info < 24) return info;
  if (info > 26) throw malformed();
  let value = 0;
  for (let left = 1 << (info - 24); left > 0; left--) value = value * 256 + (bytes[cursor++] ?? 0);
  return value;
}

function expectKey(bytes: Uint8Array, letter: number): void {
  if (bytes[cursor] !== 0x61 || bytes[cursor + 1] !== letter) throw malformed();
  cursor += 2;
}

function readLink(bytes: Uint8Array): CidBytes | null {
  if (bytes[cursor] === 0xf6) {
    cursor++;
    return null;
  }
  const at = cursor + 5;
  if (
    bytes[cursor] !== 0xd8 ||
    bytes[cursor + 1] !== 0x2a ||
    bytes[cursor + 2] !== 0x58 ||
    bytes[cursor + 3] !== 0x25 ||
    bytes[cursor + 4] !== 0 ||
    !isCidBytes(bytes, at)
  )
    throw malformed();
  cursor = at + CID_LENGTH;
  return bytes.subarray(at, cursor);
}

const codes: number[] = Array.from({ length: MAX_KEY }, () => 0);

/** Reads a key whose first `shared` bytes are already in `codes`. */
function readKey(bytes: Uint8Array, previousLength: number): string {
  expectKey(bytes, 0x6b);
  const length = readLength(bytes, 0x40);
  const from = cursor;
  cursor += length;
  expectKey(bytes, 0x70);
  const shared = readLength(bytes, 0);
  if (shared > previousLength || shared + length > MAX_KEY || length === 0) throw malformed();
  for (let i = 0; i < length; i++) {
    const code = bytes[from + i] ?? 0xff;
    if (code > 0x7e || code < 0x21) throw malformed();
    codes[shared + i] = code;
  }
  return String.fromCharCode(...codes.slice(0, shared + length));
}

/**
 * Decodes a node's block. CIDs are views of `bytes`. Refuses InvalidRequest: any other shape, keys out of
 * order or not printable ASCII. To check that the block is canonical and its keys belong to its layer,
 * rebuild the tree (`buildMst`) and compare the roots.
 */
export function decodeNode(bytes: Uint8Array): NodeContent {
  cursor = 1;
  if (bytes[0] !== 0xa2) throw malformed();
  expectKey(bytes, 0x65);
  const count = readLength(bytes, 0x80);
  if (count > bytes.length) throw malformed();
  const keys: string[] = [];
  const values: CidBytes[] = [];
  const links: (CidBytes | null)[] = [null];
  let previous = "";
  for (let i = 0; i < count; i++) {
    if (bytes[cursor++] !== 0xa4) throw malformed();
    const key = readKey(bytes, previous.length);
    if (key <= previous) throw malformed();
    expectKey(bytes, 0x74);
    links.push(readLink(bytes));
    expectKey(bytes, 0x76);
    const value = readLink(bytes);
    if (value === null) throw malformed();
    keys.push(key);
    values.push(value);
    previous = key;
  }
  expectKey(bytes, 0x6c);
  links[0] = readLink(bytes);
  if (cursor !== bytes.length) throw malformed();
  return { keys, values, links };
}
