/** One reader of a stream. All that must outlive the object's sleep is in its place. */
import { isRefusal } from "../../protocol/refusal.ts";
import type { ReaderStatus, Seat } from "../../protocol/stations.ts";
import { POLICY } from "../../protocol/object/web-socket.ts";
import type { Batch } from "./batch.ts";
import type { Format } from "./format.ts";
import { REPOS_FORMAT } from "./format.ts";
import { JsonFormat } from "./json/format.ts";
import { BadMessage, type JsonOptions, updatedOptions } from "./json/options.ts";
import type { Outlet } from "./outlet.ts";
import { Bucket } from "./pace.ts";

/** The close code for a message that cannot be read (RFC 6455, section 7.4.1). */
const UNREADABLE = 1007;
/** Characters that a reader may say at once, and in a second. */
const MESSAGE_LENGTH = 1_100_000;
const MESSAGE_RATE = 100_000;
/** Most bytes of a close reason. */
const REASON_BYTES = 123;

/** How far a reader is. */
export interface Place {
  /** The last seq that it was sent; null: it begins with what is new when it says its hello. */
  seq: number | null;
  /** Of the JSON stream's readers. */
  json: JsonPlace | null;
}

export interface JsonPlace {
  options: JsonOptions;
  /** The cursor that it came with, until it is passed; else 0. */
  afterUs: number;
  /** Whether it is sent nothing before its first options message. */
  awaitsHello: boolean;
}

/** A reader's message: other options, or something for which it is disconnected. */
export type Heard = { options: JsonOptions } | { code: number; reason: string };

export class Reader {
  readonly outlet: Outlet;
  readonly seat: Seat;
  readonly #keep: (place: Place) => void;
  readonly #speech = new Bucket(MESSAGE_RATE, MESSAGE_LENGTH, Date.now());
  #place: Place;
  #format: Format;

  /** @param keep called with each new place, so that it outlives the object's sleep */
  constructor(outlet: Outlet, seat: Seat, place: Place, keep: (place: Place) => void) {
    this.outlet = outlet;
    this.seat = seat;
    this.#keep = keep;
    this.#place = place;
    this.#format = formatOf(place);
    keep(place);
  }

  get seq(): number | null {
    return this.#place.seq;
  }

  get format(): Format {
    return this.#format;
  }

  get awaitsHello(): boolean {
    return this.#place.json?.awaitsHello ?? false;
  }

  /** Sends the batch's events after the reader's seq. The batch must follow it without a gap. */
  take(batch: Batch, now: number): void {
    const { seq, json } = this.#place;
    if (seq === null || batch.last <= seq) return;
    const parcel = batch.parcel(this.#format, seq);
    if (parcel.messages.length > 0) this.outlet.send(parcel, now);
    const hasPassed = json !== null && json.afterUs > 0 && batch.us > json.afterUs;
    this.#move({ seq: batch.last, json: hasPassed ? { ...json, afterUs: 0 } : json });
  }

  /** Reads a message. Null: it says nothing that changes anything. `now` is in ms. */
  hear(message: string, now: number): Heard | null {
    if (this.#place.json === null) return null;
    if (message.length > this.#speech.level(now))
      return { code: POLICY, reason: "more messages than are read" };
    this.#speech.take(message.length);
    try {
      const options = updatedOptions(message);
      return options === null ? null : { options };
    } catch (thrown) {
      if (thrown instanceof BadMessage) return { code: UNREADABLE, reason: thrown.message };
      if (!isRefusal(thrown)) throw thrown;
      return { code: POLICY, reason: shortened(thrown.message) };
    }
  }

  /** Changes what a reader of the JSON stream asks for. Its first message is its hello. */
  choose(options: JsonOptions, seq: number): void {
    const { json } = this.#place;
    if (json === null) return;
    this.#move({ seq: this.#place.seq ?? seq, json: { ...json, options, awaitsHello: false } });
  }

  #move(place: Place): void {
    if (place.json !== this.#place.json) this.#format = formatOf(place);
    this.#place = place;
    this.#keep(place);
  }

  status(now: number): ReaderStatus {
    return { kind: this.#format.kind, seq: this.#place.seq, unread: this.outlet.unread(now) };
  }
}

/** A character has at most three bytes for each UTF-16 unit. */
const shortened = (reason: string): string => reason.slice(0, Math.floor(REASON_BYTES / 3));

const formatOf = ({ json }: Place): Format =>
  json === null ? REPOS_FORMAT : new JsonFormat(json.options, json.afterUs);
