/**
 * Records of a checked archive in order of path: `import_run`, several hundred to a row. The transaction that
 * copies a row's records deletes the row, so the copies take up the pages that it frees, and the database
 * grows no larger than the repo. An archive kept in its own order, which may be any, would have to stay to
 * the end.
 */
import type { CidBytes } from "../../protocol/cid.ts";
import { takedownOf } from "../records/takedowns.ts";
import type { Sql } from "../../protocol/object/sql.ts";

/** Most records in one row. One turn copies one row, which takes 50 ms or so at most. */
const RUN_RECORDS = 500;
const RUN_BYTES = 128 * 1024;
const DIGEST = 32;

export const RUN_TABLE = `CREATE TABLE IF NOT EXISTS import_run (
  run INTEGER PRIMARY KEY, entries TEXT NOT NULL, bytes BLOB NOT NULL);`;

/** The place of a record in the row's bytes: its digest, then its value. `at` counts from one, as in SQL. */
type Entry = [path: string, subject: number | null, at: number, length: number];

export class RunWriter {
  readonly #sql: Sql;
  #entries: Entry[] = [];
  #bytes = new Uint8Array(RUN_BYTES);
  #size = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Whether a record of `length` bytes fits into the open row. Otherwise `flush` must come first. */
  fits(length: number): boolean {
    if (this.#entries.length === 0) return true;
    return this.#entries.length < RUN_RECORDS && this.#size + DIGEST + length <= RUN_BYTES;
  }

  add(path: string, cid: CidBytes, subject: number | null, value: Uint8Array): void {
    const end = this.#size + DIGEST + value.byteLength;
    if (end > this.#bytes.byteLength) this.#bytes = new Uint8Array(end);
    this.#bytes.set(cid.subarray(4), this.#size);
    this.#bytes.set(value, this.#size + DIGEST);
    this.#entries.push([path, subject, this.#size + 1, value.byteLength]);
    this.#size = end;
  }

  flush(): void {
    if (this.#entries.length === 0) return;
    this.#sql.run(
      "INSERT INTO import_run (entries, bytes) VALUES (?, ?)",
      JSON.stringify(this.#entries),
      this.#bytes.subarray(0, this.#size),
    );
    this.#entries = [];
    this.#size = 0;
    if (this.#bytes.byteLength > RUN_BYTES) this.#bytes = new Uint8Array(RUN_BYTES);
  }
}

/**
 * Copies the first row's records into `import_record`, in one transaction. Returns false when none is left.
 */
export function copyRun(sql: Sql, rev: string): boolean {
  const row = sql.first<{ run: number; entries: string; bytes: ArrayBuffer }>(
    "SELECT run, entries, bytes FROM import_run ORDER BY run LIMIT 1",
  );
  if (row === null) return false;
  sql.transaction(() => {
    // First, so that its pages are free.
    sql.run("DELETE FROM import_run WHERE run = ?", row.run);
    sql.run(
      `INSERT INTO import_record (path, digest, rev, subject, takedown, value)
       SELECT entry.value ->> 0, substr(?2, entry.value ->> 2, ${DIGEST}), ?3, entry.value ->> 1,
         ${takedownOf(sql, "entry.value ->> 0")},
         substr(?2, (entry.value ->> 2) + ${DIGEST}, entry.value ->> 3)
       FROM json_each(?1) AS entry`,
      row.entries,
      row.bytes,
      rev,
    );
  });
  return true;
}
