/**
 * com.atproto.repo.importRepo, in steps that each leave storage whole:
 *
 *   reading     the archive's blocks, hashes checked, into memory; what that cannot hold into `import_chunk`
 *   sorting     the tree is walked: every block that it names is there, every record reads, it has the shape that its
 *               records demand. Here, at the latest, a bad archive is refused and forgotten. Records go into
 *               `import_run` in order, the tree's rows into `import_mst`, references to blobs into `import_blob_ref`
 *   copying     from `import_run` into `import_record`, a row a turn
 *   replacing   the new tables take the old ones' names, under a commit signed with this account's key: one transaction
 *
 * Once sorting is done the object carries the import to its end by itself: a crash resumes copying at the row that it cut
 * short. What an earlier crash leaves is dropped, by the alarm or the next import. Reads see the old repo until the last
 * step, and so do exports.
 */
import { readCarStream } from "../../protocol/car.ts";
import { decodeToJson } from "../../protocol/cbor.ts";
import type { CidBytes } from "../../protocol/cid.ts";
import { cidFromBytes } from "../../protocol/cid.ts";
import { decodeCommit, signCommit } from "../../protocol/commit.ts";
import { isMap } from "../../protocol/data-model.ts";
import type { LexMap } from "../../protocol/data-model.ts";
import { MstBuilder, readMst } from "../../protocol/mst/build.ts";
import type { MstRow } from "../../protocol/mst/row.ts";
import { TOP, withExtra } from "../../protocol/mst/row.ts";
import { Refusal, invalidRequest, isRefusal, must } from "../../protocol/refusal.ts";
import { nextTid } from "../../protocol/tid.ts";
import type { Account } from "../account.ts";
import { syncEntry } from "../announce.ts";
import { Archive } from "./archive.ts";
import { RUN_TABLE, RunWriter, copyRun } from "./record-runs.ts";
import { blobCidsOf, subjectOf } from "../records/records.ts";
import type { Sql } from "../sql.ts";
import { statusOf } from "../state.ts";
import type { Head } from "../tree.ts";

/** More than Cloudflare lets a request carry on any plan but the largest. */
const MAX_CAR_BYTES = 500_000_000;
/** SQLite takes values of 2 MB. */
const MAX_BLOCK_BYTES = 1_900_000;

const TABLES = `${RUN_TABLE}
CREATE TABLE import_record (
  path TEXT PRIMARY KEY, digest BLOB NOT NULL, rev TEXT NOT NULL, subject INTEGER, takedown TEXT, value BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE import_mst (
  band INTEGER NOT NULL, edge TEXT NOT NULL, rev TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (band, edge)
) WITHOUT ROWID;
CREATE TABLE import_blob_ref (
  cid TEXT NOT NULL, path TEXT NOT NULL, PRIMARY KEY (cid, path)) WITHOUT ROWID;`;

/** Made when sorting is done. */
const PLAN_TABLE = `CREATE TABLE import_plan (
  only INTEGER PRIMARY KEY CHECK (only = 0), data TEXT NOT NULL, rev TEXT NOT NULL, base TEXT NOT NULL,
  top BLOB NOT NULL)`;

const DISCARD = `
DROP TABLE IF EXISTS import_plan; DROP TABLE IF EXISTS import_chunk; DROP TABLE IF EXISTS import_run;
DROP TABLE IF EXISTS import_record; DROP TABLE IF EXISTS import_mst; DROP TABLE IF EXISTS import_blob_ref;`;

/** What is to be imported. */
type Plan = {
  /** Root of the archive's tree. */
  data: string;
  /** Rev of the commit to come, with which rows and records are stamped. */
  rev: string;
  /** The commit that it replaces. */
  base: string;
};

const turn = () => scheduler.wait(0);

/**
 * Whose repo it is, its commit says; by which key it is signed does not matter, since it is signed anew. The key that the
 * DID document names would be the wrong one anyhow, where a host that does not sign anew was the last (as the reference).
 * Refuses InvalidRequest: no archive, one of another account, or one that lacks a block; InvalidSwap when the repo was
 * written to meanwhile.
 */
export async function importRepo(account: Account, car: ReadableStream<Uint8Array>): Promise<void> {
  const { sql } = account;
  if (account.importing || isSorted(sql)) throw invalidRequest("An import is already in progress");
  account.importing = true;
  account.expectImport();
  try {
    sql.run(DISCARD);
    await sort(account, await read(sql, car));
    await finish(account);
  } catch (error) {
    if (isRefusal(error) || !isSorted(sql)) sql.run(DISCARD);
    throw error;
  } finally {
    account.importing = false;
  }
}

/** Carries on what a crash cut short; for the alarm. */
export async function resumeImport(account: Account): Promise<void> {
  const { sql } = account;
  if (account.importing || !(exists(sql, "import_chunk") || exists(sql, "import_run"))) return;
  account.importing = true;
  try {
    if (isSorted(sql)) await finish(account);
    else sql.run(DISCARD);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    sql.run(DISCARD);
  } finally {
    account.importing = false;
  }
}

/** Of an import under way: a takedown of a record that may be copied already. */
export function markImported(sql: Sql, path: string, takedown: string | null): void {
  if (exists(sql, "import_record"))
    sql.run("UPDATE import_record SET takedown = ? WHERE path = ?", takedown, path);
}

const exists = (sql: Sql, table: string) =>
  sql.first("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", table) !== null;

/** Whether there is an import that needs its archive no more. */
const isSorted = (sql: Sql) => exists(sql, "import_plan");

// ---------------------------------------------------------------------------------------------- reading

type Blocks = { root: string; archive: Archive };

async function read(sql: Sql, car: ReadableStream<Uint8Array>): Promise<Blocks> {
  const limits = { maxBytes: MAX_CAR_BYTES, maxBlockBytes: MAX_BLOCK_BYTES };
  const { roots, blocks } = await readCarStream(car, limits);
  const [root] = roots;
  if (root === undefined || roots.length !== 1) {
    await blocks.return(undefined);
    throw invalidRequest("expected one root");
  }
  const archive = new Archive(sql);
  for await (const { cid, bytes } of blocks) archive.add(cid, bytes);
  archive.seal();
  return { root, archive };
}

// ---------------------------------------------------------------------------------------------- sorting

/** Looks at the archive's commit. */
function planOf({ did, head }: Account, { root, archive }: Blocks): Plan {
  const block = archive.get(root);
  if (block === null) throw invalidRequest("Invalid CAR: the root block is missing");
  const commit = decodeCommit(block);
  if (commit.did !== did) throw invalidRequest(`Invalid commit: the repo of ${commit.did}`);
  const latest = commit.rev > head.rev ? commit.rev : head.rev;
  return { data: commit.data, rev: nextTid(Date.now() * 1000, latest), base: head.cid };
}

type ArchivedRecord = { bytes: Uint8Array; value: LexMap };

/** A record of the archive. Refuses InvalidRequest when it is missing or no object. */
function recordOf(archive: Archive, path: string, cid: CidBytes): ArchivedRecord {
  const bytes = archive.get(cid);
  if (bytes === null) throw invalidRequest(`Missing block ${cidFromBytes(cid)} of record ${path}`);
  try {
    const value = decodeToJson(bytes);
    if (isMap(value)) return { bytes, value };
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  throw invalidRequest(`Could not parse record at '${path}'`);
}

/** Reads all of the archive and brings it in order. From its end on the alarm would finish the import. */
async function sort(account: Account, blocks: Blocks): Promise<void> {
  const { sql } = account;
  const { archive } = blocks;
  const plan = planOf(account, blocks);
  makeTables(sql, plan);
  const sorter = new Sorter(sql, plan);
  for (const [path, cid] of readMst(plan.data, (each) => archive.get(each))) {
    const record = recordOf(archive, path, cid);
    if (!sorter.fits(record)) {
      sorter.store();
      await turn();
    }
    sorter.add(path, cid, record);
  }
  sorter.finish();
}

function makeTables(sql: Sql, { rev }: Plan): void {
  sql.transaction(() => {
    sql.run(TABLES);
    // An index keeps its name when its table is renamed, so each import has its own. Filled as records are copied: made
    // at the end it would write as many rows in one go, more than a day of the free plan may have left.
    sql.run(`CREATE INDEX record_subject_${rev} ON import_record (subject) WHERE subject IS NOT NULL`);
  });
}

/** Takes an archive's records in order of path, and stores a batch at a time. */
class Sorter {
  readonly #sql: Sql;
  readonly #plan: Plan;
  readonly #builder: MstBuilder;
  readonly #run: RunWriter;
  #blobs: [cid: string, path: string][] = [];

  constructor(sql: Sql, plan: Plan) {
    this.#sql = sql;
    this.#plan = plan;
    this.#builder = new MstBuilder(plan.rev);
    this.#run = new RunWriter(sql);
  }

  /** Whether the batch may grow by this record; else `store` comes first. */
  fits({ bytes }: ArchivedRecord): boolean {
    return this.#run.fits(bytes.byteLength);
  }

  add(path: string, cid: CidBytes, { bytes, value }: ArchivedRecord): void {
    const subject = subjectOf(path.slice(0, path.indexOf("/")), value);
    this.#builder.add(path, cid);
    this.#run.add(path, cid, subject?.hash ?? null, bytes);
    for (const blob of new Set(blobCidsOf(value))) this.#blobs.push([blob, path]);
  }

  store(): void {
    this.#sql.transaction(() => this.#write());
  }

  #write(): void {
    const { rev } = this.#plan;
    this.#run.flush();
    for (const row of this.#builder.takeRows()) putTreeRow(this.#sql, rev, row);
    for (const [cid, path] of this.#blobs) {
      this.#sql.run("INSERT INTO import_blob_ref (cid, path) VALUES (?, ?)", cid, path);
    }
    this.#blobs = [];
  }

  /** Stores the rest, notes what is to be imported, and lets go of the archive. */
  finish(): void {
    const { data, rev, base } = this.#plan;
    const { root, top } = this.#builder.finish();
    if (cidFromBytes(root) !== data) throw invalidRequest("Invalid MST: not the tree of its records");
    this.#sql.transaction(() => {
      this.#write();
      this.#sql.run(`DROP TABLE IF EXISTS import_chunk; ${PLAN_TABLE}`);
      this.#sql.run(
        "INSERT INTO import_plan (only, data, rev, base, top) VALUES (0, ?, ?, ?, ?)",
        data,
        rev,
        base,
        top,
      );
    });
  }
}

function putTreeRow(sql: Sql, rev: string, { band, left, bytes }: MstRow): void {
  sql.run("INSERT INTO import_mst (band, edge, rev, bytes) VALUES (?, ?, ?, ?)", band, left, rev, bytes);
}

// ---------------------------------------------------------------------------------------------- to the end

async function finish(account: Account): Promise<void> {
  const { sql } = account;
  const plan = must(
    sql.first<Plan & { top: ArrayBuffer }>("SELECT data, rev, base, top FROM import_plan"),
    "import plan",
  );
  while (copyRun(sql, plan.rev)) await turn();
  replace(account, plan, new Uint8Array(plan.top));
}

/** The new repo in place of the old. */
function replace(account: Account, { data, rev, base }: Plan, top: Uint8Array): void {
  const { sql, did, key } = account;
  if (account.head.cid !== base) {
    throw new Refusal("InvalidSwap", "The repo was written to during the import");
  }
  const commit = signCommit({ did, data, rev }, key);
  const head: Head = { cid: commit.cid, rev, data, bytes: commit.bytes };
  const announce = statusOf(account.state) === "active" && account.state.announced;
  const entries = sql.transaction(() => {
    putTreeRow(sql, rev, { ...TOP, bytes: withExtra(top, head.bytes) });
    sql.run(`
      DROP TABLE record; ALTER TABLE import_record RENAME TO record;
      DROP TABLE mst; ALTER TABLE import_mst RENAME TO mst;
      DROP TABLE blob_ref; ALTER TABLE import_blob_ref RENAME TO blob_ref;
      ${DISCARD}`);
    return account.outbox.write(announce ? [syncEntry({ did, time: new Date().toISOString() }, head)] : []);
  });
  account.exports.abortAll();
  account.tree.clear();
  account.committed(entries, head);
  account.expectSweep();
}
