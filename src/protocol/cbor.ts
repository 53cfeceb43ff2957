/**
 * DAG-CBOR as atproto narrows it (data model spec): canonical, no floats, integers within 2^53, string keys
 * in length-first order, one tag (42, a CID), definite lengths. Anything else is refused, so that bytes and
 * value determine each other.
 *
 * Values have the shapes of JSON: a link is `{ $link: cid }`; bytes are `{ $bytes: base64 }` or, cheaper, a
 * Uint8Array. Record JSON needs no conversion in either direction.
 */
import { cidFromBytes, tryCidToBytes, type Cid } from "./cid.ts";
import {
  base64,
  bytesFromBase64,
  MAX_DEPTH,
  OWN_PROPERTY,
  type LexMap,
  type LexValue,
} from "./data-model.ts";
import { invalidRequest } from "./refusal.ts";

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// ------------------------------------------------------------------------------------------------ encoding

const KEPT_SCRATCH = 1 << 20;
let scratch = new Uint8Array(4096);
let at = 0;

function reserve(more: number): void {
  if (at + more <= scratch.length) return;
  const grown = new Uint8Array(Math.max(scratch.length * 2, at + more));
  grown.set(scratch.subarray(0, at));
  scratch = grown;
}

function writeHead(major: number, value: number): void {
  const type = major << 5;
  if (value < 24) {
    scratch[at++] = type | value;
  } else if (value < 0x100) {
    scratch[at++] = type | 24;
    scratch[at++] = value;
  } else if (value < 0x10000) {
    scratch[at++] = type | 25;
    scratch[at++] = value >>> 8;
    scratch[at++] = value;
  } else if (value < 0x100000000) {
    scratch[at++] = type | 26;
    writeUint32(value);
  } else {
    scratch[at++] = type | 27;
    writeUint32(Math.floor(value / 0x100000000));
    writeUint32(value % 0x100000000);
  }
}

function writeUint32(value: number): void {
  scratch[at++] = value >>> 24;
  scratch[at++] = value >>> 16;
  scratch[at++] = value >>> 8;
  scratch[at++] = value;
}

const headLength = (value: number): number => (value < 24 ? 1 : value < 0x100 ? 2 : value < 0x10000 ? 3 : 5);

function writeString(text: string): void {
  const length = text.length;
  reserve(length * 3 + 9);
  const start = at;
  writeHead(3, length);
  const from = at;
  let i = 0;
  for (; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) break;
    scratch[from + i] = code;
  }
  if (i === length) {
    at = from + length;
    return;
  }
  if (!text.isWellFormed()) throw new TypeError("lone surrogate in string");
  const { written } = utf8.encodeInto(text.slice(i), scratch.subarray(from + i));
  const size = i + written;
  const shift = headLength(size) - headLength(length);
  if (shift > 0) scratch.copyWithin(from + shift, from, from + size);
  at = start;
  writeHead(3, size);
  at += size;
}

function writeBytes(bytes: Uint8Array): void {
  reserve(bytes.length + 9);
  writeHead(2, bytes.length);
  scratch.set(bytes, at);
  at += bytes.length;
}

function writeLink(cid: Cid): void {
  const bytes = tryCidToBytes(cid);
  if (bytes === null) throw new TypeError(`invalid link: ${cid}`);
  reserve(41);
  // Tag 42, byte string of 37, identity multibase prefix.
  scratch[at++] = 0xd8;
  scratch[at++] = 0x2a;
  scratch[at++] = 0x58;
  scratch[at++] = 0x25;
  scratch[at++] = 0;
  scratch.set(bytes, at);
  at += bytes.length;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

const FEW_KEYS = 24;

/**
 * Keys in canonical order: by length in UTF-8, then by bytes. For ASCII keys, nearly all there are, that
 * equals JavaScript's length and string order. For a few keys, insertion is faster than a sort with a
 * callback.
 */
function sortedKeys(map: LexMap): string[] {
  const keys = Object.keys(map);
  if (keys.length > FEW_KEYS) return sortedMany(keys.filter((key) => map[key] !== undefined));
  const sorted: string[] = [];
  let ascii = true;
  for (const key of keys) {
    if (map[key] === undefined) continue;
    ascii &&= isAscii(key);
    let i = sorted.length;
    for (; i > 0; i--) {
      const before = sorted[i - 1] ?? "";
      if (before.length < key.length || (before.length === key.length && before < key)) break;
      sorted[i] = before;
    }
    sorted[i] = key;
  }
  return ascii ? sorted : sortedByBytes(sorted);
}

const sortedMany = (keys: string[]): string[] =>
  keys.every(isAscii) ? keys.sort((a, b) => a.length - b.length || (a < b ? -1 : 1)) : sortedByBytes(keys);

const sortedByBytes = (keys: string[]): string[] =>
  keys
    .map((key) => ({ key, bytes: utf8.encode(key) }))
    .sort((a, b) => a.bytes.length - b.bytes.length || compareBytes(a.bytes, b.bytes))
    .map(({ key }) => key);

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return (a[i] ?? 0) - (b[i] ?? 0);
  return 0;
}

function writeMap(map: LexMap, depth: number): void {
  const keys = sortedKeys(map);
  if (keys.length === 1) {
    const { $link, $bytes } = map;
    if (typeof $link === "string") return writeLink($link);
    if (typeof $bytes === "string") return writeBytes(bytesFromBase64($bytes));
    if ($link !== undefined || $bytes !== undefined) throw new TypeError("invalid $link or $bytes");
  }
  reserve(9);
  writeHead(5, keys.length);
  for (const key of keys) {
    writeString(key);
    writeValue(map[key], depth);
  }
}

function writeValue(value: LexValue | undefined, depth: number): void {
  if (typeof value === "string") return writeString(value);
  reserve(9);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new TypeError(`not a safe integer: ${value}`);
    if (value < 0) writeHead(1, -1 - value);
    else writeHead(0, value);
  } else if (value === null) {
    scratch[at++] = 0xf6;
  } else if (typeof value === "boolean") {
    scratch[at++] = value ? 0xf5 : 0xf4;
  } else if (value instanceof Uint8Array) {
    writeBytes(value);
  } else if (typeof value !== "object") {
    throw new TypeError(`not of the data model: ${typeof value}`);
  } else if (depth >= MAX_DEPTH) {
    throw new TypeError("nested too deeply");
  } else if (Array.isArray(value)) {
    writeHead(4, value.length);
    for (const item of value) writeValue(item, depth + 1);
  } else {
    writeMap(value, depth + 1);
  }
}

/**
 * Encodes canonical DAG-CBOR. Keys with value undefined are omitted. The value comes from our own code or
 * from `jsonToLex`, so anything outside the data model is a bug and throws TypeError.
 */
export function encode(value: LexValue): Uint8Array {
  at = 0;
  try {
    writeValue(value, 0);
    return scratch.slice(0, at);
  } finally {
    if (scratch.length > KEPT_SCRATCH) scratch = new Uint8Array(4096);
  }
}

// ------------------------------------------------------------------------------------------------ decoding

const malformed = (what: string) => invalidRequest(`Invalid CBOR: ${what}`);

/**
 * Recently seen field names, one per slot. Records share a few dozen names, which need not be decoded again.
 */
const knownKeys: (string | undefined)[] = Array.from({ length: 256 }, () => undefined);

class Reader {
  readonly bytes: Uint8Array;
  readonly asJson: boolean;
  at = 0;

  constructor(bytes: Uint8Array, asJson: boolean) {
    this.bytes = bytes;
    this.asJson = asJson;
  }

  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw malformed("unexpected end");
    return value;
  }

  uint(length: number): number {
    let value = 0;
    for (let i = 0; i < length; i++) value = value * 256 + this.byte();
    return value;
  }

  /** The argument of a head; accepts the shortest form only. */
  argument(info: number): number {
    if (info < 24) return info;
    if (info > 27) throw malformed("indefinite length or reserved head");
    const length = 1 << (info - 24);
    const value = this.uint(length);
    const least = info === 24 ? 24 : 2 ** (4 * length);
    if (value < least) throw malformed("number not in its shortest form");
    if (value > Number.MAX_SAFE_INTEGER) throw malformed("integer beyond 2^53");
    return value;
  }

  take(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.bytes.length) throw malformed("unexpected end");
    const part = this.bytes.subarray(this.at, end);
    this.at = end;
    return part;
  }

  text(length: number): string {
    const start = this.at;
    const end = start + length;
    if (end > this.bytes.length) throw malformed("unexpected end");
    this.at = end;
    // For up to a dozen characters, this loop is cheaper than a call of the decoder.
    if (length <= 12) {
      let out = "";
      for (let i = start; i < end; i++) {
        const code = this.bytes[i] ?? 0x80;
        if (code > 0x7f) break;
        out += String.fromCharCode(code);
      }
      if (out.length === length) return out;
    }
    try {
      return strictUtf8.decode(this.bytes.subarray(start, end));
    } catch {
      throw malformed("invalid UTF-8");
    }
  }

  key(): string {
    const head = this.byte();
    if (head >>> 5 !== 3) throw malformed("map key that is no string");
    const length = this.argument(head & 31);
    const { bytes, at: start } = this;
    const slot = ((bytes[start] ?? 0) * 7 + (bytes[start + length - 1] ?? 0) * 31 + length) & 255;
    const known = knownKeys[slot];
    if (known !== undefined && known.length === length && start + length <= bytes.length) {
      let i = 0;
      while (i < length && bytes[start + i] === known.charCodeAt(i)) i++;
      if (i === length) {
        this.at = start + length;
        return known;
      }
    }
    const key = this.text(length);
    // Only ASCII keys have as many characters as bytes, so only they can be compared byte by character.
    if (length <= 32 && key.length === length) knownKeys[slot] = key;
    return key;
  }

  link(): LexValue {
    if (this.byte() !== 0x58 || this.byte() !== 37 || this.byte() !== 0)
      throw malformed("tag 42 without a CID");
    return { $link: cidFromBytes(this.take(36)) };
  }

  /**
   * Whether the key at `a` sorts before the one at `b`, which ends at the reader's position. The comparison
   * includes the heads: a head grows with its length, so comparing head and bytes puts shorter keys first, as
   * required.
   */
  ascends(a: number, b: number): boolean {
    const { bytes } = this;
    for (let i = 0; b + i < this.at; i++) {
      const difference = (bytes[b + i] ?? 0) - (bytes[a + i] ?? 0);
      if (difference !== 0) return difference > 0;
    }
    return false;
  }

  array(length: number, depth: number): LexValue {
    if (length > this.bytes.length - this.at) throw malformed("unexpected end");
    const items: LexValue[] = [];
    for (let i = 0; i < length; i++) items.push(this.value(depth));
    return items;
  }

  map(length: number, depth: number): LexValue {
    const map: LexMap = {};
    let previous = -1;
    for (let i = 0; i < length; i++) {
      const start = this.at;
      const key = this.key();
      if (previous >= 0 && !this.ascends(previous, start))
        throw malformed("map keys out of order or repeated");
      previous = start;
      const value = this.value(depth);
      if (key === "__proto__") Object.defineProperty(map, key, { value, ...OWN_PROPERTY });
      else map[key] = value;
    }
    if (length === 1 && (map["$link"] !== undefined || map["$bytes"] !== undefined))
      throw malformed("map in the place of a link or bytes");
    return map;
  }

  value(depth: number): LexValue {
    const head = this.byte();
    const major = head >>> 5;
    if (major === 7) {
      if (head === 0xf6) return null;
      if (head === 0xf5) return true;
      if (head === 0xf4) return false;
      throw malformed(head >= 0xf9 && head <= 0xfb ? "float" : "simple value");
    }
    const length = this.argument(head & 31);
    if (major === 0) return length;
    if (major === 3) return this.text(length);
    if (major === 1) {
      if (length === Number.MAX_SAFE_INTEGER) throw malformed("integer beyond 2^53");
      return -1 - length;
    }
    if (major === 2) {
      const bytes = this.take(length);
      return this.asJson ? { $bytes: base64(bytes) } : bytes;
    }
    if (major === 6) {
      if (length !== 42) throw malformed(`tag ${length}`);
      return this.link();
    }
    if (depth >= MAX_DEPTH) throw malformed("nested too deeply");
    return major === 4 ? this.array(length, depth + 1) : this.map(length, depth + 1);
  }
}

function readAll(bytes: Uint8Array, asJson: boolean): LexValue {
  const reader = new Reader(bytes, asJson);
  const value = reader.value(0);
  if (reader.at !== bytes.length) throw malformed("bytes after the end");
  return value;
}

/**
 * Decodes one value that fills `bytes`. Byte strings become Uint8Array views of the input, links `{ $link }`.
 * Refuses InvalidRequest: anything that is not canonical.
 */
export const decode = (bytes: Uint8Array): LexValue => readAll(bytes, false);

/** Like `decode`, but straight into JSON: byte strings become `{ $bytes }`. */
export const decodeToJson = (bytes: Uint8Array): LexValue => readAll(bytes, true);

/** Decodes the value at the start; returns it and the remaining bytes. */
export function decodeFirst(bytes: Uint8Array): [value: LexValue, rest: Uint8Array] {
  const reader = new Reader(bytes, false);
  const value = reader.value(0);
  return [value, bytes.subarray(reader.at)];
}
