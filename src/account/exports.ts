/**
 * Exports of a repo that may be written to meanwhile. An export walks the tree from left to right over many
 * turns. Before a write changes anything to the right of that position, it saves the old version (a
 * pre-image), so the export sees the repo as of its start. Everything to the left has already been read. If a
 * client is so slow, and the repo so busy, that the pre-images exceed a cap, the export fails; the client may
 * ask again.
 */
import { type CarBlock, blockLength, carStream, writeCar } from "../protocol/car.ts";
import { sameBytes } from "../protocol/cid.ts";
import { walkMst } from "../protocol/mst/walk.ts";
import type { BandStore, RowKey } from "../protocol/mst/row.ts";
import { Row, rowName } from "../protocol/mst/row.ts";
import { type Loan, free, lenders } from "../protocol/memory.ts";
import type { Rows } from "../protocol/object/sql.ts";
import { must } from "../protocol/refusal.ts";
import type { PackedRecord, RecordRow } from "./records/record-reader.ts";
import { findRecord, packedRecordsAfter } from "./records/record-reader.ts";
import type { Head, RowWatcher } from "./tree.ts";
import { readTreeRow } from "./tree.ts";

/** Bytes of records that an export reads ahead. */
const PAGE_BYTES = 128_000;
/** Bytes that an export holds: a page, a chunk of the archive, and what the reader has not taken. */
const EXPORT_BYTES = 500_000;
/** The largest page for which that is enough. A page has a record more than fits. */
const PAGE_MOST = 250_000;
/** Bytes that it borrows at a time for pre-images, and the most that one export may have of them. */
const PRE_IMAGE_STEP = 250_000;
const PRE_IMAGE_BYTES = 8_000_000;

type Image = { digest: Uint8Array; value: Uint8Array };

const imageOf = ({ digest, value }: RecordRow): Image => ({
  digest: new Uint8Array(digest),
  value: new Uint8Array(value),
});

/** One running export: the repo as of the snapshot's creation. */
class Snapshot implements BandStore {
  readonly #rows: Rows;
  readonly #loan: Loan;
  readonly #treeRows = new Map<string, Uint8Array | null>();
  readonly #kept = new Map<string, RecordRow | null>();
  #page: PackedRecord[] = [];
  #next = 0;
  /** Bytes of the pre-images, and how many the loan has room for. */
  #bytes = 0;
  #room = 0;
  /** The largest page for which memory was borrowed. */
  #pageMost = PAGE_MOST;
  /** The last path read. Nothing up to it is read again. */
  #passed: string | null = null;
  overflowed = false;

  constructor(rows: Rows, loan: Loan) {
    this.#rows = rows;
    this.#loan = loan;
  }

  keepTreeRow({ band, left }: RowKey, bytes: () => Uint8Array | null): void {
    const name = rowName({ band, left });
    if (this.overflowed) return;
    if (this.#treeRows.has(name) || (this.#passed !== null && left < this.#passed)) return;
    const was = bytes();
    this.#treeRows.set(name, was);
    this.#grow(was?.byteLength ?? 0);
  }

  keepRecord(path: string, before: RecordRow | null): void {
    if (this.overflowed || this.#kept.has(path) || (this.#passed !== null && path <= this.#passed)) return;
    this.#kept.set(path, before);
    this.#grow(before?.value.byteLength ?? 0);
  }

  #grow(bytes: number): void {
    this.#bytes += bytes + 100;
    while (this.#bytes > this.#room) {
      if (this.#room >= PRE_IMAGE_BYTES || !this.#loan.grow(PRE_IMAGE_STEP)) return this.overflow();
      this.#room += PRE_IMAGE_STEP;
    }
  }

  /** Borrows for a page with a large record. */
  #growPage(bytes: number): void {
    if (bytes <= this.#pageMost) return;
    if (!this.#loan.grow(2 * (bytes - this.#pageMost))) throw new Error("no memory for a record this large");
    this.#pageMost = bytes;
  }

  /** Ends the export at its next step, and frees its pre-images. */
  overflow(): void {
    this.overflowed = true;
    this.#treeRows.clear();
    this.#kept.clear();
    this.#page = [];
  }

  get(band: RowKey["band"], left: string): Uint8Array | null {
    const kept = this.#treeRows.get(rowName({ band, left }));
    return kept === undefined ? readTreeRow(this.#rows, { band, left }) : kept;
  }

  /** The record at the next path of the walk. */
  record(path: string): Image {
    const kept = this.#kept.get(path);
    const found = kept === undefined ? this.#paged(path) : kept && imageOf(kept);
    this.#pass(path);
    return must(found, `record ${path} of the tree`);
  }

  /**
   * Like `record`, but without reading ahead, for walks that need only a few scattered records. Null if the
   * record is no newer than `since`.
   */
  recordSince(path: string, since: string): Image | null {
    const kept = this.#kept.get(path);
    this.#pass(path);
    const row = must(kept === undefined ? findRecord(this.#rows, path) : kept, `record ${path} of the tree`);
    return row.rev > since ? imageOf(row) : null;
  }

  #pass(path: string): void {
    this.#passed = path;
    const kept = this.#kept.get(path);
    if (kept === undefined) return;
    this.#kept.delete(path);
    this.#bytes -= kept?.value.byteLength ?? 0;
  }

  /** Takes the record from the current or a later page, skipping records newer than the snapshot. */
  #paged(path: string): Image | null {
    for (;;) {
      const row = this.#page[this.#next];
      if (row === undefined) {
        const after = this.#page.at(-1)?.path ?? "";
        // All of a page's values lie in one buffer.
        if (this.#page[0] !== undefined) free(this.#page[0].value);
        this.#page = packedRecordsAfter(this.#rows, after, PAGE_BYTES);
        if (this.#page.length === 0) return null;
        this.#growPage(this.#page.reduce((sum, { value }) => sum + value.byteLength, 0));
        this.#next = 0;
      } else if (row.path > path) {
        return null;
      } else {
        this.#next++;
        if (row.path === path) return row;
      }
    }
  }
}

export class Exports implements RowWatcher {
  readonly #running = new Set<Snapshot>();

  /** Must be called before a record changes. */
  keepRecord(path: string, before: RecordRow | null): void {
    for (const snapshot of this.#running) snapshot.keepRecord(path, before);
  }

  keepTreeRow(rows: Rows, key: RowKey): void {
    for (const snapshot of this.#running) snapshot.keepTreeRow(key, () => readTreeRow(rows, key));
  }

  /** Ends all exports, since pre-images are useless once the whole repo has been replaced. */
  abortAll(): void {
    for (const snapshot of this.#running) snapshot.overflow();
  }

  /**
   * The blocks of the repo as of this call: the commit first, and each record after the node that names it.
   * With `since`, only what later commits wrote. Readers set the pace, and must read to the end or `return`.
   * @param loan of EXPORT_BYTES, which grows with what writes make the export keep
   */
  blocks(rows: Rows, head: Head, loan: Loan, since?: string): IterableIterator<CarBlock, undefined> {
    const snapshot = new Snapshot(rows, loan);
    const steps = blocksOf(snapshot, head, since);
    // Not a generator itself: a generator that is never started never reaches its `finally`.
    this.#running.add(snapshot);
    const end = () => {
      this.#running.delete(snapshot);
    };
    return {
      next: () => {
        try {
          const step = steps.next();
          if (step.done) end();
          return step;
        } catch (error) {
          end();
          throw error;
        }
      },
      return: () => {
        end();
        return { done: true, value: undefined };
      },
      [Symbol.iterator]() {
        return this;
      },
    };
  }
}

function* blocksOf(
  snapshot: Snapshot,
  head: Head,
  since?: string,
): Generator<CarBlock, undefined, undefined> {
  if (since !== undefined && head.rev <= since) return;
  yield { cid: head.cid, bytes: head.bytes };
  for (const step of walkMst(snapshot, since)) {
    if (snapshot.overflowed) throw new Error("the repo changed too much during this export");
    if (step.kind === "node") {
      yield step;
      continue;
    }
    const image = since === undefined ? snapshot.record(step.path) : snapshot.recordSince(step.path, since);
    if (image === null) continue;
    if (!sameBytes(image.digest, step.cid.subarray(4))) throw new Error(`record ${step.path} out of step`);
    yield { cid: step.cid, bytes: image.value };
  }
}

/** The length of an archive of the whole repo, if it begins in this turn. */
export function exportBytes(rows: Rows, { cid, bytes }: Head): number {
  let total = writeCar([cid], [{ cid, bytes }]).byteLength;
  for (const { bytes: stored } of rows.all<{ bytes: ArrayBuffer }>("SELECT bytes FROM mst")) {
    const row = new Row(new Uint8Array(stored));
    for (let i = 0; i < row.count; i++) total += blockLength(row.block(i).byteLength);
  }
  const sizes = rows.all<{ size: number; count: number }>(
    "SELECT length(value) AS size, count(*) AS count FROM record GROUP BY size",
  );
  for (const { size, count } of sizes) total += count * blockLength(size);
  return total;
}

/** The parts of an account that an export needs. */
interface Exported {
  sql: Rows;
  head: Head;
  exports: Exports;
}

/**
 * The repo as a CAR.
 * @param existing looks up the account, and refuses; asked again after a wait for memory
 */
export async function exportOf(
  existing: () => Readonly<Exported>,
  since?: string,
): Promise<ReadableStream<Uint8Array>> {
  existing();
  const loan = await lenders.exports.borrow(EXPORT_BYTES);
  try {
    const { sql, head, exports } = existing();
    return carStream([head.cid], exports.blocks(sql, head, loan, since), loan);
  } catch (thrown) {
    loan.giveBack();
    throw thrown;
  }
}
