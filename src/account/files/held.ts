/**
 * The files that the account's object holds itself, on a host without an R2 bucket: a row for each megabyte. An
 * upload is whole once its size is noted; one that died is found by its age, like a stray in the bucket.
 */
import { SLICE, Slices } from "../../protocol/body.ts";
import { free, lenders } from "../../protocol/memory.ts";
import type { Rows, Sql } from "../../protocol/object/sql.ts";
import { Refusal } from "../../protocol/refusal.ts";

/** Bytes of a row. SQLite's largest here has two megabytes. */
export const CHUNK = 2 ** 20;
/** The place of an upload's first row is its number times this. */
export const SPAN = 2 ** 20;

export interface FileRow extends Record<string, SqlStorageValue> {
  no: number;
  size: number;
  at: number;
}

/** An account, as far as its files need it. */
interface Holder {
  sql: Sql;
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

export const dropChunks = (sql: Sql, no: number): number =>
  sql.run("DELETE FROM file_chunk WHERE id >= ? AND id < ?", no * SPAN, (no + 1) * SPAN);

// ---------------------------------------------------------------------------------------------- writing

export interface Room {
  /** Bytes that the object may have in all. */
  most: number;
  /** The account that is here now. */
  now: () => Holder | null;
}

/**
 * Stores a stream, a row at a time, and returns its length. One that breaks off leaves nothing. Refuses
 * NotEnoughResources (507) where there is no room, AccountNotFound if the account went away meanwhile.
 */
export async function putFile(
  holder: Holder,
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
