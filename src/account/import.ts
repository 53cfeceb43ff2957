/**
 * com.atproto.repo.importRepo, in steps that each leave storage whole:
 *
 *   staging     the archive's blocks, hashes checked, into `import_chunk`
 *   checking    every block that the tree names is there, every record reads, the tree has the shape that its records
 *               demand; its rows go into `import_mst`. Here, at the latest, a bad archive is refused and forgotten
 *   copying     records into `import_record`, in order, a batch a turn
 *   replacing   the new tables take the old ones' names, under a commit signed with this account's key: one transaction
 *
 * Once staging is done the object carries the import to its end by itself: a crash resumes at the step it cut short,
 * copying at the record it had reached. Reads see the old repo until the last step, and so do exports.
 */
import { readCarStream } from "../protocol/car.ts";
import { decodeToJson } from "../protocol/cbor.ts";
import type { CidBytes } from "../protocol/cid.ts";
import { cidFromBytes } from "../protocol/cid.ts";
import { decodeCommit, signCommit } from "../protocol/commit.ts";
import { isMap } from "../protocol/data-model.ts";
import type { LexMap } from "../protocol/data-model.ts";
import { MstBuilder, readMst } from "../protocol/mst-build.ts";
import { withExtra } from "../protocol/mst-row.ts";
import { Refusal, invalidRequest, isRefusal, must } from "../protocol/refusal.ts";
import { nextTid } from "../protocol/tid.ts";
import type { Account } from "./account.ts";
import { syncEntry } from "./announce.ts";
import { blobCidsOf, subjectOf } from "./records.ts";
import { StagedBlocks, Stager } from "./staged-blocks.ts";
import type { Sql } from "./sql.ts";
import { statusOf } from "./state.ts";
import type { Head } from "./tree.ts";

/** More than Cloudflare lets a request carry on any plan but the largest. */
const MAX_CAR_BYTES = 500_000_000;
/** SQLite takes values of 2 MB. */
const MAX_BLOCK_BYTES = 1_900_000;
/** Records in one turn: some 50 ms. */
const BATCH = 500;

const TABLES = `
CREATE TABLE IF NOT EXISTS import_state (
  only INTEGER PRIMARY KEY CHECK (only = 0), data TEXT NOT NULL, rev TEXT NOT NULL, base TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS import_record (
  path TEXT PRIMARY KEY, digest BLOB NOT NULL, rev TEXT NOT NULL, subject INTEGER, takedown TEXT, value BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS import_mst (
  band INTEGER NOT NULL, edge TEXT NOT NULL, rev TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (band, edge)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS import_blob_ref (
  cid TEXT NOT NULL, path TEXT NOT NULL, PRIMARY KEY (cid, path)) WITHOUT ROWID;`;

const DISCARD = `
DROP TABLE IF EXISTS import_state; DROP TABLE IF EXISTS import_chunk; DROP TABLE IF EXISTS import_record;
DROP TABLE IF EXISTS import_mst; DROP TABLE IF EXISTS import_blob_ref;`;

/** What is to be imported. */
type ImportState = {
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
  if (account.importing || hasStaged(sql)) throw invalidRequest("An import is already in progress");
  account.importing = true;
  account.expectImport();
  try {
    sql.run(DISCARD);
    const root = await stage(sql, car);
    begin(account, root);
    await finish(account);
  } catch (error) {
    if (isRefusal(error) || !hasStaged(sql)) sql.run(DISCARD);
    throw error;
  } finally {
    account.importing = false;
  }
}

/** Carries on what a crash cut short; for the alarm. */
export async function resumeImport(account: Account): Promise<void> {
  const { sql } = account;
  if (account.importing || !exists(sql, "import_chunk")) return;
  account.importing = true;
  try {
    if (hasStaged(sql)) await finish(account);
    else sql.run(DISCARD);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    sql.run(DISCARD);
  } finally {
    account.importing = false;
  }
}

const exists = (sql: Sql, table: string) =>
  sql.first("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", table) !== null;

/** Whether there is an import whose archive is here in full. */
const hasStaged = (sql: Sql) => exists(sql, "import_state");

// ---------------------------------------------------------------------------------------------- staging

/** Returns the archive's root. */
async function stage(sql: Sql, car: ReadableStream<Uint8Array>): Promise<string> {
  const limits = { maxBytes: MAX_CAR_BYTES, maxBlockBytes: MAX_BLOCK_BYTES };
  const { roots, blocks } = await readCarStream(car, limits);
  const [root] = roots;
  if (root === undefined || roots.length !== 1) {
    await blocks.return(undefined);
    throw invalidRequest("expected one root");
  }
  const stager = new Stager(sql);
  for await (const { cid, bytes } of blocks) stager.add(cid, bytes);
  stager.flush();
  return root;
}

/** Looks at the archive's commit, and notes what is to be imported: from here on the alarm would finish it. */
function begin(account: Account, root: string): void {
  const { sql, did, head } = account;
  const block = new StagedBlocks(sql).get(root);
  if (block === null) throw invalidRequest("Invalid CAR: the root block is missing");
  const commit = decodeCommit(block);
  if (commit.did !== did) throw invalidRequest(`Invalid commit: the repo of ${commit.did}`);
  const latest = commit.rev > head.rev ? commit.rev : head.rev;
  const rev = nextTid(Date.now() * 1000, latest);
  sql.transaction(() => {
    sql.run(TABLES);
    // An index keeps its name when its table is renamed, so each import has its own. Filled as records are copied: made
    // at the end it would write as many rows in one go, more than a day of the free plan may have left.
    sql.run(`CREATE INDEX record_subject_${rev} ON import_record (subject) WHERE subject IS NOT NULL`);
    sql.run(
      "INSERT INTO import_state (only, data, rev, base) VALUES (0, ?, ?, ?)",
      commit.data,
      rev,
      head.cid,
    );
  });
}

// ---------------------------------------------------------------------------------------------- to the end

async function finish(account: Account): Promise<void> {
  const { sql } = account;
  const state = must(sql.first<ImportState>("SELECT data, rev, base FROM import_state"), "import state");
  const blocks = new StagedBlocks(sql);
  const top = await check(sql, state, blocks);
  await copy(sql, state, blocks);
  replace(account, state, top);
}

/** A record of the archive. Refuses InvalidRequest when it is missing or no object. */
function recordOf(blocks: StagedBlocks, path: string, cid: CidBytes): { bytes: Uint8Array; value: LexMap } {
  const bytes = blocks.get(cid);
  if (bytes === null) throw invalidRequest(`Missing block ${cidFromBytes(cid)} of record ${path}`);
  try {
    const value = decodeToJson(bytes);
    if (isMap(value)) return { bytes, value };
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  throw invalidRequest(`Could not parse record at '${path}'`);
}

/** Reads all of the archive, writes the rows of its tree, and returns the row at TOP. */
async function check(sql: Sql, { data, rev }: ImportState, blocks: StagedBlocks): Promise<Uint8Array> {
  sql.run("DELETE FROM import_mst");
  const builder = new MstBuilder(rev);
  const store = () => {
    for (const row of builder.takeRows()) {
      sql.run(
        "INSERT INTO import_mst (band, edge, rev, bytes) VALUES (?, ?, ?, ?)",
        row.band,
        row.left,
        rev,
        row.bytes,
      );
    }
  };
  let seen = 0;
  for (const [path, cid] of readMst(data, (each) => blocks.get(each))) {
    recordOf(blocks, path, cid);
    builder.add(path, cid);
    if (++seen % BATCH !== 0) continue;
    sql.transaction(store);
    await turn();
  }
  const built = builder.finish();
  sql.transaction(store);
  if (cidFromBytes(built.root) !== data) throw invalidRequest("Invalid MST: not the tree of its records");
  return built.top;
}

async function copy(sql: Sql, { data, rev }: ImportState, blocks: StagedBlocks): Promise<void> {
  const reached =
    sql.first<{ path: string | null }>("SELECT max(path) AS path FROM import_record")?.path ?? "";
  let batch: [path: string, cid: CidBytes][] = [];
  const store = () => {
    for (const [path, cid] of batch) copyRecord(sql, rev, path, cid, recordOf(blocks, path, cid));
    batch = [];
  };
  for (const [path, cid] of readMst(data, (each) => blocks.get(each))) {
    if (path <= reached) continue;
    batch.push([path, cid]);
    if (batch.length < BATCH) continue;
    sql.transaction(store);
    await turn();
  }
  sql.transaction(store);
}

function copyRecord(
  sql: Sql,
  rev: string,
  path: string,
  cid: CidBytes,
  { bytes, value }: { bytes: Uint8Array; value: LexMap },
): void {
  const subject = subjectOf(path.slice(0, path.indexOf("/")), value);
  sql.run(
    `INSERT INTO import_record (path, digest, rev, subject, takedown, value)
     VALUES (?1, ?2, ?3, ?4, (SELECT takedown FROM record WHERE path = ?1), ?5)`,
    path,
    cid.subarray(4),
    rev,
    subject?.hash ?? null,
    bytes,
  );
  for (const blob of new Set(blobCidsOf(value))) {
    sql.run("INSERT INTO import_blob_ref (cid, path) VALUES (?, ?)", blob, path);
  }
}

/** The new repo in place of the old. */
function replace(account: Account, { data, rev, base }: ImportState, top: Uint8Array): void {
  const { sql, did, key } = account;
  if (account.head.cid !== base) {
    throw new Refusal("InvalidSwap", "The repo was written to during the import");
  }
  const commit = signCommit({ did, data, rev }, key);
  const head: Head = { cid: commit.cid, rev, data, bytes: commit.bytes };
  const announce = statusOf(account.state) === "active" && account.state.announced;
  const entries = sql.transaction(() => {
    sql.run(
      "INSERT INTO import_mst (band, edge, rev, bytes) VALUES (2, '', ?, ?)",
      rev,
      withExtra(top, head.bytes),
    );
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
