/** Events that are sent together, with what is made of them for each format, once for all its readers. */
import type { StreamedEvent } from "../../protocol/events.ts";
import { free } from "../../protocol/memory.ts";
import type { Format, Message } from "./format.ts";
import { encodeMessages } from "./pipe/frames.ts";
import { Told } from "./told.ts";

/** Frames that one reader is sent at once. */
export class Parcel {
  readonly messages: readonly Message[];
  readonly bytes: number;
  #framed: Uint8Array | null = null;

  constructor(messages: readonly Message[]) {
    this.messages = messages;
    this.bytes = messages.reduce((sum, { length }) => sum + length, 0);
  }

  /** The messages as WebSocket frames, one after the other. */
  get framed(): Uint8Array {
    this.#framed ??= encodeMessages(this.messages);
    return this.#framed;
  }

  free(): void {
    if (this.#framed !== null) free(this.#framed);
  }
}

export class Batch {
  readonly #told: Told[];
  readonly #parcels = new Map<string, Parcel>();
  /** The batch has every event up to this seq. */
  readonly last: number;
  /** Bytes of all frames. */
  readonly bytes: number;

  constructor(events: readonly StreamedEvent[], last: number) {
    this.#told = events.map((event) => new Told(event));
    this.last = last;
    this.bytes = events.reduce((sum, { frame }) => sum + frame.length, 0);
  }

  /** The time of its last event on the JSON stream; 0 without events. */
  get us(): number {
    return this.#told.at(-1)?.us ?? 0;
  }

  /** The messages of the events after `after`. */
  parcel(format: Format, after: number): Parcel {
    const from = this.#told.findIndex(({ seq }) => seq > after);
    const key = `${from} ${format.key}`;
    const known = this.#parcels.get(key);
    if (known !== undefined) return known;
    const told = from === -1 ? [] : this.#told.slice(from);
    const parcel = new Parcel(told.flatMap((each) => format.messages(each)));
    this.#parcels.set(key, parcel);
    return parcel;
  }

  /** Frees the frames. Nothing may be asked of the batch afterwards; what is on its way to readers goes on. */
  free(): void {
    for (const { frame } of this.#told) free(frame);
    for (const parcel of this.#parcels.values()) parcel.free();
  }
}
