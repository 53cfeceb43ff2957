/** Reads of the repo as a tree: proofs, blocks, counts, records newer than a rev. None of them can write. */
import type { Did } from "@atcute/lexicons";
import type {
  CommitRef,
  RecentRecord,
  RecentRecords,
  RepoCounts,
  RepoStatus,
} from "../protocol/account-station.ts";
import type { CarBlock } from "../protocol/car.ts";
import { writeCar } from "../protocol/car.ts";
import { nodesOnPath, walkMst } from "../protocol/mst/walk.ts";
import type { Rows } from "../protocol/object/sql.ts";
import { isTid, tidToMicros } from "../protocol/tid.ts";
import { countBlobs } from "./blobs.ts";
import type { RecordRow } from "./records/record-reader.ts";
import { cidOfRow, findRecord, viewOfRow } from "./records/record-reader.ts";
import { type AccountState, statusOf } from "./state.ts";
import type { Head } from "./tree.ts";
import { countNodes, treeOf } from "./tree.ts";

/** Most posts that read-after-write splices in. */
const MAX_RECENT = 10;
/** Most nodes and records that it looks at. An AppView that is further behind shows what it has. */
const MAX_STEPS = 1000;
const PROFILE_PATH = "app.bsky.actor.profile/self";
const POST_PREFIX = "app.bsky.feed.post/";

/** The part of an account that is read here. */
interface Repo {
  readonly sql: Rows;
  readonly did: Did;
  readonly head: Head;
}

const commitBlock = (head: Head): CarBlock => ({ cid: head.cid, bytes: head.bytes });

export const latestCommit = ({ cid, rev }: Head): CommitRef => ({ cid, rev });

/** A CAR of the commit, the nodes on the path, and the record if there is one. */
export function recordProof({ sql: rows, head }: Omit<Repo, "did">, path: string): Uint8Array {
  const { nodes, cid } = nodesOnPath(treeOf(rows), path);
  const record = cid === null ? null : findRecord(rows, path);
  const blocks = [commitBlock(head), ...nodes];
  if (record !== null) blocks.push({ cid: cidOfRow(record), bytes: new Uint8Array(record.value) });
  return writeCar([head.cid], blocks);
}

/** Whether a record at this path may be spliced in. */
const isSpliced = (path: string) => path === PROFILE_PATH || path.startsWith(POST_PREFIX);

/**
 * Implements `AccountStation.recordsSince`. The tree finds the records, since its nodes know the commit that
 * made them. That needs no index on `rev`, which would cost every write a row, and is exact whatever rkeys
 * and `createdAt` say. An AppView that has seen the newest commit, as most have, costs no row at all.
 */
export function recordsSince({ sql: rows, did, head }: Repo, rev: string): RecentRecords | null {
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

export function repoStatus(repo: Pick<Repo, "head"> & { readonly state: AccountState }): RepoStatus {
  const status = statusOf(repo.state);
  // Of one that is not active, the head need not be readable.
  return status === "active" ? { active: true, rev: repo.head.rev } : { active: false, status };
}

export function repoCounts({ sql: rows, head }: Omit<Repo, "did">): RepoCounts {
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
