/**
 * Records of a checked archive, in order of path: `import_run`, some hundreds a row. Each row is deleted in the
 * transaction that copies what it holds, so the copies take up the pages that it leaves, and the database grows no larger
 * than the repo. Were the archive kept in its own order, which is any, it would have to stay to the end.
 */
import type { CidBytes } from "../../protocol/cid.ts";
import type { Sql } from "../sql.ts";

/** Records in one row, which are what one turn does: some 50 ms at most. */
const RUN_RECORDS = 500;
const RUN_BYTES = 128 * 1024;
const DIGEST = 32;

export const RUN_TABLE = `CREATE TABLE IF NOT EXISTS import_run (
  run INTEGER PRIMARY KEY, entries TEXT NOT NULL, bytes BLOB NOT NULL);`;

/** Where in the row's bytes a record is, counted from one as SQL does: the digest, and behind it the value. */
type Entry = [path: string, subject: number | null, at: number, length: number];

export class RunWriter {
  readonly #sql: Sql;
  #entries: Entry[] = [];
  #bytes = new Uint8Array(RUN_BYTES);
  #size = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Whether a record of so many bytes goes into the open row; else `flush` comes first. */
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

/** Copies the first row's records into `import_record`; false when there is none left. One transaction. */
export function copyRun(sql: Sql, rev: string): boolean {
  const row = sql.first<{ run: number; entries: string; bytes: ArrayBuffer }>(
    "SELECT run, entries, bytes FROM import_run ORDER BY run LIMIT 1",
  );
  if (row === null) return false;
  sql.transaction(() => {
    // First of all, so that its pages are free.
    sql.run("DELETE FROM import_run WHERE run = ?", row.run);
    sql.run(
      `INSERT INTO import_record (path, digest, rev, subject, takedown, value)
       SELECT entry.value ->> 0, substr(?2, entry.value ->> 2, ${DIGEST}), ?3, entry.value ->> 1,
         (SELECT takedown FROM record WHERE path = entry.value ->> 0),
         substr(?2, (entry.value ->> 2) + ${DIGEST}, entry.value ->> 3)
       FROM json_each(?1) AS entry`,
      row.entries,
      row.bytes,
      rev,
    );
  });
  return true;
}
