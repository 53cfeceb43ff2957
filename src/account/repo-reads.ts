/** Reads of the repo as a tree: proofs, blocks, counts, and what is newer than a rev. None of them can write. */
import type { Did } from "@atcute/lexicons";
import type { RecentRecord, RepoCounts } from "../protocol/account-station.ts";
import type { CarBlock } from "../protocol/car.ts";
import { writeCar } from "../protocol/car.ts";
import { cidFromBytes, tryCidToBytes } from "../protocol/cid.ts";
import { nodesOnPath, walkMst, walkNodes } from "../protocol/mst-walk.ts";
import { invalidRequest } from "../protocol/refusal.ts";
import { tidToMicros } from "../protocol/tid.ts";
import { countBlobs } from "./blobs.ts";
import type { RecordRow } from "./record-reader.ts";
import { cidOfRow, findRecord, viewOfRow } from "./record-reader.ts";
import type { Rows } from "./sql.ts";
import type { Head } from "./tree.ts";
import { countNodes, treeOf } from "./tree.ts";

/** Nodes and records that one getBlocks may look at. */
const MAX_SCAN = 200_000;
const MAX_CIDS = 500;
/** Records that read-after-write splices in at most. */
const MAX_RECENT = 10;

const commitBlock = (head: Head): CarBlock => ({ cid: head.cid, bytes: head.bytes });

/** Commit, nodes on the path, and the record if there is one. */
export function recordProof(rows: Rows, head: Head, path: string): Uint8Array {
  const { nodes, cid } = nodesOnPath(treeOf(rows), path);
  const record = cid === null ? null : findRecord(rows, path);
  const blocks = [commitBlock(head), ...nodes];
  if (record !== null) blocks.push({ cid: cidOfRow(record), bytes: new Uint8Array(record.value) });
  return writeCar([head.cid], blocks);
}

/**
 * Blocks by CID. No row is kept per CID, so they are looked for: the commit, then records by one scan of the table, then
 * nodes by a walk. Refuses InvalidRequest when one is not found, or too many are asked for.
 */
export function getBlocks(rows: Rows, head: Head, cids: string[]): CarBlock[] {
  if (cids.length > MAX_CIDS) throw invalidRequest(`Too many CIDs. Max: ${MAX_CIDS}`);
  const wanted = new Set(cids);
  const found = new Map<string, CarBlock>();
  const take = (cid: string, bytes: Uint8Array) => {
    if (wanted.delete(cid)) found.set(cid, { cid, bytes });
  };
  take(head.cid, head.bytes);
  for (const row of recordsByCid(rows, [...wanted])) take(cidOfRow(row), new Uint8Array(row.value));
  let seen = 0;
  if (wanted.size > 0) {
    for (const { cid, bytes } of walkNodes(treeOf(rows))) {
      take(cidFromBytes(cid), bytes);
      if (wanted.size === 0 || ++seen > MAX_SCAN) break;
    }
  }
  if (wanted.size > 0) throw invalidRequest(`Could not find cids: ${[...wanted].join(",")}`);
  return [...found.values()];
}

function recordsByCid(rows: Rows, cids: string[]): RecordRow[] {
  const digests = cids.flatMap((cid) => {
    const bytes = tryCidToBytes(cid);
    return bytes === null ? [] : [Buffer.from(bytes.subarray(4)).toString("hex")];
  });
  if (digests.length === 0) return [];
  return rows.all<RecordRow>(
    `SELECT path, digest, rev, takedown, value FROM (SELECT * FROM record LIMIT ${MAX_SCAN})
     WHERE digest IN (SELECT unhex(value) FROM json_each(?))`,
    JSON.stringify(digests),
  );
}

/**
 * Records of commits after `rev`, oldest first. None if every record is newer: then `rev` is from before this repo came
 * here, and whoever asks knows nothing of it.
 */
export function recordsSince(rows: Rows, did: Did, head: Head, rev: string): RecentRecord[] {
  if (head.rev <= rev) return [];
  const found: RecordRow[] = [];
  for (const step of walkMst(treeOf(rows), rev)) {
    if (step.kind === "node") continue;
    const row = findRecord(rows, step.path);
    if (row !== null && row.rev > rev && row.takedown === null) found.push(row);
  }
  if (found.length === 0) return [];
  if (rows.first("SELECT 1 FROM record WHERE rev <= ? LIMIT 1", rev) === null) return [];
  return found
    .toSorted((a, b) => (a.rev < b.rev ? -1 : a.rev > b.rev ? 1 : 0))
    .slice(0, MAX_RECENT)
    .map((row) => ({
      ...viewOfRow(did, row),
      rev: row.rev,
      indexedAt: new Date(tidToMicros(row.rev) / 1000).toISOString(),
    }));
}

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
