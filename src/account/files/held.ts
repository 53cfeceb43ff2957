/**
 * The files that the account's object holds itself, on a host without an R2 bucket: a row for each megabyte. An
 * upload is whole once its size is noted; one that died is found by its age, like a stray in the bucket.
 */
import { SLICE, Slices } from "../../protocol/body.ts";
import type { ByteRange, HeldFile, MovedFiles } from "../../protocol/object/files.ts";
import { messageOf } from "../../protocol/log-line.ts";
import { free, lenders } from "../../protocol/memory.ts";
import type { Rows, Sql } from "../../protocol/object/sql.ts";
import { Refusal } from "../../protocol/refusal.ts";

/** Bytes of a row. SQLite's largest here has two megabytes. */
export const CHUNK = 2 ** 20;
/** The place of an upload's first row is its number times this. */
const SPAN = 2 ** 20;

interface FileRow extends Record<string, SqlStorageValue> {
  no: number;
  size: number;
  at: number;
}

const full = () =>
  new Refusal("NotEnoughResources", "This host has no room for more pictures and videos", 507);

/** Whole ones only. */
export const heldFile = (rows: Rows, key: string): FileRow | null =>
  rows.first<FileRow>("SELECT no, size, at FROM file WHERE key = ? AND size IS NOT NULL", key);

/** All, also those that are under way or died, in order of key. */
export const heldKeys = (rows: Rows): { key: string; size: number; at: number }[] =>
  rows.all("SELECT key, coalesce(size, 0) AS size, at FROM file ORDER BY key");

export const heldBytes = (rows: Rows): number =>
  rows.first<{ bytes: number }>("SELECT coalesce(sum(size), 0) AS bytes FROM file")?.bytes ?? 0;

export function dropFiles(sql: Sql, keys: readonly string[]): void {
  sql.transaction(() => {
    for (const key of keys) {
      const row = sql.first<{ no: number }>("DELETE FROM file WHERE key = ? RETURNING no", key);
      if (row !== null) dropChunks(sql, row.no);
    }
  });
}

const dropChunks = (sql: Sql, no: number): number =>
  sql.run("DELETE FROM file_chunk WHERE id >= ? AND id < ?", no * SPAN, (no + 1) * SPAN);

// ---------------------------------------------------------------------------------------------- writing

export interface Room {
  /** Bytes that the object may have in all. */
  most: number;
  /** The account that is here now. */
  now: () => Pick<Holder, "sql"> | null;
}

/**
 * Stores a stream, a row at a time, and returns its length. One that breaks off leaves nothing. Refuses
 * NotEnoughResources (507) where there is no room, AccountNotFound if the account went away meanwhile.
 */
export async function putFile(
  holder: Pick<Holder, "sql">,
  key: string,
  body: ReadableStream<Uint8Array>,
  { most, now }: Room,
): Promise<number> {
  const { sql } = holder;
  const isHere = () => now() === holder;
  const check = (size = 0) => {
    if (!isHere()) throw new Refusal("AccountNotFound", "The account went away", 403);
    if (size > most) throw full();
  };
  const loan = await lenders.uploads.borrow(CHUNK + SLICE);
  const slices = new Slices(body);
  const chunk = new Uint8Array(CHUNK);
  let upload: Upload | null = null;
  try {
    check();
    upload = Upload.begin(sql, key);
    let used = 0;
    for (
      let slice = await loan.during(slices.next());
      slice !== null;
      slice = await loan.during(slices.next())
    ) {
      for (let rest = slice; rest.byteLength > 0;) {
        const part = rest.subarray(0, CHUNK - used);
        chunk.set(part, used);
        used += part.byteLength;
        rest = rest.subarray(part.byteLength);
        if (used < CHUNK) continue;
        check(sql.size);
        upload.add(chunk);
        used = 0;
      }
    }
    check(sql.size);
    if (used > 0) upload.add(chunk.subarray(0, used));
    return upload.end();
  } catch (thrown) {
    if (upload !== null && isHere()) dropFiles(sql, [key]);
    throw thrown;
  } finally {
    loan.giveBack();
    free(chunk);
    await slices.cancel();
  }
}

/** One upload's rows. */
class Upload {
  readonly #sql: Sql;
  readonly #no: number;
  #rows = 0;
  #size = 0;

  private constructor(sql: Sql, no: number) {
    this.#sql = sql;
    this.#no = no;
  }

  static begin(sql: Sql, key: string): Upload {
    dropFiles(sql, [key]);
    const row = sql.first<{ no: number }>(
      "INSERT INTO file (key, at) VALUES (?, ?) RETURNING no",
      key,
      Date.now(),
    );
    return new Upload(sql, row?.no ?? 0);
  }

  add(bytes: Uint8Array): void {
    if (this.#rows >= SPAN) throw full();
    this.#sql.run("INSERT INTO file_chunk (id, bytes) VALUES (?, ?)", this.#no * SPAN + this.#rows, bytes);
    this.#rows += 1;
    this.#size += bytes.byteLength;
  }

  end(): number {
    if (this.#sql.run("UPDATE file SET size = ? WHERE no = ?", this.#size, this.#no) === 0)
      throw new Error("an upload was swept while it came");
    return this.#size;
  }
}

// ---------------------------------------------------------------------------------------------- reading

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

/** An account's part that its files are read by. */
interface Holder {
  sql: Sql;
  readers: Readers;
}

/** A file's bytes, or a range of them; null if it is not here, or no account is. */
export function readFile(holder: Holder | null, key: string, range: ByteRange | null): HeldFile | null {
  const row = holder === null ? null : heldFile(holder.sql, key);
  if (holder === null || row === null) return null;
  const { sql, readers } = holder;
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
function chunkAt(rows: Rows, no: number, offset: number, end: number): Uint8Array | null {
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

// ---------------------------------------------------------------------------------------------- moving

/** Files, and about the most bytes, that one call moves. */
const MOVED_FILES = 20;
const MOVED_BYTES = 50_000_000;

interface Moved extends FileRow {
  key: string;
}

/**
 * Moves some files to the bucket, under their keys, in the order in which they came. Each is there before it goes
 * here, so that it can be read all the time; what dies in between is moved again.
 * @param after the place that the call before returned; 0: from the beginning
 */
export async function moveFiles(
  { sql, readers }: Holder,
  bucket: R2Bucket,
  after: number,
): Promise<MovedFiles> {
  const rows = sql.all<Moved>(
    "SELECT no, key, size, at FROM file WHERE size IS NOT NULL AND no > ? ORDER BY no LIMIT ?",
    after,
    MOVED_FILES,
  );
  const moved: MovedFiles = { files: 0, bytes: 0, next: null, left: 0, error: null };
  for (const row of rows) {
    try {
      await moveFile(sql, readers, bucket, row, moved);
    } catch (thrown) {
      // One that fails holds up no other.
      moved.error = `${row.key}: ${messageOf(thrown)}`;
    }
    moved.next = row.no;
    if (moved.bytes >= MOVED_BYTES) return moved;
  }
  return rows.length < MOVED_FILES ? { ...moved, next: null } : moved;
}

async function moveFile(
  sql: Sql,
  readers: Readers,
  bucket: R2Bucket,
  { key, no, size }: Moved,
  moved: MovedFiles,
): Promise<void> {
  await copyFile(sql, bucket, key, no, size);
  moved.bytes += size;
  if (readers.has(no)) {
    moved.left += 1;
    return;
  }
  moved.files += 1;
  const isHere = sql.transaction(() => {
    dropChunks(sql, no);
    return sql.run("DELETE FROM file WHERE no = ?", no) > 0;
  });
  // It was deleted while it was copied.
  if (!isHere) await bucket.delete(key);
}

async function copyFile(sql: Sql, bucket: R2Bucket, key: string, no: number, size: number): Promise<void> {
  const { readable, writable } = new FixedLengthStream(size);
  const send = async () => {
    const writer = writable.getWriter();
    try {
      for (let offset = 0; offset < size;) {
        const bytes = chunkAt(sql, no, offset, size);
        if (bytes === null)
          throw new Error(`${key} was deleted while it was moved, or a part of it is missing`);
        await writer.write(bytes);
        offset += bytes.byteLength;
      }
      await writer.close();
    } catch (error) {
      await writer.abort(error).catch(() => undefined);
      throw error;
    }
  };
  const [sent, stored] = await Promise.allSettled([send(), bucket.put(key, readable)]);
  if (sent.status === "rejected") throw sent.reason;
  if (stored.status === "rejected") throw stored.reason;
}
