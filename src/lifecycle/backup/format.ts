/**
 * The form of a backup, which `docs/backups.md` describes for other programs: names of files, and what is in
 * them. Everything is under one prefix. A file larger than PART_BYTES goes on in files `<name>.2`, `<name>.3` …
 */
import type { Did } from "@atcute/lexicons";

export const FORMAT = 1;

/** One file, or the numbered files that it was cut into. */
export interface StoredFile {
  key: string;
  parts: number;
  /** Of all parts together. */
  bytes: number;
  /** Of all parts together, in hex. */
  sha256: string;
}

export const partKey = (key: string, part: number): string => (part === 1 ? key : `${key}.${part}`);

/** One visit to an account. The visits since the last full one make it whole. */
export interface Visit {
  run: string;
  /** The archive has what commits after this rev wrote; null: everything. */
  since: string | null;
  rev: string;
  /** CID of the commit. */
  head: string;
  /** A CAR; null if nothing was written since. */
  car: StoredFile | null;
  /** JSON lines: `AccountLine`, then `BlobLine`s and `RevLine`s of the same commits. */
  list: StoredFile;
}

/** A line of `runs/<run>/accounts.jsonl`. */
export interface AccountEntry {
  did: Did;
  /** When the account was made, milliseconds of the Unix epoch. */
  made: number;
  rev: string;
  visits: Visit[];
}

/** The first line of a visit's list. */
export interface AccountLine {
  account: { did: Did; made: number; rev: string; head: string; preferences: Preference[] };
  /** `Secrets` as JSON, sealed in the context `account <did>`. */
  sealed: string;
}

export interface Preference {
  namespace: string;
  /** A JSON array. */
  value: string;
}

/** The secrets that open an account. */
export interface Secrets {
  /** K-256, 32 bytes in hex. */
  signingKey: string;
  /** A scrypt hash with its parameters, as password.ts makes it; null: no password. */
  password: string | null;
  appPasswords: AppPasswordSecret[];
}

export interface AppPasswordSecret {
  name: string;
  /** SHA-256 in hex of the DID, a zero byte, and the password. */
  digest: string;
  privileged: boolean;
  createdAt: string;
}

export interface BlobLine {
  blob: { cid: string; mimeType: string; size: number; key: string };
}

/** A record's path, and the rev of the commit that last wrote it. */
export interface RevLine {
  rev: [path: string, rev: string];
}

/** A table of the directory: JSON lines, an object a row. Secret columns hold `{"sealed": …}`. */
export interface TableFile {
  table: string;
  rows: number;
  files: StoredFile[];
}

/** `runs/<run>/manifest.json`, which is written last: a run without it is half done. */
export interface Manifest {
  format: typeof FORMAT;
  run: string;
  startedAt: string;
  endedAt: string;
  /** The host as it was. */
  host: { origin: string; did: string; formerOrigins: string[]; handleDomains: string[]; version: string[] };
  /** The public key that secrets are sealed for. */
  key: string;
  tables: TableFile[];
  accounts: { count: number; files: StoredFile[] };
  /** The community's picture; null if it has none. Runs of older versions lack it. */
  logo?: StoredFile | null;
  /** Accounts that could not be kept in this run, with the error; older visits stand for them, if there are any. */
  failed: [did: string, why: string][];
  /** Whether blobs were copied; otherwise they are in the host's own bucket, under the keys of their lines. */
  blobs: boolean;
}

export const RUNS = "runs/";
export const ACCOUNTS = "accounts/";
export const BLOBS = "blobs/";

export const manifestKey = (run: string): string => `${RUNS}${run}/manifest.json`;
export const tableKey = (run: string, table: string, file: number): string =>
  `${RUNS}${run}/directory/${table}${file === 1 ? "" : `-${file}`}.jsonl`;
export const accountsKey = (run: string, file: number): string =>
  `${RUNS}${run}/accounts${file === 1 ? "" : `-${file}`}.jsonl`;
export const logoKey = (run: string, name: string): string => `${RUNS}${run}/logo/${name}`;
export const carKey = (did: string, run: string, isFull: boolean): string =>
  `${ACCOUNTS}${did}/${run}.${isFull ? "full" : "since"}.car`;
export const listKey = (did: string, run: string): string => `${ACCOUNTS}${did}/${run}.jsonl`;
export const blobKey = (did: string, cid: string): string => `${BLOBS}${did}/${cid}`;

export const sealedAccount = (did: string): string => `account ${did}`;
/** @param row the row's own key, its columns joined by blanks */
export const sealedColumn = (table: string, column: string, row: string): string =>
  `${table}.${column} ${row}`;
