/** Canonical DAG-CBOR of values that `@atcute/cbor` cannot write: with maps of many keys, or with the key `constructor`. */
import { Buffer } from "node:buffer";
import { BytesWrapper, encode as encodeFast } from "@atcute/cbor";
import { isMap, type LexMap, type LexValue } from "../data-model.ts";

const TEXT = 3;
const ARRAY = 4;
const MAP = 5;

/** Whether a map is a link, or bytes in their form as JSON. */
function isLink(map: LexMap): boolean {
  const [[key, value] = [], more] = Object.entries(map);
  return more === undefined && (key === "$link" || key === "$bytes") && typeof value === "string";
}

class Writer {
  #out = Buffer.alloc(1 << 16);
  #at = 0;

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#out.subarray(0, this.#at));
  }

  /** Makes room for so many bytes more. */
  #need(bytes: number): void {
    if (this.#at + bytes <= this.#out.length) return;
    const larger = Buffer.alloc(2 * (this.#at + bytes));
    larger.set(this.#out.subarray(0, this.#at));
    this.#out = larger;
  }

  #put(bytes: Uint8Array): void {
    this.#need(bytes.length);
    this.#out.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** The head of a text, an array or a map. */
  #head(major: number, length: number): void {
    this.#need(5);
    const size = length < 24 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : 4;
    const info = size === 0 ? length : 23 + (size === 4 ? 3 : size);
    this.#out[this.#at++] = (major << 5) | info;
    if (size > 0) this.#at = this.#out.writeUIntBE(length, this.#at, size);
  }

  #text(utf8: Uint8Array): void {
    this.#head(TEXT, utf8.length);
    this.#put(utf8);
  }

  value(value: LexValue): void {
    if (typeof value === "string") this.#text(Buffer.from(value));
    else if (Array.isArray(value)) {
      this.#head(ARRAY, value.length);
      for (const item of value) this.value(item);
    } else if (isMap(value) && !(value instanceof BytesWrapper) && !isLink(value)) this.#map(value);
    else this.#put(encodeFast(value));
  }

  #map(map: LexMap): void {
    const entries = Object.entries(map).flatMap(([key, item]) =>
      item === undefined ? [] : [{ key: Buffer.from(key), item }],
    );
    entries.sort((a, b) => a.key.length - b.key.length || Buffer.compare(a.key, b.key));
    this.#head(MAP, entries.length);
    for (const { key, item } of entries) {
      this.#text(key);
      this.value(item);
    }
  }
}

export function encodeSlowly(value: LexValue): Uint8Array {
  const writer = new Writer();
  writer.value(value);
  return writer.bytes;
}
