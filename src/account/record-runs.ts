/**
 * Records of a checked archive, in order of path: `import_run`, some hundreds a row. Each row is deleted in the
 * transaction that copies what it holds, so the copies take up the pages that it leaves, and the database grows no larger
 * than the repo. Were the archive kept in its own order, which is any, it would have to stay to the end.
 */
import type { CidBytes } from "../protocol/cid.ts";
import type { Sql } from "./sql.ts";

/** Records in one row, which are what one turn does: some 50 ms at most. */
const RUN_RECORDS = 500;
const RUN_BYTES = 128 * 1024;
const DIGEST = 32;

export const RUN_TABLE = `CREATE TABLE IF NOT EXISTS import_run (
  run INTEGER PRIMARY KEY, entries TEXT NOT NULL, bytes BLOB NOT NULL);`;

type Entry = [path: string, subject: number | null, length: number];

export interface RunRecord {
  path: string;
  digest: Uint8Array;
  subject: number | null;
  value: Uint8Array;
}

export class RunWriter {
  readonly #sql: Sql;
  #entries: Entry[] = [];
  /** Of each record the digest, and behind it the value. */
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
    this.#size = end;
    this.#entries.push([path, subject, value.byteLength]);
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

/** Deletes the first row and returns its records, null when there is none. For inside the transaction that copies them. */
export function takeRun(sql: Sql): RunRecord[] | null {
  const row = sql.first<{ run: number; entries: string; bytes: ArrayBuffer }>(
    "SELECT run, entries, bytes FROM import_run ORDER BY run LIMIT 1",
  );
  if (row === null) return null;
  sql.run("DELETE FROM import_run WHERE run = ?", row.run);
  const bytes = new Uint8Array(row.bytes);
  let at = 0;
  return (JSON.parse(row.entries) as Entry[]).map(([path, subject, length]) => {
    const value = at + DIGEST;
    const digest = bytes.subarray(at, value);
    at = value + length;
    return { path, digest, subject, value: bytes.subarray(value, at) };
  });
}
