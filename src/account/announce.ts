/**
 * The log entries that an account writes (lexicon com.atproto.sync.subscribeRepos). Each is a frame that
 * lacks only its seq.
 */
import type { Did, Handle } from "@atcute/lexicons";
import { writeCar } from "../protocol/car.ts";
import {
  encodeAccountEntry,
  encodeCommitEntry,
  encodeIdentityEntry,
  encodeSyncEntry,
} from "../protocol/event-frames.ts";
import type { CarBlock } from "../protocol/car.ts";
import type { AccountStatus, RepoOp } from "../protocol/events.ts";
import type { Draft } from "./log.ts";
import type { Head } from "./tree.ts";

export interface At {
  did: Did;
  /** ISO 8601 */
  time: string;
}

const NOTHING = { rev: null, head: null, status: null };

export function identityEntry(at: At, handle?: Handle): Draft {
  const event = handle === undefined ? at : { ...at, handle };
  return { kind: "identity", ...NOTHING, ...encodeIdentityEntry(event) };
}

export function accountEntry(at: At, status: AccountStatus): Draft {
  const active = status === "active";
  const event = active ? { ...at, active } : { ...at, active, status };
  return { kind: "account", ...NOTHING, status, ...encodeAccountEntry(event) };
}

/** The repo's current state without what changed: its CAR holds the commit block alone. */
export function syncEntry(at: At, head: Head): Draft {
  const blocks = writeCar([head.cid], [{ cid: head.cid, bytes: head.bytes }]);
  return {
    kind: "sync",
    rev: head.rev,
    head: head.cid,
    status: null,
    ...encodeSyncEntry({ ...at, rev: head.rev, blocks }),
  };
}

export interface CommitChange {
  head: Head;
  /** Null for a repo's first commit. */
  before: Pick<Head, "rev" | "data"> | null;
  ops: RepoOp[];
  /** New nodes, new records and the covering proof. `commitCar` puts the commit before them. */
  blocks: CarBlock[];
}

/** The CAR slice of a commit: root first. */
export const commitCar = ({ head, blocks }: CommitChange): Uint8Array =>
  writeCar([head.cid], [{ cid: head.cid, bytes: head.bytes }, ...blocks]);

export function commitEntry(at: At, change: CommitChange, blocks: Uint8Array): Draft {
  const { head, before, ops } = change;
  const event = {
    ...at,
    commit: head.cid,
    rev: head.rev,
    since: before?.rev ?? null,
    ops,
    blocks,
    ...(before === null ? {} : { prevData: before.data }),
  };
  return { kind: "commit", rev: head.rev, head: head.cid, status: null, ...encodeCommitEntry(event) };
}
