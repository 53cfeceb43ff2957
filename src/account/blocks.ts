/** Blocks of a repo by CID (com.atproto.sync.getBlocks). */
import type { Access } from "../protocol/account-station.ts";
import { type CarBlock, carStream } from "../protocol/car.ts";
import { cidFromBytes, tryCidToBytes } from "../protocol/cid.ts";
import { lenders } from "../protocol/memory.ts";
import { walkMst } from "../protocol/mst/walk.ts";
import type { Rows } from "../protocol/object/sql.ts";
import { invalidRequest, must } from "../protocol/refusal.ts";
import { tidFromMicros, tidToMicros } from "../protocol/tid.ts";
import { cidOfRow, findRecord } from "./records/record-reader.ts";
import type { Head } from "./tree.ts";
import { treeOf } from "./tree.ts";

/**
 * Nodes and records that one getBlocks may look at: some 500 rows of the tree and 20 ms for anyone, all of any
 * repo for its owner and for the admin.
 */
const MAX_STEPS_OF_BLOCKS = 30_000;
const OWN_STEPS = Infinity;
const WEEK_MICROS = 7 * 24 * 3_600_000_000;
const MAX_CIDS = 500;
/** Bytes of the blocks of one getBlocks. */
const MAX_BLOCK_BYTES = 16_000_000;
/** Most bytes of nodes among them, which are held until they are sent. */
const MAX_NODE_BYTES = 4_000_000;
/** Blocks of so many bytes are sent without asking for memory. */
const FEW_BYTES = 128_000;
/** A block that is held, or the path of the record that is one. */
type Found = { cid: string; bytes: Uint8Array } | { cid: string; path: string };

/**
 * Blocks by CID. No row is stored for each CID, so they are searched for: first the commit, then what a walk of
 * the tree passes, the news of the last week before everything else. Refuses InvalidRequest when one is not
 * found, and for too many or too large ones; NotEnoughResources (503). Records are read as they are sent: one
 * that changes before breaks the stream off.
 */
export function getBlocks(
  { sql: rows, head }: { sql: Rows; head: Head },
  cids: string[],
  access: Access,
): ReadableStream<Uint8Array> {
  if (cids.length > MAX_CIDS) throw invalidRequest(`Too many CIDs. Max: ${MAX_CIDS}`);
  const search = new Search(rows, cids);
  search.take(head.cid, head.bytes);
  // The first bytes of a digest tell at once that a step is not wanted.
  const starts = new Set(cids.map((cid) => startOf(tryCidToBytes(cid))));
  let steps = access === "owner" ? OWN_STEPS : MAX_STEPS_OF_BLOCKS;
  const lastWeek = tidFromMicros(Math.max(0, tidToMicros(head.rev) - WEEK_MICROS));
  for (const since of [lastWeek, undefined]) {
    if (search.wanted.size === 0) break;
    for (const step of walkMst(treeOf(rows), since)) {
      if (search.wanted.size === 0 || steps-- <= 0) break;
      if (!starts.has(startOf(step.cid))) continue;
      const cid = cidFromBytes(step.cid);
      if (step.kind === "node") search.take(cid, step.bytes);
      else search.takeRecord(cid, step.path);
    }
  }
  if (search.wanted.size > 0) throw invalidRequest(`Could not find cids: ${[...search.wanted].join(",")}`);
  // Not after a wait: what has been found is held already.
  const { found, heldBytes } = search;
  const loan = heldBytes < FEW_BYTES ? null : lenders.reads.lendOrRefuse(heldBytes);
  return carStream([], blocksFound(rows, found), loan);
}

class Search {
  readonly wanted: Set<string>;
  readonly found: Found[] = [];
  readonly #rows: Rows;
  #bytes = 0;
  #nodeBytes = 0;
  #largestRecord = 0;

  constructor(rows: Rows, cids: string[]) {
    this.#rows = rows;
    this.wanted = new Set(cids);
  }

  /** Bytes that are held until all is sent: the nodes, and one record at a time. */
  get heldBytes(): number {
    return this.#nodeBytes + this.#largestRecord;
  }

  take(cid: string, bytes: Uint8Array): void {
    if (!this.wanted.delete(cid)) return;
    this.#nodeBytes += bytes.byteLength;
    this.#count(bytes.byteLength);
    this.found.push({ cid, bytes });
  }

  takeRecord(cid: string, path: string): void {
    if (!this.wanted.delete(cid)) return;
    const bytes = sizeOfRecord(this.#rows, path);
    this.#largestRecord = Math.max(this.#largestRecord, bytes);
    this.#count(bytes);
    this.found.push({ cid, path });
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > MAX_BLOCK_BYTES || this.#nodeBytes > MAX_NODE_BYTES) {
      throw invalidRequest(`Too large. Max: ${MAX_BLOCK_BYTES} bytes, ${MAX_NODE_BYTES} of them nodes`);
    }
  }
}

function* blocksFound(rows: Rows, found: Found[]): Generator<CarBlock> {
  for (const each of found) {
    if ("bytes" in each) {
      yield each;
      continue;
    }
    const row = findRecord(rows, each.path);
    if (row === null || cidOfRow(row) !== each.cid) throw new Error(`record ${each.path} changed meanwhile`);
    yield { cid: each.cid, bytes: new Uint8Array(row.value) };
  }
}

const startOf = (cid: Uint8Array | null): number =>
  cid === null ? -1 : new DataView(cid.buffer, cid.byteOffset, cid.byteLength).getUint32(4);

const sizeOfRecord = (rows: Rows, path: string): number => {
  const row = rows.first<{ size: number }>("SELECT length(value) AS size FROM record WHERE path = ?", path);
  return must(row, `record ${path} of the tree`).size;
};
