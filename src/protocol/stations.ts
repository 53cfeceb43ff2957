/**
 * The interfaces through which stations meet. Stations never import each other: each is reached through a binding whose
 * type is written here, in terms of plain data that survives RPC (structured clone: objects, arrays, strings, numbers,
 * Uint8Array, ReadableStream of bytes).
 */
import type { Did } from "@atcute/lexicons";
import type { AccountStatus, LogEntry, SequencedEvent } from "./events.ts";

/** A namespace of Durable Objects, by name. Every method of a station is asynchronous from outside. */
export interface Objects<Station> {
  getByName(name: string): Station;
}

// ---------------------------------------------------------------------------------------------- sequencer

/** What the sequencer knows of one repo; the source of `listRepos`. */
export interface SequencedRepo {
  did: Did;
  /** Position of the last log entry taken from this account. */
  position: number;
  rev: string | null;
  head: string | null;
  status: AccountStatus;
}

/** One object a host: numbers the host's events, keeps their window, broadcasts them, hands them to ingest. */
export interface SequencerStation {
  /**
   * Takes log entries of one account, in order of position. Idempotent: entries at or below the account's recorded
   * position are skipped. A gap is not taken at all. Returns once durable.
   * @returns `acked`: the highest position now durable (the sender resends from `acked + 1`); `seq`: the host's newest.
   */
  append(did: Did, entries: LogEntry[]): Promise<{ acked: number; seq: number }>;
  /** Waits until ingest has passed `seq`: true then; false after about 250 ms, or at once while ingest lags. */
  indexed(seq: number): Promise<boolean>;
  repo(did: Did): Promise<SequencedRepo | null>;
  /** Repos by DID, after `cursor` (a DID), at most `limit`. */
  listRepos(cursor: string | undefined, limit: number): Promise<SequencedRepo[]>;
  status(): Promise<SequencerStatus>;
  /** `com.atproto.sync.subscribeRepos`: a WebSocket upgrade request, with `?cursor=`, and with SUBSCRIBER_HEADER. */
  fetch(request: Request): Promise<Response>;
}

export interface SequencerStatus {
  /** Newest seq, 0 before the first event. */
  seq: number;
  /** Oldest seq still in the window, null when none. */
  oldest: number | null;
  /** Last seq that ingest acknowledged. */
  indexed: number;
  subscribers: number;
  /** The last failure of ingest, cleared by its next success. */
  ingestError: string | null;
  /** Events that left the window before ingest had them, if that was seen since the object started: rebuild the index. */
  ingestLost?: { after: number; upTo: number } | null;
  /** Rows touched since the object woke: its own, and in the index on its behalf (local runs only, else zeros). */
  rows?: { sequencer: RowCount; index: RowCount };
}

/** Rows of a database, as the platform bills them. */
export interface RowCount {
  written: number;
  read: number;
}

/** What came of a flight of events. */
export interface IngestReport {
  /** The last seq that ingest has passed. */
  cursor: number;
  /** The cursor that the index itself knows, after a crash for one; absent: the same. */
  stored?: number;
  /** What it cost the index: in local runs only. */
  rows?: RowCount;
}

/** The one name of the sequencer object. */
export const SEQUENCER_NAME = "host";

/** Whose sockets are counted together, as the edge knows it; absent where nobody's are. Never what a client sent. */
export const SUBSCRIBER_HEADER = "atoll-subscriber";

// ---------------------------------------------------------------------------------------------- appview

/** An act of moderation that views must honour at once. `cid` narrows a record takedown to one version. */
export type ModerationAct =
  | { kind: "takedown"; did: Did; uri?: string; blob?: string; applied: boolean; ref?: string }
  | {
      kind: "label";
      src: Did;
      uri: string;
      cid?: string;
      val: string;
      neg: boolean;
      cts: string;
      exp?: string;
    };

/** The AppView as the sequencer and lifecycle see it (a WorkerEntrypoint, reached as `ctx.exports.AppView`). */
export interface AppViewStation {
  /** The last seq that the index knows; 0 before the first. */
  cursor(): Promise<number>;
  /**
   * Applies events exactly once, in order. Does nothing to the index unless its cursor is `stored` (absent: `after`);
   * returns where it stands afterwards, from which the sender goes on. Events after `after` that change nothing in the
   * index are passed without a trip to it, so its own cursor may trail; without events it is brought up to `after`.
   */
  ingest(after: number, events: SequencedEvent[], stored?: number): Promise<IngestReport>;
  moderate(acts: ModerationAct[]): Promise<void>;
}

// ---------------------------------------------------------------------------------------------- labels

/** One object a host: the sockets of com.atproto.label.subscribeLabels. The labels are in the directory. */
export interface LabelsStation {
  /** A WebSocket upgrade request, with a valid `?cursor=` or none. */
  fetch(request: Request): Promise<Response>;
  /** The directory has new labels. */
  announce(): Promise<void>;
}

/** The one name of the labels object. */
export const LABELS_NAME = "host";

// ---------------------------------------------------------------------------------------------- account

/** One record as it is stored: its DAG-CBOR bytes, with the rev of the commit that last wrote it. */
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
   * The records after `cursor` (a path, exclusive), in path order, at most about 1 MB of them, with the repo's rev at
   * the time of reading. `next` is absent on the last page.
   * Refuses RepoNotFound.
   */
  backfill(cursor: string | undefined): Promise<{ rev: string; records: StoredRecord[]; next?: string }>;
}

// ---------------------------------------------------------------------------------------------- lifecycle

/**
 * The worker's lifecycle entrypoint, as an account object's alarm sees it: it carries a half-done saga to its end
 * (roll back before the DID is registered, forward after) by calling back into the object.
 */
export interface LifecycleStation {
  resume(did: Did): Promise<void>;
}

// ---------------------------------------------------------------------------------------------- bindings

/** `[vars]` of wrangler.toml; every one has a working default. */
export interface Vars {
  /** Origin served. Empty: the origin of the request (local runs). */
  PUBLIC_URL: string;
  /** Comma-separated domains for members' handles, each with its leading dot; empty: `.test` locally, else `.<host>`. */
  HANDLE_DOMAINS: string;
  REGISTRATION: "invite" | "closed" | "open";
  /** `local`, or the `did#service` of an upstream AppView. */
  APPVIEW: string;
  /** Empty: the embedded directory, bound as OUTSIDE (local runs only). */
  PLC_URL: string;
  /** Comma-separated origins that are asked to crawl. */
  RELAYS: string;
  /** Sender of the host's mail, `Name <address>`; empty: none is sent (a local run keeps it in its mailbox). */
  MAIL: string;
  /** `on` or `off`. */
  RATE_LIMITS: string;
  /** DID of a moderation service (an Ozone) whose service tokens act as a moderator's; absent: none is trusted. */
  MOD_SERVICE?: string;
  /** Largest blob, in bytes; absent: 100 MB. */
  BLOB_LIMIT?: string;
  /** What the community calls itself, on the pages that members see; absent: the host's name. */
  HOST_NAME?: string;
  /** Its colour, `#rrggbb`; absent: Atoll's. */
  HOST_COLOR?: string;
  /** `1` in local runs: loopback is allowed in outgoing requests, and `atoll-cost` is sent. */
  LOCAL: string;
}

/** Secrets: made on first use and kept in DIRECTORY; one in the environment wins. */
export interface Secrets {
  ADMIN_PASSWORD?: string;
  JWT_SECRET?: string;
  /** did:plc rotation key, 32 bytes in hex (K-256). */
  PLC_ROTATION_KEY?: string;
  /** Never made by the host: the key of the mail service, if that is how mail goes out. */
  RESEND_API_KEY?: string;
}

export interface Bindings<Account = unknown> extends Vars, Secrets {
  ACCOUNT: Objects<Account>;
  SEQUENCER: Objects<SequencerStation>;
  /** Absent: labels are issued and queried, but nobody can subscribe. */
  LABELS?: Objects<LabelsStation>;
  DIRECTORY: D1Database;
  APPVIEW_DB: D1Database;
  BLOBS: R2Bucket;
  /** Cuts pictures to size, where it is set up; else they are served as they were uploaded. */
  IMAGES?: ImagesBinding;
  /** Cloudflare's way of sending mail, where it is set up. */
  EMAIL?: SendEmail;
  /** Local runs only: the outside world (PLC directory, mailbox). */
  OUTSIDE?: { fetch(request: Request): Promise<Response> };
}
