/**
 * The blocks of an archive that is being imported, kept in the object's own storage in chunks (a row each, so that a
 * large archive costs few) and found by digest through an index in memory: 44 bytes a block, rebuilt from the chunks
 * after a crash.
 */
import type { CidBytes } from "../protocol/cid.ts";
import { sameBytes, tryCidToBytes } from "../protocol/cid.ts";
import { must } from "../protocol/refusal.ts";
import type { Sql } from "./sql.ts";

const CHUNK_BYTES = 256 * 1024;
/** Of chunks held in memory: archives come in any order, so most reads must not touch storage. */
const CACHED_CHUNKS = 96;
/** In a chunk's directory: digest, offset, length. */
const ENTRY = 40;

const TABLE = `CREATE TABLE IF NOT EXISTS import_chunk (
  chunk INTEGER PRIMARY KEY, directory BLOB NOT NULL, bytes BLOB NOT NULL)`;

/** Writes blocks to storage as they arrive. */
export class Stager {
  readonly #sql: Sql;
  #chunk = 0;
  #parts: Uint8Array[] = [];
  #directory: number[] = [];
  #digests: Uint8Array[] = [];
  #size = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
    sql.run(TABLE);
  }

  add(cid: CidBytes, bytes: Uint8Array): void {
    if (this.#size > 0 && this.#size + bytes.byteLength > CHUNK_BYTES) this.flush();
    this.#digests.push(cid.slice(4));
    this.#directory.push(this.#size, bytes.byteLength);
    this.#parts.push(bytes.slice());
    this.#size += bytes.byteLength;
  }

  flush(): void {
    if (this.#digests.length === 0) return;
    const directory = new Uint8Array(this.#digests.length * ENTRY);
    const view = new DataView(directory.buffer);
    for (const [i, digest] of this.#digests.entries()) {
      directory.set(digest, i * ENTRY);
      view.setUint32(i * ENTRY + 32, this.#directory[2 * i] ?? 0);
      view.setUint32(i * ENTRY + 36, this.#directory[2 * i + 1] ?? 0);
    }
    const bytes = new Uint8Array(this.#size);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.byteLength;
    }
    this.#sql.run(
      "INSERT INTO import_chunk (chunk, directory, bytes) VALUES (?, ?, ?)",
      this.#chunk++,
      directory,
      bytes,
    );
    this.#parts = [];
    this.#directory = [];
    this.#digests = [];
    this.#size = 0;
  }
}

/** Reads staged blocks by CID. */
export class StagedBlocks {
  readonly #sql: Sql;
  readonly #directories: Uint8Array[] = [];
  /** Open addressing by the digest's first bytes; a slot holds 1 + (chunk * 2^16 + entry), 0 when free. */
  readonly #table: Float64Array;
  readonly #cache = new Map<number, Uint8Array>();

  constructor(sql: Sql) {
    this.#sql = sql;
    let count = 0;
    for (const row of sql.all<{ directory: ArrayBuffer }>(
      "SELECT directory FROM import_chunk ORDER BY chunk",
    )) {
      this.#directories.push(new Uint8Array(row.directory));
      count += row.directory.byteLength / ENTRY;
    }
    this.#table = new Float64Array(2 ** Math.ceil(Math.log2(Math.max(16, count * 2))));
    for (const [chunk, directory] of this.#directories.entries()) {
      for (let entry = 0; entry * ENTRY < directory.byteLength; entry++) this.#insert(chunk, entry);
    }
  }

  #digest(chunk: number, entry: number): Uint8Array {
    const directory = must(this.#directories[chunk], "chunk directory");
    return directory.subarray(entry * ENTRY, entry * ENTRY + 32);
  }

  /** The slot of a digest, or the free one where it would go. */
  #slot(digest: Uint8Array): number {
    const mask = this.#table.length - 1;
    const start = new DataView(digest.buffer, digest.byteOffset).getUint32(0);
    for (let slot = start & mask; ; slot = (slot + 1) & mask) {
      const at = this.#table[slot] ?? 0;
      if (at === 0) return slot;
      const found = this.#digest(Math.floor((at - 1) / 65_536), (at - 1) % 65_536);
      if (sameBytes(found, digest)) return slot;
    }
  }

  #insert(chunk: number, entry: number): void {
    this.#table[this.#slot(this.#digest(chunk, entry))] = 1 + chunk * 65_536 + entry;
  }

  get(cid: string | CidBytes): Uint8Array | null {
    const bytes = typeof cid === "string" ? tryCidToBytes(cid) : cid;
    if (bytes === null) return null;
    const at = this.#table[this.#slot(bytes.subarray(4))] ?? 0;
    if (at === 0) return null;
    const chunk = Math.floor((at - 1) / 65_536);
    const directory = must(this.#directories[chunk], "chunk directory");
    const view = new DataView(directory.buffer, directory.byteOffset);
    const entry = ((at - 1) % 65_536) * ENTRY;
    const from = view.getUint32(entry + 32);
    return this.#read(chunk).subarray(from, from + view.getUint32(entry + 36));
  }

  #read(chunk: number): Uint8Array {
    const cached = this.#cache.get(chunk);
    if (cached !== undefined) return cached;
    const row = this.#sql.first<{ bytes: ArrayBuffer }>(
      "SELECT bytes FROM import_chunk WHERE chunk = ?",
      chunk,
    );
    const bytes = new Uint8Array(must(row, "staged chunk").bytes);
    const oldest = this.#cache.keys().next();
    if (this.#cache.size >= CACHED_CHUNKS && !oldest.done) this.#cache.delete(oldest.value);
    this.#cache.set(chunk, bytes);
    return bytes;
  }
}
