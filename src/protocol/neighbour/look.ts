/** Reads of a frame only what tells whom it concerns, over its CBOR as it lies there. */
import type { Buffer } from "node:buffer";

export interface Seen {
  seq: number | null;
  did: string | null;
  /** Of a commit's operations. */
  collections: string[];
  blocks: { from: number; to: number } | null;
}

const UINT = 0;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;
const SIMPLE = 7;

/** Fields of a body, and operations, beyond which a frame is decoded to know. */
const MOST_ITEMS = 256;
const DEEPEST = 8;

/** Walks over canonical CBOR. Every method returns null, or false, when the bytes are not what it looks for. */
export class Look {
  readonly #bytes: Buffer;
  #at = 0;
  #major = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Reads a head: its argument. Null at the end, and for a length that is left open. */
  #head(): number | null {
    const head = this.#bytes[this.#at++];
    if (head === undefined) return null;
    this.#major = head >> 5;
    const info = head & 31;
    if (info < 24) return info;
    if (info > 27) return null;
    const end = this.#at + (1 << (info - 24));
    let value = 0;
    for (; this.#at < end; this.#at++) value = value * 256 + (this.#bytes[this.#at] ?? 0);
    return end > this.#bytes.length ? null : value;
  }

  #count(major: number): number | null {
    const count = this.#head();
    return count === null || this.#major !== major || count > MOST_ITEMS ? null : count;
  }

  #text(): string | null {
    const length = this.#head();
    if (length === null || this.#major !== TEXT || length > this.#bytes.length - this.#at) return null;
    const from = this.#at;
    this.#at += length;
    return this.#bytes.toString("latin1", from, this.#at);
  }

  /** Passes one item. */
  #skip(depth = 0): boolean {
    const argument = this.#head();
    const major = this.#major;
    if (argument === null || depth > DEEPEST) return false;
    if (major === UINT || major === 1 || major === SIMPLE) return true;
    if (major === TAG) return this.#skip(depth + 1);
    if (major < ARRAY) {
      this.#at += argument;
      return this.#at <= this.#bytes.length;
    }
    if (argument > MOST_ITEMS) return false;
    for (let left = major === MAP ? 2 * argument : argument; left > 0; left--)
      if (!this.#skip(depth + 1)) return false;
    return true;
  }

  /** The type that the header tells; null for any other header. */
  type(): string | null {
    const fields = this.#count(MAP);
    let type: string | null = null;
    for (let i = 0; i < (fields ?? 0); i++) {
      const key = this.#text();
      if (key === null) return null;
      if (key === "t") type = this.#text();
      else if (!this.#skip()) return null;
    }
    return type;
  }

  body(): Seen | null {
    const fields = this.#count(MAP);
    if (fields === null) return null;
    const seen: Seen = { seq: null, did: null, collections: [], blocks: null };
    for (let i = 0; i < fields; i++) {
      const key = this.#text();
      if (key === null || !this.#field(seen, key)) return null;
    }
    return this.#at === this.#bytes.length ? seen : null;
  }

  #field(seen: Seen, key: string): boolean {
    if (key === "seq") {
      seen.seq = this.#head();
      return seen.seq !== null && this.#major === UINT;
    }
    if (key === "repo" || key === "did") {
      seen.did = this.#text();
      return seen.did !== null;
    }
    if (key === "ops") return this.#ops(seen.collections);
    const from = this.#at;
    if (!this.#skip()) return false;
    if (key === "blocks") seen.blocks = { from, to: this.#at };
    return true;
  }

  #ops(collections: string[]): boolean {
    const count = this.#count(ARRAY);
    for (let i = 0; i < (count ?? 0); i++) if (!this.#op(collections)) return false;
    return count !== null;
  }

  #op(collections: string[]): boolean {
    const fields = this.#count(MAP);
    for (let i = 0; i < (fields ?? 0); i++) {
      const key = this.#text();
      const path = key === "path" ? this.#text() : null;
      if (key === null || (key === "path" ? path === null : !this.#skip())) return false;
      const collection = path?.slice(0, path.indexOf("/")) ?? "";
      if (path !== null && !collections.includes(collection)) collections.push(collection);
    }
    return fields !== null;
  }
}
