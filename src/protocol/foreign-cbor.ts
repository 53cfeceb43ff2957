/**
 * Shows CBOR that is not of the atproto data model, as older hosts accepted it: floats, integers beyond 2^53,
 * undefined, keys in any order, lengths in any form, links to any CID. For records that an import keeps as they
 * are. `cbor.ts` reads everything that is written here.
 */
import { Buffer } from "node:buffer";
import { toBytes } from "@atcute/cbor";
import { showCid } from "./cid.ts";
import { isMap, OWN_PROPERTY, type LexMap, type LexValue } from "./data-model.ts";
import { invalidRequest } from "./refusal.ts";

const malformed = (what: string) => invalidRequest(`Invalid CBOR: ${what}`);

/** Invalid UTF-8, such as a lone surrogate, is shown as U+FFFD. */
const utf8 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

const BREAK = Symbol("break");
type Item = LexValue | typeof BREAK;

/** Deeper nesting is refused, so that no reader runs out of stack. */
const MAX_DEPTH = 1000;
/** The tag of a CID, whose bytes follow a zero. */
const CID_TAG = 42;

/** Length of an item whose end is marked by a break. */
const OPEN = -1;

class Reader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  #at = 0;

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

  /** The argument of a head: the nearest number beyond 2^53. */
  #argument(info: number): number {
    if (info < 24) return info;
    if (info === 24) return this.#view.getUint8(this.#pass(1));
    if (info === 25) return this.#view.getUint16(this.#pass(2));
    if (info === 26) return this.#view.getUint32(this.#pass(4));
    if (info === 27) return Number(this.#view.getBigUint64(this.#pass(8)));
    if (info === 31) return OPEN;
    throw malformed("reserved head");
  }

  value(depth: number): LexValue {
    const item = this.#item(depth);
    if (item === BREAK) throw malformed("break outside an item");
    return item;
  }

  #item(depth: number): Item {
    if (depth > MAX_DEPTH) throw malformed("nested too deeply");
    const head = this.#view.getUint8(this.#pass(1));
    const [major, info] = [head >>> 5, head & 31];
    if (major === 7) return this.#simple(info);
    const length = this.#argument(info);
    if (length === OPEN && (major < 2 || major === 6)) throw malformed("reserved head");
    switch (major) {
      case 0:
        return length;
      case 1:
        return -1 - length;
      case 2:
        return { $bytes: toBytes(this.#string(length, 2)).$bytes };
      case 3:
        return utf8.decode(this.#string(length, 3));
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
    if (info === 25) return shown(this.#view.getFloat16(this.#pass(2)));
    if (info === 26) return shown(this.#view.getFloat32(this.#pass(4)));
    if (info === 27) return shown(this.#view.getFloat64(this.#pass(8)));
    if (info === 31) return BREAK;
    // Null, undefined, and values that mean nothing.
    this.#argument(info);
    return null;
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
    for (let i = 0; length === OPEN || i < length; i++) {
      const item = this.#item(depth + 1);
      if (item === BREAK) {
        if (length === OPEN) return map;
        throw malformed("break outside an item");
      }
      const key = typeof item === "string" ? item : JSON.stringify(item);
      const value = this.value(depth + 1);
      Object.defineProperty(map, key, { value, ...OWN_PROPERTY });
    }
    return map;
  }

  /** A link, or the value inside another tag. */
  #tagged(tag: number, depth: number): LexValue {
    const value = this.value(depth + 1);
    const { $bytes } = isMap(value) ? value : {};
    if (tag !== CID_TAG || typeof $bytes !== "string") return value;
    return { $link: showCid(Buffer.from($bytes, "base64").subarray(1)) };
  }
}

/** JSON has no NaN and no infinity. */
const shown = (float: number): number | null => (Number.isFinite(float) ? float : null);

/**
 * Shows any CBOR as JSON, as well as it can be shown. Refuses InvalidRequest: bytes that are not CBOR, or
 * nested too deeply.
 */
export function showCbor(bytes: Uint8Array): LexValue {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (!reader.ended) throw malformed("bytes after the end");
  return value;
}
