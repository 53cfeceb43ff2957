/** An event on its way to the readers, decoded at most once, and only if a reader of the JSON stream is there. */
import type { StreamedEvent } from "../../protocol/events.ts";
import { logLine, messageOf } from "../../protocol/log-line.ts";
import type { Entry } from "./json/entries.ts";
import { entriesOf } from "./json/entries.ts";

export class Told implements StreamedEvent {
  readonly seq: number;
  readonly us: number;
  readonly frame: Uint8Array;
  #entries: Entry[] | null = null;

  constructor({ seq, us, frame }: StreamedEvent) {
    this.seq = seq;
    this.us = us;
    this.frame = frame;
  }

  /** An event that cannot be decoded has none. */
  get entries(): Entry[] {
    this.#entries ??= this.#decode();
    return this.#entries;
  }

  #decode(): Entry[] {
    try {
      return entriesOf(this);
    } catch (thrown) {
      const fields = { seq: this.seq, error: messageOf(thrown) };
      logLine("error", "sequencer.json", { message: "an event has no JSON", ...fields });
      return [];
    }
  }
}
