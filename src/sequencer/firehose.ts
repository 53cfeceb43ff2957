/**
 * `com.atproto.sync.subscribeRepos`: the sockets. A consumer is *live* (it receives every new event in the
 * turn that appends it) or *replaying* (it receives the window page by page, paced). It turns live in the
 * same synchronous turn in which a read finds nothing after its position, so there is neither gap nor repeat
 * at the seam, however many events arrive.
 *
 * Sockets hibernate, so what must survive is in their attachment: `after`, the seq that a replay has reached,
 * or null when live. The output gate holds every message until the events in it are durable.
 */
import { encodeErrorFrame, encodeInfoFrame } from "../protocol/event-frames.ts";
import type { SequencedEvent } from "../protocol/events.ts";
import { SUBSCRIBER_HEADER } from "../protocol/stations.ts";
import type { PaceLimits } from "./pace.ts";
import { allowance, Bucket, Debt } from "./pace.ts";
import { refuseSubscription } from "../protocol/object/web-socket.ts";
import type { EventWindow } from "./window.ts";

export interface FirehoseLimits extends PaceLimits {
  /** Most sockets at once. */
  sockets: number;
  /** Most sockets of one address, so that no single subscriber crowds out the relays. */
  socketsOfOne: number;
  /** Milliseconds between two rounds of paced sending. */
  round: number;
  /** Milliseconds after which a closed socket that has not answered counts as one that never reads. */
  patience: number;
}

interface Consumer {
  socket: WebSocket;
  /** The seq that its replay has reached; null when live. */
  after: number | null;
  rate: Bucket;
  debt: Debt;
}

/** A socket that was told to close and has not answered. Its bytes may still be held in memory. */
interface Parting {
  bytes: number;
  since: number;
}

/** Rows read at a time for one consumer. */
const PAGE = 256;
/** A replay continues when its bucket holds this: small sends cost more in bookkeeping than in bytes. */
const QUANTUM = 65_536;
/** Bytes of debt from which a connection counts among those that share the pool. */
const INDEBTED = 262_144;

const FUTURE_CURSOR = "Cursor in the future.";
const OUTDATED_CURSOR = "Requested cursor exceeded limit. Possibly missing events";
const TOO_SLOW = "More was sent than can be held for a slow consumer: reconnect with your cursor to go on";
const OVERTAKEN = "The events you were to be sent next have left the window";

export class Firehose {
  readonly #state: DurableObjectState;
  readonly #window: EventWindow;
  readonly #limits: FirehoseLimits;
  readonly #total: Bucket;
  readonly #consumers = new Map<WebSocket, Consumer>();
  readonly #parting = new Map<WebSocket, Parting>();
  /** The replaying consumers; the first is served next. */
  readonly #queue: Consumer[] = [];
  #rounds: ReturnType<typeof setTimeout> | null = null;

  constructor(state: DurableObjectState, window: EventWindow, limits: FirehoseLimits) {
    this.#state = state;
    this.#window = window;
    this.#limits = limits;
    this.#total = new Bucket(limits.totalRate, Math.max(limits.burst, limits.totalRate / 20), Date.now());
    for (const socket of state.getWebSockets()) {
      if (socket.readyState !== WebSocket.OPEN) continue;
      const attachment: unknown = socket.deserializeAttachment();
      const consumer = this.#enrol(socket, typeof attachment === "number" ? attachment : null);
      if (consumer.after !== null) this.#queue.push(consumer);
    }
  }

  get subscribers(): number {
    return this.#consumers.size;
  }

  /** Whether any consumer is still replaying, or may yet answer a close. */
  get busy(): boolean {
    if (this.#queue.length > 0) return true;
    const patient = Date.now() - this.#limits.patience;
    return [...this.#parting.values()].some(({ since }) => since > patient);
  }

  /**
   * Answers a subscribeRepos request. Refuses before the upgrade: 426 for a plain request, 429
   * RateLimitExceeded when there is no room. Refuses after it by a frame, then close 1008: InvalidRequest for a
   * cursor that is not an integer, FutureCursor.
   */
  accept(request: Request): Response {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return refuse(426, "InvalidRequest", "A subscription is reached by WebSocket", {
        upgrade: "websocket",
      });
    }
    const asked = new URL(request.url).searchParams.get("cursor");
    const cursor = asked === null ? null : Number(asked);
    if (cursor !== null && !(/^-?\d+$/.test(asked ?? "") && Number.isSafeInteger(cursor))) {
      return refuseSubscription("InvalidRequest", "cursor must be an integer");
    }
    const { head } = this.#window;
    // A host without events has no future: cursors are of its earlier life.
    if (cursor !== null && head > 0 && cursor > head) {
      return refuseSubscription("FutureCursor", FUTURE_CURSOR);
    }
    if (this.#consumers.size >= this.#limits.sockets) {
      return refuse(429, "RateLimitExceeded", "Too many subscribers");
    }
    const subscriber = request.headers.get(SUBSCRIBER_HEADER) ?? "";
    if (subscriber !== "" && this.#openOf(subscriber) >= this.#limits.socketsOfOne) {
      return refuse(429, "RateLimitExceeded", "Too many subscriptions from this address");
    }
    const { 0: client, 1: socket } = new WebSocketPair();
    this.#state.acceptWebSocket(socket, subscriber === "" ? [] : [subscriber]);
    this.#open(socket, cursor === null ? null : Math.min(cursor, head));
    return new Response(null, { status: 101, webSocket: client });
  }

  /**
   * Number of open sockets of one address, found by their tags, which survive hibernation. A socket that was
   * cut but is not gone yet does not count.
   */
  #openOf(subscriber: string): number {
    return this.#state.getWebSockets(subscriber).filter((socket) => this.#consumers.has(socket)).length;
  }

  #open(socket: WebSocket, cursor: number | null): void {
    const { pruned } = this.#window;
    const start = cursor === null ? null : Math.max(cursor, pruned, 0);
    if (cursor !== null && cursor < pruned) socket.send(encodeInfoFrame("OutdatedCursor", OUTDATED_CURSOR));
    const consumer = this.#enrol(socket, start);
    socket.serializeAttachment(consumer.after);
    this.#serve(consumer, Date.now(), this.#limits.burst);
    if (consumer.after !== null) this.#queue.push(consumer);
    this.resume();
  }

  #enrol(socket: WebSocket, after: number | null): Consumer {
    const now = Date.now();
    const { socketRate, burst, drainRate } = this.#limits;
    const consumer = {
      socket,
      after,
      rate: new Bucket(socketRate, Math.max(burst, QUANTUM), now),
      debt: new Debt(drainRate, now),
    };
    this.#consumers.set(socket, consumer);
    return consumer;
  }

  /** Sends new events to all live consumers. Must be called in the turn that appended them. */
  broadcast(events: readonly SequencedEvent[]): void {
    if (events.length === 0 || this.#consumers.size === 0) return;
    const now = Date.now();
    let bytes = 0;
    for (const event of events) bytes += event.frame.length;
    for (const consumer of this.#consumers.values()) {
      if (consumer.after !== null) continue;
      for (const event of events) this.#send(consumer, event.frame);
      const debt = consumer.debt.add(bytes, now);
      if (debt > this.#limits.debtFloor && debt > this.#allowance(now)) this.#cut(consumer, TOO_SLOW);
    }
  }

  /** Continues the replays, in rounds, until none is left. */
  resume(): void {
    if (this.#rounds !== null || this.#queue.length === 0) return;
    this.#rounds = setTimeout(() => {
      this.#rounds = null;
      this.#round();
      this.resume();
    }, this.#limits.round);
  }

  /** One round: serves each replaying consumer in turn, as far as its own rate and the total rate allow. */
  #round(): void {
    const now = Date.now();
    const most = this.#allowance(now);
    for (let left = this.#queue.length; left > 0; left--) {
      const budget = this.#total.level(now);
      if (budget <= 0) return;
      const consumer = this.#queue.shift();
      if (consumer === undefined) return;
      // The consumer may have gone, or turned live, since it was queued.
      if (this.#consumers.get(consumer.socket) !== consumer || consumer.after === null) continue;
      this.#queue.push(consumer);
      if (consumer.rate.level(now) < QUANTUM) continue;
      this.#serve(consumer, now, Math.min(consumer.rate.level(now), Math.max(budget, QUANTUM)));
      if (consumer.debt.at(now) > most) this.#cut(consumer, TOO_SLOW);
    }
  }

  /** Sends one page of about `budget` bytes, and turns the consumer live if that was the last. */
  #serve(consumer: Consumer, now: number, budget: number): void {
    if (consumer.after === null) return;
    if (consumer.after < this.#window.pruned) return this.#cut(consumer, OVERTAKEN);
    let sent = 0;
    for (const event of this.#window.after(consumer.after, PAGE)) {
      if (!this.#send(consumer, event.frame)) return;
      consumer.after = event.seq;
      sent += event.frame.length;
      if (sent >= budget) break;
    }
    consumer.rate.take(sent);
    this.#total.take(sent);
    consumer.debt.add(sent, now);
    if (!this.#window.hasAfter(consumer.after)) consumer.after = null;
    consumer.socket.serializeAttachment(consumer.after);
  }

  #send(consumer: Consumer, frame: Uint8Array): boolean {
    try {
      consumer.socket.send(frame);
      return true;
    } catch {
      // The socket closed, and its close event is on the way.
      this.#consumers.delete(consumer.socket);
      return false;
    }
  }

  #cut(consumer: Consumer, why: string): void {
    const now = Date.now();
    if (!this.#send(consumer, encodeErrorFrame("ConsumerTooSlow", why))) return;
    this.#consumers.delete(consumer.socket);
    this.#parting.set(consumer.socket, { bytes: consumer.debt.at(now), since: now });
    consumer.socket.close(1008, "ConsumerTooSlow");
  }

  /** Must be called when a socket is closed on both sides, or broken. Whatever was held for it is free. */
  closed(socket: WebSocket): void {
    this.#consumers.delete(socket);
    this.#parting.delete(socket);
  }

  /**
   * Whether sockets that were cut, and have not answered in time, hold more than the pool. They do not read,
   * and closing them freed nothing. Only a restart of the object drops their connections, and with them all
   * others, which come back with their cursors, as after a deploy.
   */
  get clogged(): boolean {
    const now = Date.now();
    let stuck = 0;
    for (const { bytes, since } of this.#parting.values()) {
      if (now - since >= this.#limits.patience) stuck += bytes;
    }
    return stuck > this.#limits.debtPool;
  }

  #allowance(now: number): number {
    let indebted = 0;
    for (const { debt } of this.#consumers.values()) if (debt.at(now) >= INDEBTED) indebted++;
    let stuck = 0;
    for (const { bytes } of this.#parting.values()) stuck += bytes;
    return allowance(this.#limits, indebted, stuck);
  }
}

function refuse(
  status: number,
  error: string,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return Response.json({ error, message }, { status, headers });
}
