/**
 * com.atproto.repo.importRepo, in steps that each leave storage consistent:
 *
 *   reading     reads the archive's blocks and checks their hashes. They stay in memory, or go into
 *               `import_chunk` if there is no room
 *   sorting     walks the tree and checks that every block it names is there, that every record decodes, and
 *               that the tree has the shape that its records require. A bad archive is refused and dropped
 *               here at the latest. Records go into `import_run` in order, the tree's rows into `import_mst`,
 *               references to blobs into `import_blob_ref`
 *   copying     copies `import_run` into `import_record`, one row a turn
 *   replacing   gives the new tables the old ones' names, under a commit signed with this account's key, in
 *               one transaction
 *
 * Once sorting is done, the object finishes the import without further requests: after a crash, copying
 * resumes at the interrupted row. The alarm or the next import drops what an earlier crash left. Reads and
 * exports see the old repo until the last step.
 */
import { readCarStream } from "../../protocol/car.ts";
import { decodeToJson } from "../../protocol/cbor.ts";
import type { CidBytes } from "../../protocol/cid.ts";
import { cidFromBytes } from "../../protocol/cid.ts";
import { decodeForeignCommit, signCommit } from "../../protocol/commit.ts";
import { isMap } from "../../protocol/data-model.ts";
import type { LexMap } from "../../protocol/data-model.ts";
import { MstBuilder, readMst } from "../../protocol/mst/build.ts";
import type { MstRow } from "../../protocol/mst/row.ts";
import { TOP, withExtra } from "../../protocol/mst/row.ts";
import type { Sql } from "../../protocol/object/sql.ts";
import { Refusal, invalidRequest, isRefusal, must } from "../../protocol/refusal.ts";
import { nextTid } from "../../protocol/tid.ts";
import type { Account } from "../account.ts";
import { syncEntry } from "../announce.ts";
import { Archive } from "./archive.ts";
import { RUN_TABLE, RunWriter, copyRun } from "./record-runs.ts";
import { blobCidsOf, subjectOf } from "../records/records.ts";
import { statusOf } from "../state.ts";
import type { Head } from "../tree.ts";

/** More than Cloudflare accepts in a request on any plan but the largest. */
const MAX_CAR_BYTES = 500_000_000;
/** SQLite values are limited to 2 MB. */
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

/** Created when sorting is done. */
const PLAN_TABLE = `CREATE TABLE import_plan (
  only INTEGER PRIMARY KEY CHECK (only = 0), data TEXT NOT NULL, rev TEXT NOT NULL, base TEXT NOT NULL,
  top BLOB NOT NULL)`;

const DISCARD = `
DROP TABLE IF EXISTS import_plan; DROP TABLE IF EXISTS import_chunk; DROP TABLE IF EXISTS import_run;
DROP TABLE IF EXISTS import_record; DROP TABLE IF EXISTS import_mst; DROP TABLE IF EXISTS import_blob_ref;`;

/** The repo to be imported. */
type Plan = {
  /** Root of the archive's tree. */
  data: string;
  /** Rev of the new commit, with which rows and records are stamped. */
  rev: string;
  /** CID of the commit that it replaces. */
  base: string;
};

const turn = () => scheduler.wait(0);

/**
 * Imports an archive. Its commit must name this account. The signature is not checked, since the repo is
 * signed again with this account's key. The key in the DID document would often be the wrong one anyway: the
 * last host may not have signed imported repos again (the reference does not). Refuses InvalidRequest for
 * anything but an archive, for one of another account, for one that lacks a block, and while another import
 * is under way; InvalidSwap when the repo was written to meanwhile.
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

/** Resumes an import that a crash interrupted, or drops it if it was not sorted yet. Called by the alarm. */
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

/** Marks a takedown in an import under way, which may have copied the record already. */
export function markImported(sql: Sql, path: string, takedown: string | null): void {
  if (exists(sql, "import_record"))
    sql.run("UPDATE import_record SET takedown = ? WHERE path = ?", takedown, path);
}

const exists = (sql: Sql, table: string) =>
  sql.first("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", table) !== null;

/** Whether there is an import that no longer needs its archive. */
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

/** Reads the archive's commit. Refuses InvalidRequest when it is missing or of another account. */
function planOf({ did, head }: Account, { root, archive }: Blocks): Plan {
  const block = archive.get(root);
  if (block === null) throw invalidRequest("Invalid CAR: the root block is missing");
  const commit = decodeForeignCommit(block);
  if (commit.did !== did) throw invalidRequest(`Invalid commit: the repo of ${commit.did}`);
  // The archive's rev proves nothing, and is not looked at, as in the reference.
  return { data: commit.data, rev: nextTid(Date.now() * 1000, head.rev), base: head.cid };
}

type ArchivedRecord = { bytes: Uint8Array; value: LexMap };

/** A record of the archive. Refuses InvalidRequest when it is missing or not an object. */
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

/** Stores the whole archive in order. From then on, the alarm could finish the import. */
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
    // An index keeps its name when its table is renamed, so each import has its own. It fills as records are
    // copied: created at the end, it would write as many rows at once, which may exceed what is left of a day
    // on the free plan.
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

  /** Whether the record fits into the batch. Otherwise `store` must come first. */
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

  /**
   * Stores the rest and the plan, and drops the archive. Refuses InvalidRequest when the tree is not that of
   * its records.
   */
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

// ---------------------------------------------------------------------------------------------- finishing

async function finish(account: Account): Promise<void> {
  const { sql } = account;
  const plan = must(
    sql.first<Plan & { top: ArrayBuffer }>("SELECT data, rev, base, top FROM import_plan"),
    "import plan",
  );
  while (copyRun(sql, plan.rev)) await turn();
  replace(account, plan, new Uint8Array(plan.top));
}

/** Puts the new repo in place of the old. Refuses InvalidSwap when the repo was written to meanwhile. */
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
