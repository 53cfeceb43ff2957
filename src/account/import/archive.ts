/**
 * The blocks of an archive being imported, found by digest, in whatever order they came. The first megabytes
 * stay in memory, which is all of most archives. The rest goes to the object's own storage in chunks, one row
 * each, so that a large archive costs few rows.
 */
import type { CidBytes } from "../../protocol/cid.ts";
import { tryCidToBytes } from "../../protocol/cid.ts";
import type { Loan } from "../../protocol/memory.ts";
import type { Sql } from "../../protocol/object/sql.ts";
import { must } from "../../protocol/refusal.ts";

/** Bytes of a chunk. Small, since reading one block reads its whole chunk. */
const CHUNK_BYTES = 64 * 1024;
/** Most bytes of blocks that stay in memory and never touch storage. */
const HELD_BYTES = 3_000_000;
/** Most bytes of chunks read back: an archive comes in any order, and its tree asks for blocks in another. */
const CACHED_BYTES = 1_500_000;
/** Bytes that an archive holds besides those borrowed for its index. The largest block is read twice over. */
export const ARCHIVE_BYTES = HELD_BYTES + CACHED_BYTES + 1_500_000;

const TABLE = `CREATE TABLE IF NOT EXISTS import_chunk (chunk INTEGER PRIMARY KEY, bytes BLOB NOT NULL)`;

export class Archive {
  readonly #sql: Sql;
  readonly #loan: Loan;
  readonly #index = new BlockIndex();
  /** The first chunks. Later ones are in storage. */
  readonly #held: Uint8Array[] = [];
  #heldBytes = 0;
  readonly #cache = new Map<number, Uint8Array>();
  #cachedBytes = 0;
  /** The chunk that is being filled. */
  #open = new Uint8Array(CHUNK_BYTES);
  #size = 0;
  #chunk = 0;

  /** @param loan of ARCHIVE_BYTES, which grows with the number of blocks */
  constructor(sql: Sql, loan: Loan) {
    this.#sql = sql;
    this.#loan = loan;
  }

  /** Must be called before each `add`. Refuses NotEnoughResources (503). */
  makeRoom(): Promise<void> | null {
    return this.#index.isFull ? this.#loan.growSoon(PART_BYTES) : null;
  }

  /** Adds a copy of a block. Skips a block that is already here. */
  add(cid: CidBytes, bytes: Uint8Array): void {
    if (this.#size > 0 && this.#size + bytes.byteLength > CHUNK_BYTES) this.seal();
    if (!this.#index.add(cid, this.#chunk, this.#size, bytes.byteLength)) return;
    if (bytes.byteLength > this.#open.byteLength) this.#open = new Uint8Array(bytes.byteLength);
    this.#open.set(bytes, this.#size);
    this.#size += bytes.byteLength;
  }

  /** Closes the open chunk. Must be called before the first `get`. */
  seal(): void {
    const fits = this.#heldBytes + this.#open.byteLength <= HELD_BYTES;
    if (fits && this.#chunk === this.#held.length) {
      this.#held.push(this.#open);
      this.#heldBytes += this.#open.byteLength;
      this.#open = new Uint8Array(CHUNK_BYTES);
    } else {
      if (this.#chunk === this.#held.length) this.#sql.run(TABLE);
      const bytes = this.#open.subarray(0, this.#size);
      this.#sql.run("INSERT INTO import_chunk (chunk, bytes) VALUES (?, ?)", this.#chunk, bytes);
      if (this.#open.byteLength > CHUNK_BYTES) this.#open = new Uint8Array(CHUNK_BYTES);
    }
    this.#chunk++;
    this.#size = 0;
  }

  get(cid: string | CidBytes): Uint8Array | null {
    const bytes = typeof cid === "string" ? tryCidToBytes(cid) : cid;
    const place = bytes === null ? null : this.#index.find(bytes);
    if (place === null) return null;
    const [chunk, from, length] = place;
    return (this.#held[chunk] ?? this.#read(chunk)).subarray(from, from + length);
  }

  #read(chunk: number): Uint8Array {
    const cached = this.#cache.get(chunk);
    if (cached !== undefined) return cached;
    const row = this.#sql.first<{ bytes: ArrayBuffer }>(
      "SELECT bytes FROM import_chunk WHERE chunk = ?",
      chunk,
    );
    const bytes = new Uint8Array(must(row, "chunk of the archive").bytes);
    this.#cachedBytes += bytes.byteLength;
    for (const [oldest, chunkBytes] of this.#cache) {
      if (this.#cachedBytes <= CACHED_BYTES) break;
      this.#cache.delete(oldest);
      this.#cachedBytes -= chunkBytes.byteLength;
    }
    this.#cache.set(chunk, bytes);
    return bytes;
  }
}

/** Number of index entries allocated at a time. */
const PART = 4096;
/** Bytes that they take, with their share of the table and of the one that it replaces. */
const PART_BYTES = PART * 48;
/** Bytes of a CID before its digest. */
const PREFIX = 4;
/** Bytes of a digest that tell blocks apart. Two alike would take 2^64 hashes, and spoil only one's own archive. */
const DIGEST = 16;

type Place = readonly [chunk: number, from: number, length: number];

/** The places of blocks, by digest. */
class BlockIndex {
  readonly #digests: Uint8Array[] = [];
  readonly #places: Uint32Array[] = [];
  #count = 0;
  /** Open addressing by the digest's first bytes. A slot holds an entry's number plus one, or 0 when free. */
  #table = new Uint32Array(1024);

  /** Whether the next new block takes memory. */
  get isFull(): boolean {
    return this.#count % PART === 0;
  }

  /** Returns false when the digest is already here. */
  add(cid: CidBytes, chunk: number, from: number, length: number): boolean {
    const slot = this.#slot(cid, PREFIX);
    if (this.#table[slot] !== 0) return false;
    const entry = this.#count++;
    const at = entry % PART;
    if (at === 0) {
      this.#digests.push(new Uint8Array(PART * DIGEST));
      this.#places.push(new Uint32Array(PART * 3));
    }
    must(this.#digests.at(-1), "digests").set(cid.subarray(PREFIX, PREFIX + DIGEST), at * DIGEST);
    const places = must(this.#places.at(-1), "places");
    places[at * 3] = chunk;
    places[at * 3 + 1] = from;
    places[at * 3 + 2] = length;
    this.#table[slot] = entry + 1;
    if (this.#count * 2 > this.#table.length) this.#grow();
    return true;
  }

  find(cid: CidBytes): Place | null {
    const entry = (this.#table[this.#slot(cid, PREFIX)] ?? 0) - 1;
    if (entry < 0) return null;
    const places = must(this.#places[Math.floor(entry / PART)], "places");
    const at = (entry % PART) * 3;
    return [places[at] ?? 0, places[at + 1] ?? 0, places[at + 2] ?? 0];
  }

  /** The slot of the digest at offset `from` of `bytes`, or the free slot where it belongs. */
  #slot(bytes: Uint8Array, from: number): number {
    const mask = this.#table.length - 1;
    let start = 0;
    for (let i = from; i < from + 4; i++) start = (start << 8) | (bytes[i] ?? 0);
    for (let slot = start & mask; ; slot = (slot + 1) & mask) {
      const at = this.#table[slot] ?? 0;
      if (at === 0 || this.#has(at - 1, bytes, from)) return slot;
    }
  }

  #has(entry: number, bytes: Uint8Array, from: number): boolean {
    const digests = must(this.#digests[Math.floor(entry / PART)], "digests");
    const at = (entry % PART) * DIGEST;
    for (let i = 0; i < DIGEST; i++) if (digests[at + i] !== bytes[from + i]) return false;
    return true;
  }

  #grow(): void {
    this.#table = new Uint32Array(this.#table.length * 2);
    for (let entry = 0; entry < this.#count; entry++) {
      const digests = must(this.#digests[Math.floor(entry / PART)], "digests");
      this.#table[this.#slot(digests, (entry % PART) * DIGEST)] = entry + 1;
    }
  }
}
