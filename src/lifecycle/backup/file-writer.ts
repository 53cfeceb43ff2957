/** Writes files of unknown length: in one buffer, which each part of a file leaves free for the next. */
import { createHash } from "node:crypto";
import { type StoredFile, partKey } from "./format.ts";
import type { BackupStore } from "./backup-store.ts";

/** Bytes at which a file is cut. */
export const PART_BYTES = 4_000_000;

const encoder = new TextEncoder();

export class FileWriter {
  readonly #store: BackupStore;
  readonly #buffer: Uint8Array;
  readonly #key: string;
  readonly #digest = createHash("sha256");
  #used = 0;
  #parts = 0;
  #bytes = 0;

  /** @param buffer of PART_BYTES, of one writer at a time */
  constructor(store: BackupStore, key: string, buffer: Uint8Array) {
    this.#store = store;
    this.#key = key;
    this.#buffer = buffer;
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#bytes;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#digest.update(chunk);
    this.#bytes += chunk.byteLength;
    for (let from = 0; from < chunk.byteLength;) {
      if (this.#used === this.#buffer.byteLength) await this.#flush();
      const taken = chunk.subarray(from, from + this.#buffer.byteLength - this.#used);
      this.#buffer.set(taken, this.#used);
      this.#used += taken.byteLength;
      from += taken.byteLength;
    }
  }

  line(value: object): Promise<void> {
    return this.write(encoder.encode(`${JSON.stringify(value)}\n`));
  }

  async #flush(): Promise<void> {
    await this.#store.put(partKey(this.#key, ++this.#parts), this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  /** Writes the rest; an empty file has one part, too. */
  async end(): Promise<StoredFile> {
    if (this.#used > 0 || this.#parts === 0) await this.#flush();
    const sha256 = this.#digest.digest("hex");
    return { key: this.#key, parts: this.#parts, bytes: this.#bytes, sha256 };
  }
}
