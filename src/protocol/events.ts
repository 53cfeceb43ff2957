/**
 * `RepoEvent`, the type of all events that the account object sends to the rest of the host, and its two
 * encodings: the log entry (an event without its seq) and the frame (com.atproto.sync.subscribeRepos, event
 * stream spec).
 */
import type { Did } from "@atcute/lexicons";

/**
 * com.atproto.sync.subscribeRepos#account `status`, plus `active` for the state that the lexicon leaves
 * unnamed.
 */
export type AccountStatus = "active" | "takendown" | "suspended" | "deleted" | "deactivated";

export type EventKind = "commit" | "sync" | "identity" | "account";

/**
 * One entry of an account's log, and so of its outbox. `frame` is the complete event-stream frame except for
 * the `seq` field, which belongs at byte `seqAt` in canonical key order. The sequencer splices `seq` in
 * without decoding anything.
 */
export interface LogEntry {
  /** 1, 2, 3 … per account, without gaps. */
  position: number;
  kind: EventKind;
  /** Rev and commit CID of the repo after this event; null for #identity and #account. */
  rev: string | null;
  head: string | null;
  /** #account only: the state it announces. */
  status: AccountStatus | null;
  frame: Uint8Array;
  seqAt: number;
}

/** A numbered event: exactly the bytes that a firehose consumer receives. */
export interface SequencedEvent {
  seq: number;
  frame: Uint8Array;
}

/** A numbered event as the streams get it. */
export interface StreamedEvent extends SequencedEvent {
  /**
   * The event's time on the JSON stream, in microseconds since the epoch. The next event's is greater by
   * TIME_SLOT at least.
   */
  us: number;
}

/** Microseconds between two events on the JSON stream, room for each of an event's 200 ops to have its own time. */
export const TIME_SLOT = 512;

export interface RepoOp {
  action: "create" | "update" | "delete";
  /** `collection/rkey` */
  path: string;
  /** CID of the record after the op, null on delete. */
  cid: string | null;
  /** CID before the op: update and delete only. */
  prev?: string;
}

interface EventBase {
  seq: number;
  did: Did;
  /** ISO 8601 */
  time: string;
}

export interface CommitEvent extends EventBase {
  kind: "commit";
  commit: string;
  rev: string;
  since: string | null;
  prevData?: string;
  ops: RepoOp[];
  /** CAR slice: commit, new nodes, new records, covering proof. */
  blocks: Uint8Array;
}
export interface SyncEvent extends EventBase {
  kind: "sync";
  rev: string;
  blocks: Uint8Array;
}
export interface IdentityEvent extends EventBase {
  kind: "identity";
  handle?: string;
}
export interface AccountEvent extends EventBase {
  kind: "account";
  active: boolean;
  status?: Exclude<AccountStatus, "active">;
}

export type RepoEvent = CommitEvent | SyncEvent | IdentityEvent | AccountEvent;
