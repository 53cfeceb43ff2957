/**
 * The readers of one fan-out object. Each carries the seq that it was sent last. A batch of new events goes at
 * once to every reader that stands at the batch's beginning; any other is *behind*, and is sent pages of the
 * window until it has caught up. A reader is sent only what follows its own seq, in whatever order batches and
 * pages arrive, and whoever was restarted in between, so there is neither gap nor repeat.
 */
import { logLine, messageOf } from "../../protocol/log-line.ts";
import type { StreamedEvent } from "../../protocol/events.ts";
import type { Cut, CutReason, FanOutReport } from "../../protocol/stations.ts";
import { Batch } from "./batch.ts";
import type { Pages } from "./pages.ts";
import type { Reader } from "./reader.ts";

/** Milliseconds between two rounds of pages when nobody takes one, and after a failure. */
const ROUND = 20;
const AFTER_FAILURE = 1_000;

const WORDS: Record<CutReason, string> = {
  TooSlow: "More was sent than can be held for a slow consumer: reconnect with your cursor to go on",
  Overtaken: "The events you were to be sent next have left the window",
};

export class Readers {
  readonly #pages: Pages;
  readonly #rate: () => number;
  readonly #all = new Set<Reader>();
  /** Those that are behind, the one to be served next first. */
  readonly #behind = new Set<Reader>();
  #isCatchingUp = false;
  /** The newest seq that the host is known to have; null: unknown. */
  #head: number | null = null;
  #cuts: Cut[] = [];

  /** @param rate the bytes of pages a second that all readers together may be sent */
  constructor(pages: Pages, rate: () => number) {
    this.#pages = pages;
    this.#rate = rate;
  }

  get size(): number {
    return this.#all.size;
  }

  get head(): number | null {
    return this.#head;
  }

  [Symbol.iterator](): Iterator<Reader> {
    return this.#all.values();
  }

  /** Adds a reader, when the host is known to be at `head`. */
  add(reader: Reader, head: number): void {
    this.#head = Math.max(this.#head ?? 0, head);
    this.#all.add(reader);
    this.greet(reader);
  }

  /** Adds a reader that slept. Whether it is behind shows with the next batch, or by `lookAround`. */
  restore(reader: Reader): void {
    this.#all.add(reader);
  }

  remove(reader: Reader): void {
    this.#all.delete(reader);
    this.#behind.delete(reader);
  }

  /** Begins to serve a reader that has said its hello. */
  greet(reader: Reader): void {
    if (this.#isBehind(reader)) this.#behind.add(reader);
    void this.#catchUp();
  }

  /** Serves restored readers if no batch has told where the host is. */
  lookAround(): void {
    if (this.#head !== null) return;
    for (const reader of this.#all) if (!reader.awaitsHello && reader.seq !== null) this.#behind.add(reader);
    void this.#catchUp();
  }

  /** Sends all events after `after`, up to the last of `events`. */
  deliver(after: number, events: readonly StreamedEvent[]): FanOutReport {
    this.#tell(after, events);
    const cuts = this.#cuts;
    this.#cuts = [];
    return { readers: this.#all.size, cuts };
  }

  #tell(after: number, events: readonly StreamedEvent[]): void {
    const now = Date.now();
    const batch = new Batch(events, events.at(-1)?.seq ?? after);
    this.#head = Math.max(this.#head ?? 0, batch.last);
    for (const reader of this.#all) {
      if (!this.#isBehind(reader)) continue;
      if ((reader.seq ?? 0) >= after && reader.outlet.takesNews()) this.#send(reader, batch, now);
      else this.#behind.add(reader);
    }
    batch.free();
    void this.#catchUp();
  }

  #isBehind(reader: Reader): boolean {
    return !reader.awaitsHello && reader.seq !== null && reader.seq < (this.#head ?? Infinity);
  }

  #send(reader: Reader, batch: Batch, now: number): void {
    reader.take(batch, now);
    if (reader.outlet.isStuck(now)) this.#cut(reader, "TooSlow");
  }

  async #catchUp(): Promise<void> {
    if (this.#isCatchingUp) return;
    this.#isCatchingUp = true;
    while (this.#behind.size > 0) await scheduler.wait(await this.#tryRound());
    this.#isCatchingUp = false;
    this.#pages.clear();
  }

  /** Returns the milliseconds until the next round. */
  async #tryRound(): Promise<number> {
    try {
      return (await this.#round()) ? 0 : ROUND;
    } catch (thrown) {
      logLine("warn", "sequencer.fan-out", { message: "no page of the window", error: messageOf(thrown) });
      return AFTER_FAILURE;
    }
  }

  /** Sends a page to each reader that takes one. Returns whether any did. */
  async #round(): Promise<boolean> {
    let hasServed = false;
    for (const reader of Array.from(this.#behind)) {
      const now = Date.now();
      if (reader.outlet.isStuck(now)) this.#cut(reader, "TooSlow");
      else if (!this.#isBehind(reader)) this.#behind.delete(reader);
      else if (reader.outlet.takesPage(now)) {
        const bytes = await this.#servePage(reader, reader.seq ?? 0);
        await scheduler.wait((bytes * 1000) / this.#rate());
        hasServed = true;
      }
    }
    return hasServed;
  }

  /** Returns the bytes of the page. */
  async #servePage(reader: Reader, after: number): Promise<number> {
    let bytes = 0;
    await this.#pages.after(after, ({ batch, head, pruned }) => {
      this.#head = Math.max(this.#head ?? 0, head);
      if (!this.#all.has(reader)) return;
      if (after < pruned) this.#cut(reader, "Overtaken");
      else this.#send(reader, batch, Date.now());
      bytes = batch.bytes;
    });
    // The next round begins with those that had to wait in this one.
    this.#behind.delete(reader);
    if (this.#isBehind(reader) && this.#all.has(reader)) this.#behind.add(reader);
    return bytes;
  }

  #cut(reader: Reader, why: CutReason): void {
    const { format, outlet } = reader;
    outlet.end(1008, "ConsumerTooSlow", format.error("ConsumerTooSlow", WORDS[why]));
    this.remove(reader);
    const counted = this.#cuts.find((cut) => cut.kind === format.kind && cut.why === why);
    if (counted === undefined) this.#cuts.push({ kind: format.kind, why, count: 1 });
    else counted.count += 1;
  }
}
