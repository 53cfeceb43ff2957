/**
 * The interfaces between stations. Stations never import each other: each is reached through a binding whose
 * type is declared here, with plain data that survives RPC (structured clone: objects, arrays, strings,
 * numbers, Uint8Array, ReadableStream of bytes).
 */
import type { Did } from "@atcute/lexicons";
import type { AccountStatus, LogEntry, SequencedEvent } from "./events.ts";
import type { RowCount } from "./object/sql.ts";
import type { Settings } from "./settings/list.ts";

/** A namespace of Durable Objects, by name. Every method of a station is asynchronous for its callers. */
export interface Objects<Station> {
  getByName(name: string): Station;
}

// ---------------------------------------------------------------------------------------------- sequencer

/** The sequencer's state of one repo. */
export interface SequencedRepo {
  did: Did;
  /** Position of the last log entry accepted from this account. */
  position: number;
  rev: string | null;
  head: string | null;
  status: AccountStatus;
}

/** A place in the order of repos by age: when a repo's first event was taken, in ms, and its DID. */
export interface RepoAge {
  since: number;
  did: Did;
}

/**
 * One object per host. It numbers the host's events, keeps their window, broadcasts them and dispatches them
 * to ingest.
 */
export interface SequencerStation {
  /**
   * Takes log entries of one account, in position order. Idempotent: entries at or below the account's
   * recorded position are skipped. Entries after a gap are not accepted. Returns once durable.
   * @returns `acked`: the highest position now durable (the sender resends from `acked + 1`); `seq`: the
   * host's newest.
   */
  append(did: Did, entries: LogEntry[]): Promise<{ acked: number; seq: number }>;
  /**
   * Waits until ingest has passed `seq`, then returns true; false after about 250 ms, or at once while ingest
   * lags or fails.
   */
  indexed(seq: number): Promise<boolean>;
  repo(did: Did): Promise<SequencedRepo | null>;
  /** Repos by DID, after `cursor` (a DID), at most `limit`. */
  listRepos(cursor: string | undefined, limit: number): Promise<SequencedRepo[]>;
  /** Repos after a place, the oldest first, at most `limit`. */
  reposByAge(after: RepoAge | null, limit: number): Promise<(SequencedRepo & RepoAge)[]>;
  status(): Promise<SequencerStatus>;
  /**
   * Handles `com.atproto.sync.subscribeRepos`: a WebSocket upgrade request with optional `?cursor=` and
   * SUBSCRIBER_HEADER.
   */
  fetch(request: Request): Promise<Response>;
}

export interface SequencerStatus {
  /** Newest seq; 0 before the first event, whose seq is a number from the clock. */
  seq: number;
  /** Oldest seq still in the window; null when it is empty. */
  oldest: number | null;
  /** Last seq that ingest acknowledged. */
  indexed: number;
  subscribers: number;
  /** The last failure of ingest; its next success clears it. */
  ingestError: string | null;
  /**
   * Events that left the window before ingest received them, if seen since the object started. The index must
   * be rebuilt.
   */
  ingestLost?: { after: number; upTo: number } | null;
  /**
   * Rows touched since the object woke: its own, and those in the index on its behalf (counted in local runs
   * only, else zeros).
   */
  rows?: { sequencer: RowCount; index: RowCount };
}

/** The result of a flight of events. */
export interface IngestReport {
  /** The last seq that ingest has passed. */
  cursor: number;
  /** The index's own cursor, when it differs (after a crash, for example); absent: the same. */
  stored?: number;
  /** Rows that it cost the index; local runs only. */
  rows?: RowCount;
}

/** The one name of the sequencer object. */
export const SEQUENCER_NAME = "host";

/**
 * The client address by which the sequencer counts sockets together, set by the edge; absent where sockets
 * are not counted. Never taken from a client's own header.
 */
export const SUBSCRIBER_HEADER = "atoll-subscriber";

// ---------------------------------------------------------------------------------------------- appview

/**
 * An act of moderation that views must respect at once. `cid` narrows a label to one version of the record.
 */
export type ModerationAct =
  | { kind: "takedown"; did: Did; uri?: string; blob?: string; applied: boolean; ref?: string | undefined }
  | {
      kind: "label";
      src: Did;
      uri: string;
      cid?: string | undefined;
      val: string;
      neg: boolean;
      cts: string;
      exp?: string | undefined;
    };

/**
 * The AppView's interface for the sequencer and lifecycle (a WorkerEntrypoint, reached as
 * `ctx.exports.AppView`).
 */
export interface AppViewStation {
  /** The last seq that the index knows; 0 before the first. */
  cursor(): Promise<number>;
  /**
   * Applies events exactly once, in order. Does nothing to the index unless its cursor is `stored` (absent:
   * `after`). Returns the resulting position, from which the sender continues. Events after `after` that
   * change nothing in the index are passed without a write, so its own cursor may trail; a call without
   * events brings it up to `after`.
   */
  ingest(after: number, events: SequencedEvent[], stored?: number): Promise<IngestReport>;
  moderate(acts: ModerationAct[]): Promise<void>;
}

// ---------------------------------------------------------------------------------------------- labels

/** One object per host: the sockets of com.atproto.label.subscribeLabels. The labels are in the directory. */
export interface LabelsStation {
  /** Handles a WebSocket upgrade request. */
  fetch(request: Request): Promise<Response>;
  /** Tells the object that the directory has new labels. */
  announce(): Promise<void>;
}

/** The one name of the labels object. */
export const LABELS_NAME = "host";

// ---------------------------------------------------------------------------------------------- account

/** One stored record: its DAG-CBOR bytes, with the rev of the commit that last wrote it. */
export interface StoredRecord {
  /** `collection/rkey` */
  path: string;
  cid: string;
  rev: string;
  bytes: Uint8Array;
}

/** The part of an account object that the AppView uses for backfill. */
export interface BackfillSource {
  /**
   * The records after `cursor` (a path, exclusive), in path order, at most about 1 MB of them, and the repo's
   * rev at the time of the read. `next` is absent on the last page. Refuses RepoNotFound.
   */
  backfill(cursor: string | undefined): Promise<{ rev: string; records: StoredRecord[]; next?: string }>;
}

// ---------------------------------------------------------------------------------------------- lifecycle

/**
 * The worker's lifecycle entrypoint, called by an account object's alarm. It completes a half-done saga (roll
 * back before the DID is registered, forward after) by calling back into the object.
 */
export interface LifecycleStation {
  resume(did: Did): Promise<void>;
}

// ---------------------------------------------------------------------------------------------- bindings

/** What a Worker and its objects have in hand: settings in their normal form (`configure`), stations, stores. */
export interface Bindings<Account = unknown> extends Settings {
  ACCOUNT: Objects<Account>;
  SEQUENCER: Objects<SequencerStation>;
  LABELS: Objects<LabelsStation>;
  DIRECTORY: D1Database;
  APPVIEW_DB: D1Database;
  BLOBS: R2Bucket;
  /** Resizes images, where it is set up; otherwise they are served as uploaded. */
  IMAGES?: ImagesBinding;
  /** Cloudflare's mail sending, where it is set up. */
  EMAIL?: SendEmail;
  /** Local runs only: the outside world (PLC directory, mailbox). */
  OUTSIDE?: { fetch(request: Request): Promise<Response> };
}
