/**
 * A host's firehose (com.atproto.sync.subscribeRepos), decoded and kept, so that a test can wait for an
 * event.
 */
import { readCar } from "../../../src/protocol/car.ts";
import { decode, decodeFirst, decodeToJson } from "../../../src/protocol/cbor.ts";
import { isMap } from "../../../src/protocol/data-model.ts";
import { decodeFrame } from "../../../src/protocol/event-frames.ts";
import type { RepoOp } from "../../../src/protocol/events.ts";
import { TIMEOUT_MS, until, type Wait } from "./waiting.ts";
import { QuietWebSocket } from "./web-socket.ts";

/** One record created, updated or deleted. */
export interface FirehoseOp {
  action: "create" | "update" | "delete";
  collection: string;
  rkey: string;
  /** `at://did/collection/rkey` */
  uri: string;
  /** CID of the record after the operation; null after a deletion. */
  cid: string | null;
  /** CID before the operation, if the record existed. */
  prev?: string;
  /** The record as JSON (links as `{$link}`, bytes as `{$bytes}`); absent after a deletion. */
  record?: Record<string, unknown>;
}

interface EventBase {
  seq: number;
  did: string;
  /** ISO 8601 */
  time: string;
}

/** Records were written. */
export interface FirehoseCommit extends EventBase {
  kind: "commit";
  /** CID of the commit. */
  commit: string;
  rev: string;
  since: string | null;
  prevData?: string;
  ops: FirehoseOp[];
  /** The CAR as received, for tests that verify it. */
  blocks: Uint8Array;
}

/** Consumers must fetch the repo again. */
export interface FirehoseSync extends EventBase {
  kind: "sync";
  rev: string;
  blocks: Uint8Array;
}

/** A handle or a DID document may have changed. */
export interface FirehoseIdentity extends EventBase {
  kind: "identity";
  handle?: string;
}

/** An account's state, on a change. */
export interface FirehoseAccount extends EventBase {
  kind: "account";
  active: boolean;
  status?: "takendown" | "suspended" | "deleted" | "deactivated";
}

export type FirehoseEvent = FirehoseCommit | FirehoseSync | FirehoseIdentity | FirehoseAccount;

export interface FirehoseOptions {
  /** Events after this seq. Default 0: everything since the network began. */
  cursor?: number;
}

const RECONNECT_MS = 20;

export class Firehose implements AsyncIterable<FirehoseEvent>, Disposable {
  /** All events so far. */
  readonly events: FirehoseEvent[] = [];
  readonly #origin: string;
  readonly #changed = new EventTarget();
  /** Number of events that `next` has consumed. */
  #passed = 0;
  #cursor: number;
  #socket: QuietWebSocket | null = null;
  #closed = false;
  #failure: Error | null = null;
  /** Number of the current connection. Messages of older ones are ignored. */
  #connection = 0;

  /** @internal */
  constructor(origin: string, { cursor = 0 }: FirehoseOptions) {
    this.#origin = origin;
    this.#cursor = cursor;
    void this.#connect();
  }

  /**
   * The first matching event, past or future. Rejects after `timeout` ms (5,000).
   * @example await firehose.until((event) => event.kind === "commit" && event.did === alice.did)
   */
  until<Event extends FirehoseEvent>(
    predicate: (event: FirehoseEvent) => event is Event,
    wait?: Wait,
  ): Promise<Event>;
  until(predicate: (event: FirehoseEvent) => boolean, wait?: Wait): Promise<FirehoseEvent>;
  until(predicate: (event: FirehoseEvent) => boolean, wait: Wait = {}): Promise<FirehoseEvent> {
    return this.#wait(() => this.events.find(predicate), wait);
  }

  /** The first matching record operation, past or future. Rejects after `timeout` ms (5,000). */
  async record(predicate: (op: FirehoseOp) => boolean, wait: Wait = {}): Promise<FirehoseOp> {
    return this.#wait(() => {
      for (const event of this.events) {
        const found = event.kind === "commit" ? event.ops.find(predicate) : undefined;
        if (found !== undefined) return found;
      }
      return undefined;
    }, wait);
  }

  /**
   * The event after the one `next` returned last; with a predicate, the next match. Rejects after `timeout`
   * ms (5,000).
   */
  next(predicate: (event: FirehoseEvent) => boolean = () => true, wait: Wait = {}): Promise<FirehoseEvent> {
    return this.#wait(() => {
      const at = this.events.findIndex((event, index) => index >= this.#passed && predicate(event));
      if (at < 0) return undefined;
      this.#passed = at + 1;
      return this.events[at];
    }, wait);
  }

  /** Iterates over all events from the first one on, without end; break out of the loop to stop. */
  async *[Symbol.asyncIterator](): AsyncIterator<FirehoseEvent> {
    for (let at = 0; !this.#closed; at++) {
      yield await until(
        () => this.#at(at),
        this.#changed,
        { timeout: 2 ** 31 - 1 },
        () => "no event came",
      );
    }
  }

  close(): void {
    this.#closed = true;
    this.#connection++;
    this.#socket?.close();
    this.#fail(new Error("the firehose was closed"));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal Starts over after the network was reset. */
  restart(): void {
    if (this.#closed) return;
    this.events.length = 0;
    this.#passed = 0;
    this.#cursor = 0;
    this.#connection++;
    this.#socket?.close();
    void this.#connect();
  }

  #at(index: number): FirehoseEvent | undefined {
    if (this.#failure !== null) throw this.#failure;
    return this.events[index];
  }

  #wait<Found>(find: () => Found | undefined, wait: Wait): Promise<Found> {
    const look = () => {
      const found = find();
      if (found === undefined && this.#failure !== null) throw this.#failure;
      return found;
    };
    return until(look, this.#changed, { timeout: TIMEOUT_MS, ...wait }, () => {
      const last = this.events.slice(-8).map((event) => `  ${describe(event)}`);
      return `no such event among ${this.events.length}. The last ones:\n${last.join("\n") || "  none"}`;
    });
  }

  /** Retries until connected: a killed host comes back. */
  async #connect(): Promise<void> {
    const connection = ++this.#connection;
    const url = `${this.#origin}/xrpc/com.atproto.sync.subscribeRepos?cursor=${this.#cursor}`;
    const handlers = {
      message: (data: Uint8Array) => {
        if (connection === this.#connection) this.#take(data);
      },
      closed: () => {
        if (connection === this.#connection) setTimeout(() => void this.#reconnect(connection), RECONNECT_MS);
      },
    };
    try {
      const socket = await QuietWebSocket.open(url, handlers);
      if (connection === this.#connection) this.#socket = socket;
      else socket.close();
    } catch {
      setTimeout(() => void this.#reconnect(connection), RECONNECT_MS).unref();
    }
  }

  async #reconnect(connection: number): Promise<void> {
    if (!this.#closed && connection === this.#connection) await this.#connect();
  }

  #take(frame: Uint8Array): void {
    try {
      if (isAside(frame)) return;
      const event = withRecords(decodeFrame(frame));
      this.#cursor = event.seq;
      this.events.push(event);
      this.#changed.dispatchEvent(new Event("change"));
    } catch (thrown) {
      this.#fail(
        new Error(`a frame of the firehose could not be read: ${String(thrown)}`, { cause: thrown }),
      );
    }
  }

  #fail(why: Error): void {
    this.#failure ??= why;
    this.#changed.dispatchEvent(new Event("change"));
  }
}

/**
 * Whether to skip the frame: #info only says that older events are gone, because the test moved the clock.
 * Throws the content of an error frame.
 */
function isAside(frame: Uint8Array): boolean {
  const [header, body] = decodeFirst(frame);
  if (!isMap(header)) return false;
  if (header.op === -1) throw new Error(JSON.stringify(decode(body)));
  return header.t === "#info";
}

function withRecords(event: ReturnType<typeof decodeFrame>): FirehoseEvent {
  if (event.kind !== "commit") return event;
  const { blocks } = readCar(event.blocks);
  return { ...event, ops: event.ops.map((op) => withRecord(op, event.did, blocks)) };
}

function withRecord(
  { path, ...op }: RepoOp,
  did: string,
  blocks: ReadonlyMap<string, Uint8Array>,
): FirehoseOp {
  const [collection = "", rkey = ""] = path.split("/");
  const block = op.cid === null ? undefined : blocks.get(op.cid);
  const record = block === undefined ? {} : { record: decodeToJson(block) as Record<string, unknown> };
  return { ...op, collection, rkey, uri: `at://${did}/${path}`, ...record };
}

function describe(event: FirehoseEvent): string {
  const ops =
    event.kind === "commit" ? event.ops.map(({ action, uri }) => ` ${action} ${uri}`).join(",") : "";
  return `#${event.seq} ${event.kind} ${event.did}${ops}`;
}
