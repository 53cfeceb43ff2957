/** Reads of the repo as a tree: proofs, blocks, counts, records newer than a rev. None of them can write. */
import type { Did } from "@atcute/lexicons";
import type { Access, RecentRecord, RecentRecords, RepoCounts } from "../protocol/account-station.ts";
import type { CarBlock } from "../protocol/car.ts";
import { writeCar } from "../protocol/car.ts";
import { cidFromBytes, tryCidToBytes } from "../protocol/cid.ts";
import { nodesOnPath, walkMst } from "../protocol/mst/walk.ts";
import type { Rows } from "../protocol/object/sql.ts";
import { invalidRequest, must } from "../protocol/refusal.ts";
import { isTid, tidFromMicros, tidToMicros } from "../protocol/tid.ts";
import { countBlobs } from "./blobs.ts";
import type { RecordRow } from "./records/record-reader.ts";
import { cidOfRow, findRecord, viewOfRow } from "./records/record-reader.ts";
import type { Head } from "./tree.ts";
import { countNodes, treeOf } from "./tree.ts";

/**
 * Nodes and records that one getBlocks may look at: some 500 rows of the tree and 20 ms for anyone, all of any
 * repo for its owner and for the admin.
 */
const MAX_STEPS_OF_BLOCKS = 30_000;
const OWN_STEPS = Infinity;
const WEEK_MICROS = 7 * 24 * 3_600_000_000;
const MAX_CIDS = 500;
/** Bytes of the blocks of one getBlocks, which are held until they are sent. */
const MAX_BLOCK_BYTES = 16_000_000;
/** Most posts that read-after-write splices in. */
const MAX_RECENT = 10;
/** Most nodes and records that it looks at. An AppView that is further behind shows what it has. */
const MAX_STEPS = 1000;
const PROFILE_PATH = "app.bsky.actor.profile/self";
const POST_PREFIX = "app.bsky.feed.post/";

const commitBlock = (head: Head): CarBlock => ({ cid: head.cid, bytes: head.bytes });

/** A CAR of the commit, the nodes on the path, and the record if there is one. */
export function recordProof(rows: Rows, head: Head, path: string): Uint8Array {
  const { nodes, cid } = nodesOnPath(treeOf(rows), path);
  const record = cid === null ? null : findRecord(rows, path);
  const blocks = [commitBlock(head), ...nodes];
  if (record !== null) blocks.push({ cid: cidOfRow(record), bytes: new Uint8Array(record.value) });
  return writeCar([head.cid], blocks);
}

/**
 * Blocks by CID. No row is stored for each CID, so they are searched for: first the commit, then what a walk of
 * the tree passes, the news of the last week before everything else. Refuses InvalidRequest when one is not
 * found, and for too many or too large ones.
 */
export function getBlocks(rows: Rows, head: Head, cids: string[], access: Access): CarBlock[] {
  if (cids.length > MAX_CIDS) throw invalidRequest(`Too many CIDs. Max: ${MAX_CIDS}`);
  const wanted = new Set(cids);
  const found: CarBlock[] = [];
  let bytesLeft = MAX_BLOCK_BYTES;
  const take = (cid: string, bytes: Uint8Array) => {
    if (!wanted.delete(cid)) return;
    bytesLeft -= bytes.byteLength;
    if (bytesLeft < 0) throw invalidRequest(`Too large. Max: ${MAX_BLOCK_BYTES} bytes`);
    found.push({ cid, bytes });
  };
  take(head.cid, head.bytes);
  // The first bytes of a digest tell at once that a step is not wanted.
  const starts = new Set(cids.map((cid) => startOf(tryCidToBytes(cid))));
  let steps = access === "owner" ? OWN_STEPS : MAX_STEPS_OF_BLOCKS;
  const lastWeek = tidFromMicros(Math.max(0, tidToMicros(head.rev) - WEEK_MICROS));
  for (const since of [lastWeek, undefined]) {
    if (wanted.size === 0) break;
    for (const step of walkMst(treeOf(rows), since)) {
      if (wanted.size === 0 || steps-- <= 0) break;
      if (!starts.has(startOf(step.cid))) continue;
      const cid = cidFromBytes(step.cid);
      if (step.kind === "node") take(cid, step.bytes);
      else if (wanted.has(cid)) take(cid, recordBytes(rows, step.path));
    }
  }
  if (wanted.size > 0) throw invalidRequest(`Could not find cids: ${[...wanted].join(",")}`);
  return found;
}

const startOf = (cid: Uint8Array | null): number =>
  cid === null ? -1 : new DataView(cid.buffer, cid.byteOffset, cid.byteLength).getUint32(4);

const recordBytes = (rows: Rows, path: string): Uint8Array =>
  new Uint8Array(must(findRecord(rows, path), `record ${path} of the tree`).value);

/** Whether a record at this path may be spliced in. */
const isSpliced = (path: string) => path === PROFILE_PATH || path.startsWith(POST_PREFIX);

/**
 * Implements `AccountStation.recordsSince`. The tree finds the records, since its nodes know the commit that
 * made them. That needs no index on `rev`, which would cost every write a row, and is exact whatever rkeys
 * and `createdAt` say. An AppView that has seen the newest commit, as most have, costs no row at all.
 */
export function recordsSince(rows: Rows, did: Did, head: Head, rev: string): RecentRecords | null {
  if (!isTid(rev) || head.rev <= rev || !isAsOldAs(rows, rev)) return null;
  const found: RecordRow[] = [];
  let steps = 0;
  for (const step of walkMst(treeOf(rows), rev)) {
    if (++steps > MAX_STEPS) return null;
    if (step.kind === "node" || !isSpliced(step.path)) continue;
    const row = findRecord(rows, step.path);
    // A new node also names old records.
    if (row !== null && row.rev > rev && row.takedown === null) found.push(row);
  }
  if (found.length === 0) return null;
  const profile = findRecord(rows, PROFILE_PATH);
  return {
    profile: profile === null || profile.takedown !== null ? null : recentRecord(did, profile),
    posts: found
      .filter(({ path }) => path !== PROFILE_PATH)
      .toSorted((a, b) => (a.rev < b.rev ? -1 : a.rev > b.rev ? 1 : 0))
      .slice(0, MAX_RECENT)
      .map((row) => recentRecord(did, row)),
  };
}

/**
 * Whether any record is as old as `rev`. After an import none is, and finding that out must not cost the
 * whole repo at every read. So this looks at a thousand records; if they are all newer, the answer is no.
 */
const isAsOldAs = (rows: Rows, rev: string): boolean =>
  rows.first(`SELECT 1 FROM (SELECT rev FROM record LIMIT ${MAX_STEPS}) WHERE rev <= ? LIMIT 1`, rev) !==
  null;

const recentRecord = (did: Did, row: RecordRow): RecentRecord => ({
  ...viewOfRow(did, row),
  rev: row.rev,
  indexedAt: new Date(tidToMicros(row.rev) / 1000).toISOString(),
});

export function repoCounts(rows: Rows, head: Head): RepoCounts {
  const records = rows.first<{ count: number }>("SELECT count(*) AS count FROM record")?.count ?? 0;
  const { expected, imported } = countBlobs(rows);
  return {
    commit: { cid: head.cid, rev: head.rev },
    repoBlocks: 1 + countNodes(rows) + records,
    indexedRecords: records,
    expectedBlobs: expected,
    importedBlobs: imported,
  };
}
