/**
 * The checks of another host's events before a consumer believes them (sync spec; proposal 0006). Pure: the caller
 * knows the repo's key and host, and what is held of the repo. Nothing throws for a bad event.
 */
import { readCar } from "../car.ts";
import { cidFromBytes, type Cid } from "../cid.ts";
import { decodeCommit, isSignedBy, type Commit } from "../commit.ts";
import { RECORD_BYTES } from "../data-model.ts";
import type { CommitEvent, RepoOp, SyncEvent } from "../events.ts";
import { invert } from "../mst/inversion.ts";
import { EMPTY_ROOT } from "../mst/node.ts";
import { isRefusal } from "../refusal.ts";
import { isRecordPath } from "../syntax.ts";
import { isTid, tidToMicros } from "../tid.ts";

/** The limits of the sync spec, in bytes and operations. */
const COMMIT_BYTES = 2_000_000;
const SYNC_BYTES = 10_000;
const MOST_OPS = 200;
/** Blocks of an event. Honest ones of 200 operations have some thousands. */
const MOST_BLOCKS = 10_000;
/** How far (ms) a clock may be ahead of this one. */
const AHEAD = 5 * 60_000;

/** The state of a repo as of the last event or archive that was verified. */
export interface Held {
  rev: string;
  /** Root of the tree. */
  data: Cid;
}

export interface Knowledge {
  /** The repo's key (did:key), by its DID document. */
  key: string;
  /** Null: the repo is not followed event by event. */
  held: Held | null;
  /** Milliseconds of the epoch. */
  now: number;
}

/** Why an event is dropped. `signature`: it may be by a key that the cached document does not have yet. */
export type Fault = "size" | "rev" | "future" | "archive" | "commit" | "signature" | "ops";

export type Verdict =
  /** All of it is true, and nothing lies between it and what was held: hold `held` now. */
  | { kind: "follows"; held: Held }
  /** At or before what is held. */
  | { kind: "old" }
  /** Signed, but it does not follow on what is held: the repo must be fetched anew. */
  | { kind: "desynchronized" }
  | { kind: "refused"; fault: Fault };

const refused = (fault: Fault): Verdict => ({ kind: "refused", fault });

/** Whether a rev lies further in the future than clocks differ. */
export const isTooNew = (rev: string, now: number): boolean => tidToMicros(rev) > (now + AHEAD) * 1000;

/** The verdict on a rev alone; null if it is new and fit. */
function checkRev(rev: string, { held, now }: Knowledge): Verdict | null {
  if (!isTid(rev)) return refused("rev");
  if (held !== null && rev <= held.rev) return { kind: "old" };
  return isTooNew(rev, now) ? refused("future") : null;
}

type Blocks = ReadonlyMap<Cid, Uint8Array>;

interface Opened {
  blocks: Blocks;
  root: Cid;
  commit: Commit;
}

/** The commit of an event's archive, signed by the repo's key. */
async function openSigned(
  { did, rev, blocks: car }: CommitEvent | SyncEvent,
  { key }: Knowledge,
): Promise<Opened | Fault> {
  let fault: Fault = "archive";
  try {
    const { roots, blocks } = readCar(car, { maxBlockBytes: RECORD_BYTES, maxBlocks: MOST_BLOCKS });
    const [root = ""] = roots;
    const block = blocks.get(root);
    fault = "commit";
    if (block === undefined) return fault;
    const commit = decodeCommit(block);
    if (commit.did !== did || commit.rev !== rev) return fault;
    return (await isSignedBy(block, key)) ? { blocks, root, commit } : "signature";
  } catch (thrown) {
    if (isRefusal(thrown)) return fault;
    throw thrown;
  }
}

/** Checks a #commit, whose `ops` may be believed if it follows. */
export async function checkCommit(event: CommitEvent, known: Knowledge): Promise<Verdict> {
  const { ops, blocks: car, rev } = event;
  if (car.length > COMMIT_BYTES || ops.length > MOST_OPS) return refused("size");
  const early = checkRev(rev, known);
  if (early !== null) return early;
  if (!areWellFormed(ops)) return refused("ops");
  const opened = await openSigned(event, known);
  if (typeof opened === "string") return refused(opened);
  const { blocks, root, commit } = opened;
  if (root !== event.commit) return refused("commit");
  if (!ops.every(({ cid }) => cid === null || blocks.has(cid))) return refused("ops");
  const { data } = commit;
  const before = invert(data, ops, (cid) => blocks.get(cid));
  if (before.kind === "contradicted") return refused("ops");
  const isWhole = before.kind === "root" && before.cid === (previousData(event) ?? before.cid);
  // A repo that is not followed is believed as far as its tree came with it.
  if (known.held === null) return isWhole ? { kind: "follows", held: { rev, data } } : refused("ops");
  const { held } = known;
  const isNext = before.kind === "root" && before.cid === held.data && event.since === held.rev;
  return isWhole && isNext ? { kind: "follows", held: { rev, data } } : { kind: "desynchronized" };
}

/** Undefined: the host is of before sync 1.1, and does not say. */
const previousData = ({ since, prevData }: CommitEvent): Cid | undefined =>
  prevData ?? (since === null ? cidFromBytes(EMPTY_ROOT) : undefined);

/** Whether each operation is whole, and no two are of one record. */
function areWellFormed(ops: readonly RepoOp[]): boolean {
  const paths = new Set(ops.map(({ path }) => path));
  return (
    paths.size === ops.length &&
    ops.every(({ action, path, cid }) => isRecordPath(path) && (cid === null) === (action === "delete"))
  );
}

/**
 * Checks a #sync. It follows if the repo's tree is what is held; a later one of which that is not so is
 * `desynchronized`.
 */
export async function checkSync(event: SyncEvent, known: Knowledge): Promise<Verdict> {
  if (event.blocks.length > SYNC_BYTES) return refused("size");
  const early = checkRev(event.rev, known);
  if (early !== null) return early;
  const opened = await openSigned(event, known);
  if (typeof opened === "string") return refused(opened);
  const { data } = opened.commit;
  const isSame = known.held?.data === data;
  return isSame ? { kind: "follows", held: { rev: event.rev, data } } : { kind: "desynchronized" };
}
