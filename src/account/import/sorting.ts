/**
 * Checks an archive and stores it in order: that every block that its tree names is there, that every record
 * can be read, and that the tree has the shape that its records require.
 */
import type { CidBytes } from "../../protocol/cid.ts";
import { cidFromBytes } from "../../protocol/cid.ts";
import { decodeForeignCommit } from "../../protocol/commit.ts";
import type { LexMap } from "../../protocol/data-model.ts";
import { isMap } from "../../protocol/data-model.ts";
import { readForeign } from "../../protocol/foreign-cbor.ts";
import { MstBuilder, readMst } from "../../protocol/mst/build.ts";
import type { MstRow } from "../../protocol/mst/row.ts";
import type { Sql } from "../../protocol/object/sql.ts";
import { invalidRequest, isRefusal } from "../../protocol/refusal.ts";
import { nextTid } from "../../protocol/tid.ts";
import type { Account } from "../account.ts";
import { IrregularList } from "../records/irregular.ts";
import { blobCidsOf, subjectOf } from "../records/records.ts";
import type { Archive } from "./archive.ts";
import { RunWriter } from "./record-runs.ts";
import { type Plan, makeTables, storePlan } from "./tables.ts";

export type Blocks = { root: string; archive: Archive };

/** Reads the archive's commit. Refuses InvalidRequest when it is missing or of another account. */
function planOf({ did, head }: Account, { root, archive }: Blocks): Plan {
  const block = archive.get(root);
  if (block === null) throw invalidRequest("Invalid CAR: the root block is missing");
  const commit = decodeForeignCommit(block);
  if (commit.did !== did) throw invalidRequest(`Invalid commit: the repo of ${commit.did}`);
  // The archive's rev proves nothing, and is not looked at, as in the reference.
  return { data: commit.data, rev: nextTid(Date.now() * 1000, head.rev), base: head.cid };
}

interface ArchivedRecord {
  bytes: Uint8Array;
  value: LexMap;
  /** Why it is not of the data model; null if it is. */
  fault: string | null;
}

/** A record of the archive. Refuses InvalidRequest when it is missing or not an object. */
function recordOf(archive: Archive, path: string, cid: CidBytes): ArchivedRecord {
  const bytes = archive.get(cid);
  if (bytes === null) throw invalidRequest(`Missing block ${cidFromBytes(cid)} of record ${path}`);
  try {
    const { value, fault } = readForeign(bytes);
    if (isMap(value)) return { bytes, value, fault };
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  throw invalidRequest(`Could not parse record at '${path}'`);
}

/** Stores the whole archive in order. From then on, the alarm could finish the import. */
export async function sort(account: Account, blocks: Blocks, turn: () => Promise<void>): Promise<void> {
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

/** Takes an archive's records in order of path, and stores a batch at a time. */
class Sorter {
  readonly #sql: Sql;
  readonly #plan: Plan;
  readonly #builder: MstBuilder;
  readonly #run: RunWriter;
  readonly #irregular = new IrregularList();
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

  add(path: string, cid: CidBytes, { bytes, value, fault }: ArchivedRecord): void {
    const subject = subjectOf(path.slice(0, path.indexOf("/")), value);
    this.#builder.add(path, cid);
    this.#run.add(path, cid, subject?.hash ?? null, bytes);
    for (const blob of new Set(blobCidsOf(value))) this.#blobs.push([blob, path]);
    if (fault !== null) this.#irregular.add(path, cid, fault);
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
    const { root, top } = this.#builder.finish();
    if (cidFromBytes(root) !== this.#plan.data) {
      throw invalidRequest("Invalid MST: not the tree of its records");
    }
    const { count, entries } = this.#irregular;
    this.#sql.transaction(() => {
      this.#write();
      storePlan(this.#sql, { ...this.#plan, top, irregular: count, entries });
    });
  }
}

export function putTreeRow(sql: Sql, rev: string, { band, left, bytes }: MstRow): void {
  sql.run("INSERT INTO import_mst (band, edge, rev, bytes) VALUES (?, ?, ?, ?)", band, left, rev, bytes);
}
