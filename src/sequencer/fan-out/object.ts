/**
 * A fan-out object: holds the sockets of some readers, so that the sequencer holds none. `readers.ts` serves
 * them; this file connects and disconnects them. Where the runtime has pipes, a reader sits at the end of one;
 * elsewhere on a socket that hibernates, so that the object sleeps while nothing happens.
 */
import { DurableObject } from "cloudflare:workers";
import { encodeErrorFrame, encodeInfoFrame } from "../../protocol/event-frames.ts";
import type { StreamedEvent } from "../../protocol/events.ts";
import { logLine } from "../../protocol/log-line.ts";
import { configure } from "../../protocol/settings/configured.ts";
import { must } from "../../protocol/refusal.ts";
import type {
  Bindings,
  FanOutReport,
  FanOutStation,
  ReaderStatus,
  Seat,
  SequencerStation,
} from "../../protocol/stations.ts";
import { SEAT_HEADER, SUBSCRIBER_HEADER, sequencerName } from "../../protocol/stations.ts";
import { POLICY, answerClose, refuseSubscription } from "../../protocol/object/web-socket.ts";
import { Parcel } from "./batch.ts";
import type { Unfit } from "./admission.ts";
import { jsonPlace, readRequest, reposPlace } from "./admission.ts";
import { KeptPlaces } from "./kept-places.ts";
import { DEFAULT_SOCKETS, type SocketLimits } from "./pace.ts";
import { Pages } from "./pages.ts";
import { Pipe } from "./pipe/pipe.ts";
import { PipeOutlet } from "./pipe/pipe-outlet.ts";
import type { Place } from "./reader.ts";
import { Reader } from "./reader.ts";
import { Readers } from "./readers.ts";
import { SocketPool } from "./socket-pool.ts";

const OUTDATED_CURSOR = "Requested cursor exceeded limit. Possibly missing events";

export interface FanOutLimits {
  sockets: SocketLimits;
  /** Bytes of replays a second, of all readers together. */
  pages: number;
  /** Milliseconds after which a reader at a pipe that takes nothing is cut. */
  silence: number;
}

export const DEFAULT_FAN_OUT: FanOutLimits = {
  sockets: DEFAULT_SOCKETS,
  pages: 128_000_000,
  silence: 30_000,
};

/** A request that may be connected. */
interface Admitted {
  place: Place;
  isOutdated: boolean;
  /** Newest seq of the host. */
  head: number;
}

export class FanOutObject extends DurableObject<Bindings> implements Omit<FanOutStation, "connect"> {
  readonly #places: KeptPlaces;
  readonly #pool: SocketPool;
  readonly #pages: Pages;
  readonly #readers: Readers;
  readonly #bySocket = new Map<WebSocket, Reader>();
  /** The seats of readers that are about to be added. */
  readonly #arriving = new Set<Seat>();

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, configure(env).bindings);
    this.#places = new KeptPlaces(ctx.storage);
    this.#pool = new SocketPool(
      () => this.limits().sockets,
      () => this.#restart(),
    );
    this.#pages = new Pages(() => this.#sequencer());
    this.#readers = new Readers(this.#pages, () => this.limits().pages);
    this.#wakeReaders();
  }

  /** The limits of this object, asked for whenever one is needed. */
  protected limits(): FanOutLimits {
    return DEFAULT_FAN_OUT;
  }

  /** Known to every call but an alarm, and there is none. */
  get #name(): string {
    return must(this.ctx.id.name, "name of a fan-out object");
  }

  #sequencer(): SequencerStation {
    return this.env.SEQUENCER.getByName(sequencerName(this.#name));
  }

  /** Takes over the sockets that slept. */
  #wakeReaders(): void {
    const sockets = this.ctx.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN);
    for (const [socket, place] of this.#places.restore(sockets)) {
      const [subscriber = null] = this.ctx.getTags(socket);
      this.#readers.restore(this.#seatAtSocket(socket, { id: null, subscriber }, place));
    }
    if (sockets.length > 0) setTimeout(() => this.#readers.lookAround(), 0);
  }

  #seatAtSocket(socket: WebSocket, seat: Seat, place: Place): Reader {
    const keep = (next: Place) => this.#places.keep(socket, next);
    const reader = new Reader(this.#pool.take(socket), seat, place, keep);
    this.#bySocket.set(socket, reader);
    return reader;
  }

  /** Drops every connection. */
  #restart(): void {
    const message = "consumers that never read hold too much: restarting";
    logLine("warn", "sequencer.fan-out", { message });
    this.ctx.abort(message);
  }

  // ------------------------------------------------------------------------------------------ the sequencer

  async deliver(after: number, events: StreamedEvent[]): Promise<FanOutReport> {
    return this.#readers.deliver(after, events);
  }

  /** @param promised absent from a sequencer of an earlier version, during a deploy */
  async seats(
    subscriber: string | null,
    promised: readonly Seat[] = [],
  ): Promise<{ readers: number; ofSubscriber: number }> {
    const here = [...[...this.#readers].map(({ seat }) => seat), ...this.#arriving];
    const known = new Set(here.map(({ id }) => id));
    const all = [...here, ...promised.filter(({ id }) => !known.has(id))];
    const same = all.filter((seat) => seat.subscriber !== null && seat.subscriber === subscriber);
    return { readers: all.length, ofSubscriber: same.length };
  }

  async readers(): Promise<ReaderStatus[]> {
    const now = Date.now();
    return [...this.#readers].map((reader) => reader.status(now));
  }

  // -------------------------------------------------------------------------------------------- admission

  /** Counts a reader from now on: until `connected` has added it, or has not. */
  async #arrive<Result>(request: Request, connected: (seat: Seat) => Promise<Result>): Promise<Result> {
    const { headers } = request;
    const seat = { id: headers.get(SEAT_HEADER), subscriber: headers.get(SUBSCRIBER_HEADER) };
    this.#arriving.add(seat);
    try {
      return await connected(seat);
    } finally {
      this.#arriving.delete(seat);
    }
  }

  async #admit(request: Request, seat: Seat): Promise<Admitted | Unfit> {
    const asked = readRequest(request);
    if ("by" in asked) return asked;
    const us = asked.json === null ? null : asked.cursor;
    const edges = await this.#sequencer().listen(this.#name, seat.id, us);
    this.#pages.heed(edges);
    const { head } = edges;
    if (asked.json !== null) return { place: jsonPlace(asked, edges), isOutdated: false, head };
    const found = reposPlace(asked.cursor, edges);
    return "by" in found ? found : { ...found, head };
  }

  #begin(reader: Reader, { isOutdated, head }: Admitted): void {
    if (isOutdated) {
      const info = new Parcel([encodeInfoFrame("OutdatedCursor", OUTDATED_CURSOR)]);
      reader.outlet.send(info, Date.now());
    }
    this.#readers.add(reader, head);
  }

  // ---------------------------------------------------------------------------------- sockets that hibernate

  override fetch(request: Request): Promise<Response> {
    return this.#arrive(request, (seat) => this.#connectSocket(request, seat));
  }

  async #connectSocket(request: Request, seat: Seat): Promise<Response> {
    const admitted = await this.#admit(request, seat);
    if ("by" in admitted) {
      return admitted.by === "http"
        ? admitted.response
        : refuseSubscription(admitted.error, admitted.message);
    }
    const { 0: client, 1: socket } = new WebSocketPair();
    this.ctx.acceptWebSocket(socket, seat.subscriber === null ? [] : [seat.subscriber]);
    this.#begin(this.#seatAtSocket(socket, seat, admitted.place), admitted);
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const reader = this.#bySocket.get(socket);
    if (reader !== undefined && typeof message === "string") await this.#hear(reader, message);
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    answerClose(socket, code, reason);
    this.#disconnect(socket);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    this.#disconnect(socket);
  }

  #disconnect(socket: WebSocket): void {
    const reader = this.#bySocket.get(socket);
    if (reader !== undefined) this.#readers.remove(reader);
    this.#bySocket.delete(socket);
    this.#places.forget(socket);
    this.#pool.closed(socket);
  }

  // ------------------------------------------------------------------------------------------------- pipes

  /** Receives the other end of the socket that a stub's `connect` returns. */
  override async connect(socket: Socket): Promise<void> {
    const pipe = await Pipe.open(socket);
    if (pipe === null) return;
    const reader = await this.#arrive(pipe.request, (seat) => this.#connectPipe(pipe, seat));
    if ("by" in reader) return refuse(pipe, reader);
    for await (const message of pipe.messages()) await this.#hear(reader, message);
    this.#readers.remove(reader);
  }

  async #connectPipe(pipe: Pipe, seat: Seat): Promise<Reader | Unfit> {
    const admitted = await this.#admit(pipe.request, seat);
    if ("by" in admitted) return admitted;
    await pipe.upgrade();
    const outlet = new PipeOutlet(pipe, () => this.limits().silence);
    const reader = new Reader(outlet, seat, admitted.place, () => {});
    this.#begin(reader, admitted);
    return reader;
  }

  // ---------------------------------------------------------------------------------------------- messages

  /** Takes what a reader says. A reader of the firehose has nothing to say, and is ignored, as by the reference. */
  async #hear(reader: Reader, message: string): Promise<void> {
    const heard = reader.hear(message, Date.now());
    if (heard === null) return;
    if ("code" in heard) {
      this.#readers.remove(reader);
      return reader.outlet.end(heard.code, heard.reason, null);
    }
    const head = this.#readers.head ?? (await this.#sequencer().status()).seq;
    reader.choose(heard.options, head);
    this.#readers.greet(reader);
  }
}

async function refuse(pipe: Pipe, unfit: Unfit): Promise<void> {
  if (unfit.by === "http") return pipe.refuse(unfit.response);
  await pipe.upgrade();
  pipe.end(POLICY, unfit.error, encodeErrorFrame(unfit.error, unfit.message));
  for await (const _ of pipe.messages());
}
