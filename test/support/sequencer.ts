/** A sequencer to test, entries to append, a consumer, and an AppView double for the one foreign boundary. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Did } from "@atcute/lexicons";
import { writeCar } from "../../src/protocol/car.ts";
import { decode, decodeFirst, encode } from "../../src/protocol/cbor.ts";
import { cidOfCbor } from "../../src/protocol/cid.ts";
import { isMap, jsonToLex } from "../../src/protocol/data-model.ts";
import {
  decodeFrame,
  encodeAccountEntry,
  encodeCommitEntry,
  encodeIdentityEntry,
} from "../../src/protocol/event-frames.ts";
import type {
  AccountStatus,
  LogEntry,
  RepoEvent,
  RepoOp,
  SequencedEvent,
} from "../../src/protocol/events.ts";
import { must } from "../../src/protocol/refusal.ts";
import type { IngestStation, Bindings } from "../../src/protocol/stations.ts";
import { DEFAULT_FAN_OUT, type FanOutLimits, type FanOutObject } from "../../src/sequencer/fan-out/object.ts";
import type { SocketLimits } from "../../src/sequencer/fan-out/pace.ts";
import type { SequencerObject } from "../../src/sequencer/object.ts";

export const bindings: Bindings = env as never;
export const namespace: DurableObjectNamespace<SequencerObject> = bindings.SEQUENCER as never;
const fanOuts: DurableObjectNamespace<FanOutObject> = bindings.FAN_OUT as never;
export type Stub = DurableObjectStub<SequencerObject>;
export type FanOutStub = DurableObjectStub<FanOutObject>;

let made = 0;

/** A new sequencer that numbers from 1. Its AppView is replaced before the first call. */
export async function newSequencer(appview: IngestStation | null = null): Promise<Stub> {
  const stub = namespace.getByName(`sequencer-${++made}`);
  await runInDurableObject(stub, (instance) => {
    Object.defineProperty(instance, "firstSeq", { value: () => 1, configurable: true });
  });
  await withAppView(stub, appview);
  return stub;
}

/** The same object after a crash, through a stub that the crash did not break. */
export const revived = (stub: Stub): Stub => namespace.get(stub.id);
export const revivedFanOut = (stub: FanOutStub): FanOutStub => fanOuts.getByName(must(stub.name, "name"));

/** Replaces the AppView of the running instance. An eviction undoes it. */
export async function withAppView(stub: Stub, appview: IngestStation | null): Promise<void> {
  await runInDurableObject(stub, (instance) => {
    Object.defineProperty(instance, "appview", { value: () => appview, configurable: true });
  });
}

export const did = (name: string): Did => `did:plc:${name}`;

const TIME = "2026-01-01T00:00:00.000Z";

export function identity(position: number, who: Did = did("alice"), handle = "alice.test"): LogEntry {
  const encoded = encodeIdentityEntry({ did: who, time: TIME, handle: handle as never });
  return { position, kind: "identity", rev: null, head: null, status: null, ...encoded };
}

export function identities(from: number, to: number, who: Did = did("alice")): LogEntry[] {
  return Array.from({ length: to - from + 1 }, (_, index) => identity(from + index, who));
}

export function account(position: number, who: Did, status: AccountStatus): LogEntry {
  const encoded = encodeAccountEntry({
    did: who,
    time: TIME,
    active: status === "active",
    ...(status === "active" ? {} : { status }),
  });
  return { position, kind: "account", rev: null, head: null, status, ...encoded };
}

/** A commit that writes records, or deletes (null), by path. */
export function commit(
  position: number,
  writes: Record<string, Record<string, unknown> | null>,
  who: Did = did("alice"),
): LogEntry {
  const blocks = Object.values(writes)
    .filter((record) => record !== null)
    .map((record) => encode(jsonToLex(record)))
    .map((bytes) => ({ cid: cidOfCbor(bytes), bytes }));
  const ops = Object.entries(writes).map(([path, record]): RepoOp => {
    if (record === null) return { action: "delete", path, cid: null };
    return { action: "create", path, cid: cidOfCbor(encode(jsonToLex(record))) };
  });
  const head = cidOfCbor(encode({ position }));
  const rev = `3l${String(position).padStart(11, "2")}`;
  const root = { cid: head, bytes: encode({ position }) };
  const encoded = encodeCommitEntry({
    did: who,
    time: TIME,
    commit: head,
    rev,
    since: null,
    ops,
    blocks: writeCar([head], [root, ...blocks]),
  });
  return { position, kind: "commit", rev, head, status: null, ...encoded };
}

/** An entry whose frame is at least `bytes` long. */
export function heavy(position: number, bytes: number, who: Did = did("alice")): LogEntry {
  return identity(position, who, `${"a".repeat(bytes)}.test`);
}

/** An AppView that keeps the events it gets, and fails on demand. */
export class AppViewDouble implements IngestStation {
  at = 0;
  failing: string | null = null;
  /** Answers wait for this promise. */
  held: Promise<void> | null = null;
  readonly taken: SequencedEvent[] = [];
  flights = 0;
  flying = 0;
  mostFlying = 0;

  async cursor(): Promise<number> {
    if (this.failing !== null) throw new Error(this.failing);
    return this.at;
  }

  async ingest(after: number, events: SequencedEvent[]): Promise<{ cursor: number }> {
    this.flights += 1;
    this.flying += 1;
    this.mostFlying = Math.max(this.mostFlying, this.flying);
    try {
      await (this.held ?? scheduler.wait(1));
      if (this.failing !== null) throw new Error(this.failing);
      if (after === this.at) {
        this.taken.push(...events);
        this.at = events.at(-1)?.seq ?? this.at;
      }
      return { cursor: this.at };
    } finally {
      this.flying -= 1;
    }
  }

  get seqs(): number[] {
    return this.taken.map((event) => event.seq);
  }
}

const textOf = (value: unknown) => (typeof value === "string" ? value : "not a string");

/** A firehose consumer. */
export class Consumer {
  readonly events: RepoEvent[] = [];
  /** `#info` names and error names, in order of arrival. */
  readonly notes: string[] = [];
  closed: { code: number; reason: string } | null = null;
  bytes = 0;
  readonly socket: WebSocket;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => {
      if (data instanceof ArrayBuffer) this.#take(new Uint8Array(data));
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason };
    });
    socket.accept();
  }

  #take(frame: Uint8Array): void {
    this.bytes += frame.length;
    const [header, rest] = decodeFirst(frame);
    const body = decode(rest);
    if (!isMap(header) || !isMap(body)) throw new Error("not a frame");
    if (header["op"] === -1) this.notes.push(textOf(body["error"]));
    else if (header["t"] === "#info") this.notes.push(textOf(body["name"]));
    else this.events.push(decodeFrame(frame));
  }

  get seqs(): number[] {
    return this.events.map((event) => event.seq);
  }
}

export const subscription = (cursor?: number | string): Request =>
  new Request(
    `http://host.test/xrpc/com.atproto.sync.subscribeRepos${cursor === undefined ? "" : `?cursor=${cursor}`}`,
    { headers: { upgrade: "websocket" } },
  );

/** The fan-out object at which the sequencer seats the next reader. */
export async function seatAt(sequencer: Stub, subscriber: string | null = null): Promise<FanOutStub> {
  return fanOuts.getByName(await sequencer.seat(subscriber, crypto.randomUUID()));
}

/** Changes the limits of a running instance. An eviction undoes it. */
export async function limitFanOut(
  stub: FanOutStub,
  sockets: Partial<SocketLimits>,
  limits: Partial<FanOutLimits> = {},
): Promise<void> {
  const value = () => ({
    ...DEFAULT_FAN_OUT,
    ...limits,
    sockets: { ...DEFAULT_FAN_OUT.sockets, ...sockets },
  });
  await runInDurableObject(stub, (instance) => {
    Object.defineProperty(instance, "limits", { value, configurable: true });
  });
}

export async function subscribe(sequencer: Stub, cursor?: number | string): Promise<Consumer> {
  return join(await seatAt(sequencer), cursor);
}

/** Subscribes at a certain fan-out object. */
export async function join(fanOut: FanOutStub, cursor?: number | string): Promise<Consumer> {
  const response = await fanOut.fetch(subscription(cursor));
  return new Consumer(must(response.webSocket, `socket (status ${response.status})`));
}

export const countReaders = async (fanOut: FanOutStub): Promise<number> =>
  (await fanOut.seats(null, [])).readers;

/** An entry of the JSON stream. */
export interface JsonEntry {
  did: string;
  time_us: number;
  kind: string;
  commit?: {
    operation: string;
    collection: string;
    rkey: string;
    rev: string;
    record?: Record<string, unknown>;
    cid?: string;
  };
  identity?: Record<string, unknown>;
  account?: Record<string, unknown>;
}

/** A reader of the JSON stream. */
export class JsonReader {
  readonly entries: JsonEntry[] = [];
  readonly texts: string[] = [];
  closed: { code: number; reason: string } | null = null;
  readonly socket: WebSocket;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (typeof data !== "string") throw new Error("a binary message");
      this.texts.push(data);
      this.entries.push(JSON.parse(data) as JsonEntry);
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason };
    });
    socket.accept();
  }

  /** The rkeys of the commits. */
  get rkeys(): string[] {
    return this.entries.flatMap(({ commit }) => (commit === undefined ? [] : [commit.rkey]));
  }

  update(payload: Record<string, unknown>): void {
    this.socket.send(JSON.stringify({ type: "options_update", payload }));
  }
}

export const jsonSubscription = (query: string, headers: Record<string, string> = {}): Request =>
  new Request(`http://host.test/subscribe?${query}`, { headers: { upgrade: "websocket", ...headers } });

export async function readJson(fanOut: FanOutStub, query = ""): Promise<JsonReader> {
  const response = await fanOut.fetch(jsonSubscription(query));
  return new JsonReader(must(response.webSocket, `socket (status ${response.status})`));
}

/** Waits until `done`, for `ms` at most. If time runs out, the caller's expectations report what is wrong. */
export async function until(done: () => boolean | Promise<boolean>, ms = 8000): Promise<void> {
  for (const end = Date.now() + ms; Date.now() < end;) {
    if (await done()) return;
    await scheduler.wait(5);
  }
}

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
