/**
 * com.atproto.repo.importRepo, in steps that each leave storage consistent:
 *
 *   reading     reads the archive's blocks and checks their hashes. They stay in memory, or go into
 *               `import_chunk` if there is no room
 *   sorting     checks the archive and puts it in order: records into `import_run`, the tree's rows into
 *               `import_mst`, references to blobs into `import_blob_ref`. A bad archive is refused and dropped
 *               here at the latest
 *   copying     copies `import_run` into `import_record`, one row a turn
 *   replacing   gives the new tables the old ones' names, under a commit signed with this account's key, in
 *               one transaction
 *
 * Once sorting is done, the object finishes the import without further requests: after a crash, copying
 * resumes at the interrupted row. The alarm or the next import drops what an earlier crash left. Reads and
 * exports see the old repo until the last step.
 */
import type { IrregularRecords } from "../../protocol/account-station.ts";
import { readCarStream } from "../../protocol/car.ts";
import { signCommit } from "../../protocol/commit.ts";
import { type Loan, lenders } from "../../protocol/memory.ts";
import { TOP, withExtra } from "../../protocol/mst/row.ts";
import { consume, countsIn, rateLimited } from "../../protocol/object/limits.ts";
import type { Sql } from "../../protocol/object/sql.ts";
import { Refusal, invalidRequest, isRefusal, must } from "../../protocol/refusal.ts";
import type { Account } from "../account.ts";
import { syncEntry } from "../announce.ts";
import { reclaimFiles } from "../files/kept.ts";
import { IMPORT_LIMITS } from "../limits.ts";
import { irregularRecords } from "../records/irregular.ts";
import { statusOf } from "../state.ts";
import type { Head } from "../tree.ts";
import { ARCHIVE_BYTES, Archive } from "./archive.ts";
import { untilStalled } from "./patience.ts";
import { copyRun } from "./record-runs.ts";
import { type Blocks, putTreeRow, sort } from "./sorting.ts";
import type { SortedPlan } from "./tables.ts";
import { discard, isBegun, isSorted, readPlan, swapTables } from "./tables.ts";

/**
 * Limits of an archive. A block costs 10 µs and 48 bytes of memory whether anything names it or not, so
 * blocks are counted as they come. These are 300,000 records and their tree, as many as fit into the 100 MB
 * that Cloudflare takes from a client on most plans.
 */
const LIMITS = {
  maxBytes: 200_000_000,
  maxBlocks: 400_000,
  /** SQLite values are limited to 2 MB. */
  maxBlockBytes: 1_900_000,
};

const turn = () => scheduler.wait(0);

/**
 * Imports an archive, and returns the records that it kept though they are not of the data model. Its commit
 * must name this account. The signature is not checked, since the repo is signed again with this account's
 * key. The key in the DID document would often be the wrong one anyway: the last host may not have signed
 * imported repos again (the reference does not). Refuses InvalidRequest for anything but an archive, for one
 * of another account, for one that lacks a block or exceeds LIMITS, and while another import is under way;
 * RateLimitExceeded; InvalidSwap when the repo was written to meanwhile; NotEnoughResources and RequestTimeout
 * when there is no memory for it.
 */
export async function importRepo(
  account: Account,
  car: ReadableStream<Uint8Array>,
): Promise<IrregularRecords> {
  const { sql } = account;
  if (account.importing || isSorted(sql)) throw invalidRequest("An import is already in progress");
  account.importing = true;
  account.expectImport();
  try {
    await readAndSort(account, car);
    await finish(account);
    return irregularRecords(account);
  } catch (error) {
    if (isRefusal(error) || !isSorted(sql)) discard(sql);
    throw error;
  } finally {
    account.importing = false;
  }
}

async function readAndSort(account: Account, car: ReadableStream<Uint8Array>): Promise<void> {
  const { sql } = account;
  const loan = await lenders.archives.borrow(ARCHIVE_BYTES);
  try {
    spend(account);
    discard(sql);
    const blocks = await read(sql, untilStalled(car, loan), loan);
    await sort(account, blocks, () => {
      loan.touch();
      return turn();
    });
  } finally {
    loan.giveBack();
  }
}

/** Counts an import, also one that is refused later. Stored, since a restart must not forget it. */
function spend({ sql, limited }: Account): void {
  if (!limited) return;
  const { imports } = must(sql.first<{ imports: string }>("SELECT imports FROM account"), "account row");
  const { counts, excess } = consume(IMPORT_LIMITS, countsIn(imports), 1, Date.now());
  if (excess !== null) throw rateLimited(excess);
  sql.run("UPDATE account SET imports = ?", JSON.stringify(counts));
}

/** Resumes an import that a crash interrupted, or drops it if it was not sorted yet. Called by the alarm. */
export async function resumeImport(account: Account): Promise<void> {
  const { sql } = account;
  if (account.importing || !isBegun(sql)) return;
  account.importing = true;
  try {
    if (isSorted(sql)) await finish(account);
    else discard(sql);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    discard(sql);
  } finally {
    account.importing = false;
  }
}

async function read(sql: Sql, car: ReadableStream<Uint8Array>, loan: Loan): Promise<Blocks> {
  const { roots, blocks } = await readCarStream(car, LIMITS);
  const [root] = roots;
  if (root === undefined || roots.length !== 1) {
    await blocks.return(undefined);
    throw invalidRequest("expected one root");
  }
  const archive = new Archive(sql, loan);
  for await (const { cid, bytes } of blocks) {
    const room = archive.makeRoom();
    if (room !== null) await room;
    archive.add(cid, bytes);
  }
  archive.seal();
  return { root, archive };
}

async function finish(account: Account): Promise<void> {
  const { sql, files, did } = account;
  const plan = must(readPlan(sql), "import plan");
  while (copyRun(sql, plan.rev)) await turn();
  // Of an account that was deleted and comes back within some days.
  await reclaimFiles(sql, files, did, Date.now());
  replace(account, plan);
}

/** Puts the new repo in place of the old. Refuses InvalidSwap when the repo was written to meanwhile. */
function replace(account: Account, { data, rev, base, top }: SortedPlan): void {
  const { sql, did, key } = account;
  if (account.head.cid !== base) {
    throw new Refusal("InvalidSwap", "The repo was written to during the import");
  }
  const commit = signCommit({ did, data, rev }, key);
  const head: Head = { cid: commit.cid, rev, data, bytes: commit.bytes };
  const announce = statusOf(account.state) === "active" && account.state.announced;
  const entries = sql.transaction(() => {
    putTreeRow(sql, rev, { ...TOP, bytes: withExtra(new Uint8Array(top), head.bytes) });
    swapTables(sql);
    return account.outbox.write(announce ? [syncEntry({ did, time: new Date().toISOString() }, head)] : []);
  });
  account.exports.abortAll();
  account.tree.clear();
  account.committed(entries, head);
  account.expectSweep();
}
