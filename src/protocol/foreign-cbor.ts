/**
 * Shows CBOR that is not of the atproto data model, as older hosts accepted it: floats, integers beyond 2^53,
 * undefined, keys in any order, lengths in any form, links to any CID. For records that an import keeps as they
 * are. `cbor.ts` reads everything that is written here.
 */
import { Buffer } from "node:buffer";
import { toBytes } from "@atcute/cbor";
import { decodeToJson } from "./cbor.ts";
import { CID_LENGTH, isCidBytes, showCid } from "./cid.ts";
import { isMap, MAX_DEPTH, OWN_PROPERTY, type LexMap, type LexValue } from "./data-model.ts";
import { invalidRequest, isRefusal } from "./refusal.ts";

const malformed = (what: string) => invalidRequest(`Invalid CBOR: ${what}`);

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Invalid UTF-8, such as a lone surrogate, is shown as U+FFFD. */
const brokenUtf8 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

const BREAK = Symbol("break");
type Item = LexValue | typeof BREAK;

/** Deeper nesting is refused, so that no reader runs out of stack. */
const DEEPEST = 1000;
/** The tag of a CID, whose bytes follow a zero. */
const CID_TAG = 42;

/** Length of an item whose end is marked by a break. */
const OPEN = -1;

class Reader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  #at = 0;
  /** The first thing that is not of the data model; null if there is none. */
  fault: string | null = null;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The offset of the next `length` bytes, which are then passed. */
  #pass(length: number): number {
    const from = this.#at;
    if (length > this.#bytes.length - from) throw malformed("unexpected end");
    this.#at += length;
    return from;
  }

  #take(length: number): Uint8Array {
    const from = this.#pass(length);
    return this.#bytes.subarray(from, from + length);
  }

  #note(fault: string): void {
    this.fault ??= fault;
  }

  /** The argument of a head: the nearest number beyond 2^53. */
  #argument(info: number): number {
    if (info < 24) return info;
    if (info === 31) {
      this.#note("a length that is left open");
      return OPEN;
    }
    if (info > 27) throw malformed("reserved head");
    const value = this.#wide(info);
    if (value < (info === 24 ? 24 : 2 ** (2 ** (info - 22)))) this.#note("a number not in its shortest form");
    if (value > Number.MAX_SAFE_INTEGER) this.#note("a number beyond 2^53");
    return value;
  }

  #wide(info: number): number {
    if (info === 24) return this.#view.getUint8(this.#pass(1));
    if (info === 25) return this.#view.getUint16(this.#pass(2));
    if (info === 26) return this.#view.getUint32(this.#pass(4));
    return Number(this.#view.getBigUint64(this.#pass(8)));
  }

  value(depth: number): LexValue {
    const item = this.#item(depth);
    if (item === BREAK) throw malformed("break outside an item");
    return item;
  }

  #item(depth: number): Item {
    if (depth > DEEPEST) throw malformed("nested too deeply");
    if (depth > MAX_DEPTH) this.#note("too many levels");
    const head = this.#view.getUint8(this.#pass(1));
    const [major, info] = [head >>> 5, head & 31];
    if (major === 7) return this.#simple(info);
    const length = this.#argument(info);
    if (length === OPEN && (major < 2 || major === 6)) throw malformed("reserved head");
    switch (major) {
      case 0:
        return length;
      case 1:
        if (length === Number.MAX_SAFE_INTEGER) this.#note("a number beyond 2^53");
        return -1 - length;
      case 2:
        return { $bytes: toBytes(this.#string(length, 2)).$bytes };
      case 3:
        return this.#text(this.#string(length, 3));
      case 4:
        return this.#array(length, depth);
      case 5:
        return this.#map(length, depth);
      default:
        return this.#tagged(length, depth);
    }
  }

  #simple(info: number): Item {
    if (info === 20) return false;
    if (info === 21) return true;
    if (info === 22) return null;
    if (info === 31) return BREAK;
    if (info >= 25 && info <= 27) {
      this.#note("a number with a fraction");
      const view = this.#view;
      if (info === 25) return shown(view.getFloat16(this.#pass(2)));
      return shown(info === 26 ? view.getFloat32(this.#pass(4)) : view.getFloat64(this.#pass(8)));
    }
    this.#note("a value that is undefined");
    this.#argument(info);
    return null;
  }

  #text(bytes: Uint8Array): string {
    try {
      return utf8.decode(bytes);
    } catch {
      this.#note("broken text");
      return brokenUtf8.decode(bytes);
    }
  }

  /** The bytes of a string, which may come in parts. */
  #string(length: number, major: number): Uint8Array {
    if (length !== OPEN) return this.#take(length);
    const parts: Uint8Array[] = [];
    for (;;) {
      const head = this.#view.getUint8(this.#pass(1));
      if (head === 0xff) return Buffer.concat(parts);
      const part = this.#argument(head & 31);
      if (head >>> 5 !== major || part === OPEN) throw malformed("string of other parts");
      parts.push(this.#take(part));
    }
  }

  #array(length: number, depth: number): LexValue {
    const items: LexValue[] = [];
    for (let i = 0; length === OPEN || i < length; i++) {
      const item = this.#item(depth + 1);
      if (item === BREAK) {
        if (length === OPEN) return items;
        throw malformed("break outside an item");
      }
      items.push(item);
    }
    return items;
  }

  #map(length: number, depth: number): LexValue {
    const map: LexMap = {};
    let last: Uint8Array | null = null;
    for (let i = 0; length === OPEN || i < length; i++) {
      const from = this.#at;
      const item = this.#item(depth + 1);
      if (item === BREAK) {
        if (length === OPEN) break;
        throw malformed("break outside an item");
      }
      if (typeof item !== "string") this.#note("a key that is no text");
      const key = typeof item === "string" ? item : JSON.stringify(item);
      const encoded = this.#bytes.subarray(from, this.#at);
      // A head grows with its length: with their heads, shorter keys come first, as they must.
      if (last !== null && Buffer.compare(last, encoded) >= 0) this.#note("keys out of order");
      last = encoded;
      Object.defineProperty(map, key, { value: this.value(depth + 1), ...OWN_PROPERTY });
    }
    const isAlone = Object.keys(map).length === 1;
    if (isAlone && ("$link" in map || "$bytes" in map)) this.#note("an object in the place of a link");
    return map;
  }

  /** A link, or the value inside another tag. */
  #tagged(tag: number, depth: number): LexValue {
    const value = this.value(depth + 1);
    const { $bytes } = isMap(value) ? value : {};
    const [zero, ...rest] = typeof $bytes === "string" ? Buffer.from($bytes, "base64") : [];
    if (tag !== CID_TAG || zero === undefined) {
      this.#note("a tag that means nothing");
      return value;
    }
    const cid = Uint8Array.from(rest);
    if (zero !== 0 || !isCidBytes(cid) || cid.length !== CID_LENGTH) this.#note("a link of another kind");
    return { $link: showCid(cid) };
  }
}

/** JSON has no NaN and no infinity. */
const shown = (float: number): number | null => (Number.isFinite(float) ? float : null);

function readCbor(bytes: Uint8Array): { value: LexValue; fault: string | null } {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (!reader.ended) throw malformed("bytes after the end");
  return { value, fault: reader.fault };
}

/**
 * Shows any CBOR as JSON, as well as it can be shown. Refuses InvalidRequest: bytes that are not CBOR, or
 * nested too deeply.
 */
export const showCbor = (bytes: Uint8Array): LexValue => readCbor(bytes).value;

/**
 * Reads a value that another host may have accepted, as JSON. `fault` says in plain words why it is not of the
 * data model; it is null if it is. Refuses InvalidRequest as `showCbor` does.
 */
export function readForeign(bytes: Uint8Array): { value: LexValue; fault: string | null } {
  try {
    return { value: decodeToJson(bytes), fault: null };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const { value, fault } = readCbor(bytes);
    return { value, fault: fault ?? error.message };
  }
}
