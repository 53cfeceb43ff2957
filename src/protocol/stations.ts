/**
 * The interfaces between stations. Stations never import each other: each is reached through a binding whose
 * type is declared here, with plain data that survives RPC (structured clone: objects, arrays, strings,
 * numbers, Uint8Array, ReadableStream of bytes).
 */
import type { Did } from "@atcute/lexicons";
import type { AccountStatus, LogEntry, SequencedEvent, StreamedEvent } from "./events.ts";
import type { RowCount } from "./object/sql.ts";
import type { Shortage } from "./plan/shortage.ts";
import type { KeptSettings, SettingName, Settings } from "./settings/list.ts";

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
 * One object per host. It numbers the host's events, keeps their window, hands them to the fan-out objects and
 * dispatches them to ingest.
 */
export interface SequencerStation {
  /**
   * Takes log entries of one account, in position order. Idempotent: entries at or below the account's
   * recorded position are skipped. Entries after a gap are not accepted. Returns once durable.
   * @returns `acked`: the highest position now durable (the sender resends from `acked + 1`); `seq`: the
   * host's newest; `indexes`: whether the host has an AppView of its own, for which a write may wait.
   */
  append(did: Did, entries: LogEntry[]): Promise<{ acked: number; seq: number; indexes?: boolean }>;
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
   * Promises a new reader a seat at the fan-out object of a name. `subscriber` is the client address by which readers
   * are counted together, null where they are not. `seat` is the promise's id, which the reader shows there.
   * Refuses RateLimitExceeded (429) when there is no room, NotEnoughResources (503).
   */
  seat(subscriber: string | null, seat: string): Promise<string>;
  /**
   * From the returned `head` on, hands every event to a fan-out object, which has a reader now. `before` is the
   * seq after which that reader begins if `us`, its JSON stream's cursor, is given. `seat` is the id of the
   * reader's seat, if it was promised one.
   */
  listen(fanOut: string, seat: string | null, us: number | null): Promise<WindowEdges & { before: number }>;
  /** The events after `after`, in order, at most about half a megabyte. */
  page(after: number): Promise<EventPage>;
  /** The readers of both streams, at most some seconds old. */
  streams(): Promise<StreamStatus[]>;
  /**
   * Keeps a copy of the settings, and hands nothing to the index before `indexFrom` (ms), which it forgets when
   * it ends; 0: at once again.
   */
  followPlan(kept: KeptSettings, indexFrom: number): Promise<void>;
  /** The copy of the settings, for when the directory does not answer. */
  keptSettings(): Promise<KeptSettings>;
}

/** The two streams: `com.atproto.sync.subscribeRepos`, and Jetstream's JSON at `/subscribe`. */
export type StreamKind = "repos" | "json";

export interface WindowEdges {
  /** Newest seq; 0 before the first event. */
  head: number;
  /** Newest seq that has left the window. */
  pruned: number;
  /** Seq of the newest deletion, whose account's events have left the window; 0: none since the start. */
  forgot: number;
}

export interface EventPage extends WindowEdges {
  events: StreamedEvent[];
  /** The page has every event up to this seq. */
  last: number;
}

/** Why the host ended a reader's connection. */
export type CutReason = "TooSlow" | "Overtaken";

/** Readers that were cut since the last report. */
export interface Cut {
  kind: StreamKind;
  why: CutReason;
  count: number;
}

/** One stream's readers. */
export interface StreamStatus {
  kind: StreamKind;
  readers: number;
  /** Readers that are still being sent older events. */
  replaying: number;
  /** Number of events that the reader furthest behind has yet to be sent. */
  behind: number;
  /** Bytes that were sent and are not known to be read, of all readers together. */
  unread: number;
  /** Readers that were cut since the host was set up. */
  cut: Record<CutReason, number>;
}

export interface SequencerStatus {
  /** Newest seq; 0 before the first event, whose seq is a number from the clock. */
  seq: number;
  /** Oldest seq still in the window; null when it is empty. */
  oldest: number | null;
  /** Last seq that ingest acknowledged. */
  indexed: number;
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
  /** Size of its database. */
  bytes?: number;
  /** The counts of what the fan-out objects were handed since the object woke. */
  handed?: HandedCount;
}

export interface HandedCount {
  /** Calls, each with a batch or without. */
  flights: number;
  /** Events times objects. */
  events: number;
  /** Milliseconds that the calls took. */
  ms: number;
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

// ---------------------------------------------------------------------------------------------- fan-out

/** One reader, as its fan-out object sees it. */
export interface ReaderStatus {
  kind: StreamKind;
  /** The last seq that it was sent; null before its hello. */
  seq: number | null;
  /** Bytes sent that it is not known to have read. */
  unread: number;
}

/** A reader's seat at a fan-out object. */
export interface Seat {
  /** Of the promise; null: there was none, or the object has slept since the reader came. */
  id: string | null;
  /** The client address by which readers are counted together; null where they are not. */
  subscriber: string | null;
}

/** A fan-out object's answer to a batch. */
export interface FanOutReport {
  readers: number;
  cuts: Cut[];
}

/** A few objects per host, none while nobody reads. Each holds the sockets of some readers of both streams. */
export interface FanOutStation {
  /**
   * Handles a WebSocket upgrade request for either stream, with SEAT_HEADER, and SUBSCRIBER_HEADER if the
   * reader's address is counted.
   */
  fetch(request: Request): Promise<Response>;
  /** The same, for a request that is written to the returned socket. Only where `hasPipes`. */
  connect(address: string): Socket;
  /** Takes all events of the host after `after` and up to the last of `events`; without events, up to `after`. */
  deliver(after: number, events: StreamedEvent[]): Promise<FanOutReport>;
  /**
   * Number of readers, and of those that share an address. Includes those on their way: to each of `promised`
   * that has not come yet, its seat is kept.
   */
  seats(
    subscriber: string | null,
    promised: readonly Seat[],
  ): Promise<{ readers: number; ofSubscriber: number }>;
  readers(): Promise<ReaderStatus[]>;
}

/** The name of a sequencer's nth fan-out object. */
export const fanOutName = (sequencer: string, n: number): string => `${sequencer}/${n}`;

/** The name of the sequencer whose fan-out object has a name. */
export const sequencerName = (fanOut: string): string => fanOut.slice(0, fanOut.lastIndexOf("/"));

/**
 * The client address by which readers are counted together, set by the edge; absent where they are not
 * counted. Never taken from a client's own header.
 */
export const SUBSCRIBER_HEADER = "atoll-subscriber";

/** The id of the seat that the sequencer has promised to a reader, set by the edge over a client's own header. */
export const SEAT_HEADER = "atoll-seat";

// ---------------------------------------------------------------------------------------------- appview

/**
 * An act of moderation that views must respect at once. `cid` narrows a label to one version of the record.
 */
export type ModerationAct =
  | { kind: "takedown"; did: Did; uri?: string; blob?: string; applied: boolean; ref?: string | undefined }
  /** All blocked domains, and those that are new, for which posts are looked for. */
  | { kind: "links"; domains: readonly string[]; fresh: readonly string[] }
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

/** The sender of the index's events: the host's own sequencer, or the object that reads other hosts. */
export type EventSource = "host" | "neighbours";

/** The part of the AppView that the sources of events call. A seq is its source's alone; `host` is the default. */
export interface IngestStation {
  /** The last seq of a source that the index knows; 0 before the first. */
  cursor(source?: EventSource): Promise<number>;
  /**
   * Applies events exactly once, in order. Does nothing to the index unless its cursor is `stored` (absent:
   * `after`). Returns the resulting position, from which the sender continues. Events after `after` that
   * change nothing in the index are passed without a write, so its own cursor may trail; a call without
   * events brings it up to `after`. Neighbours' events are verified before, except for what concerns members and
   * names: events of members are passed over, and no handle is believed.
   */
  ingest(
    after: number,
    events: SequencedEvent[],
    stored?: number,
    source?: EventSource,
  ): Promise<IngestReport>;
}

/**
 * The AppView's interface for the sequencer and lifecycle (a WorkerEntrypoint, reached as
 * `ctx.exports.AppView`).
 */
export interface AppViewStation extends IngestStation {
  moderate(acts: ModerationAct[]): Promise<void>;
  /** Goes on with what is left to do in the index, as far as `allowance` goes: large repos, then a rebuild. */
  work(allowance: Allowance): Promise<IndexWork>;
}

/** The limit of a call: the platform bounds the queries of an invocation. */
export interface Allowance {
  /** When it begins nothing new, in ms. */
  until: number;
  /** The statements after which it begins nothing new. */
  statements: number;
}

/**
 * The statements after which a call of the index begins nothing new, by plan: an invocation may send 50 or 1,000, and
 * what is begun may take 35.
 */
export const STATEMENTS: Record<Settings["PLAN"], number> = { free: 10, paid: 900 };

/**
 * The work that is left afterwards. `host`: a rebuild waits for the list of members, which the index does
 * not have.
 */
export type IndexWork = "none" | "more" | "host";

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

// ---------------------------------------------------------------------------------------------- neighbours

/** One object per host. It hears other hosts of which members follow somebody, and hands what is true to the AppView. */
export interface NeighboursStation {
  /** A host says that it has news (com.atproto.sync.requestCrawl): by its name, with a port in local runs. */
  pinged(host: string): Promise<void>;
  /** Has the object look soon whom members follow, and hear who is due. */
  wake(): Promise<void>;
  /** Does so now, and hears everyone, due or not. */
  round(): Promise<NeighboursReport>;
}

/** The work of a round: hosts heard, frames looked at, events handed on and dropped, repos fetched. */
export interface NeighboursReport {
  hosts: number;
  looked: number;
  events: number;
  invalid: number;
  fetched: number;
}

/** The one name of the neighbours object. */
export const NEIGHBOURS_NAME = "host";

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
  /** The rev of each record now; null where there is none. Refuses RepoNotFound. */
  revs(paths: string[]): Promise<(string | null)[]>;
  /** Those of the records that there are, at most 20. Refuses RepoNotFound. */
  recordsAt(paths: string[]): Promise<StoredRecord[]>;
}

// ---------------------------------------------------------------------------------------------- bindings

/**
 * The bindings of a Worker and its objects: settings in their normal form (`configure`), stations, stores.
 */
export interface Bindings<Account = unknown> extends Settings {
  /** The settings that the environment sets; absent where it sets them all (`fixedSettings`). */
  FIXED?: readonly SettingName[];
  /** The resource that runs short today, on the free plan; absent if none does. */
  SHORT?: Shortage;
  ACCOUNT: Objects<Account>;
  SEQUENCER: Objects<SequencerStation>;
  FAN_OUT: Objects<FanOutStation>;
  LABELS: Objects<LabelsStation>;
  NEIGHBOURS_OBJECT: Objects<NeighboursStation>;
  DIRECTORY: D1Database;
  APPVIEW_DB: D1Database;
  /** The bucket of files; without one they are in the accounts' objects (`filesOf`). */
  BLOBS?: R2Bucket | undefined;
  /** A bucket apart for the host's backups, where there is one; otherwise they are in `BLOBS`. */
  BACKUPS?: R2Bucket;
  /** Resizes images, where it is set up; otherwise they are served as uploaded. */
  IMAGES?: ImagesBinding;
  /** Cloudflare's mail sending, where it is set up. */
  EMAIL?: SendEmail;
  /** Local runs only: the outside world (PLC directory, mailbox). */
  OUTSIDE?: { fetch(request: Request): Promise<Response> };
}
