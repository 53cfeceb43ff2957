/** Reads of the files that the account's object holds itself, and who is reading them. */
import type { ByteRange, HeldFile } from "../../protocol/object/files.ts";
import type { Rows, Sql } from "../../protocol/object/sql.ts";
import { CHUNK, SPAN, heldFile } from "./held.ts";

/** An account's part that its files are read by. */
export interface Reading {
  sql: Sql;
  readers: Readers;
}

/** Files that are being read, by number, and since when (ms). */
export class Readers {
  readonly #since = new Map<number, number[]>();

  begin(no: number): void {
    this.#since.set(no, [...(this.#since.get(no) ?? []), Date.now()]);
  }

  end(no: number): void {
    const [, ...others] = this.#since.get(no) ?? [];
    if (others.length === 0) this.#since.delete(no);
    else this.#since.set(no, others);
  }

  /** Whether somebody reads it; a reader that began long ago may be gone. */
  has(no: number): boolean {
    return (this.#since.get(no) ?? []).some((since) => since > Date.now() - READING_MS);
  }
}

const READING_MS = 10 * 60_000;

/** A file's bytes, or a range of them; null if it is not here. */
export function readFile({ sql, readers }: Reading, key: string, range: ByteRange | null): HeldFile | null {
  const row = heldFile(sql, key);
  if (row === null) return null;
  const { no, size, at } = row;
  const end = range === null ? size : Math.min(size, range.offset + range.length);
  let offset = range?.offset ?? 0;
  readers.begin(no);
  const body = new ReadableStream({
    type: "bytes",
    pull(controller: ReadableByteStreamController) {
      if (offset >= end) {
        readers.end(no);
        controller.close();
        controller.byobRequest?.respond(0);
        return;
      }
      const bytes = chunkAt(sql, no, offset, end);
      if (bytes === null) {
        readers.end(no);
        throw new Error("a file that was read was deleted");
      }
      offset += bytes.byteLength;
      controller.enqueue(bytes);
    },
    cancel: () => readers.end(no),
  });
  return { size, at, body };
}

/** The bytes from an offset up to the end of its row; null if they are gone. */
export function chunkAt(rows: Rows, no: number, offset: number, end: number): Uint8Array | null {
  const index = Math.floor(offset / CHUNK);
  const start = offset - index * CHUNK;
  const length = Math.min(CHUNK - start, end - offset);
  const row = rows.first<{ bytes: ArrayBuffer }>(
    "SELECT substr(bytes, ?, ?) AS bytes FROM file_chunk WHERE id = ?",
    start + 1,
    length,
    no * SPAN + index,
  );
  return row === null || row.bytes.byteLength !== length ? null : new Uint8Array(row.bytes);
}
