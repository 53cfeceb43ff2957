/**
 * Hands the host's events to the fan-out objects that have readers. An object gets one flight at a time, each
 * with the events gathered meanwhile, straight from the turn that appended them. Nothing is read for it, and
 * nothing depends on it: a flight that is lost or left out only tells the object, by the next one, that its
 * readers are behind, and it fetches what they lack.
 */
import type { StreamedEvent } from "../protocol/events.ts";
import type { Cut, FanOutReport, HandedCount } from "../protocol/stations.ts";
import { type HandoutLimits, type HandoutSurroundings, Line } from "./handout-line.ts";

/**
 * The cost of a frame is the writing to each reader, however little is written: some 50 µs. Gathering for
 * as long as there are readers bounds what the writing takes of any time. Few readers are not worth a timer:
 * it would cost more than it saves. Whoever waits, waits less than half a second.
 */
export const DEFAULT_HANDOUT: HandoutLimits = {
  waitingBytes: 4_000_000,
  few: 16,
  gather: 3,
  longestGather: 400,
  enough: 250_000,
  retry: 100,
  longest: 60_000,
};

export class Handout {
  readonly #around: HandoutSurroundings;
  readonly #limits: HandoutLimits;
  readonly #lines = new Map<string, Line>();
  readonly handed: HandedCount = { flights: 0, events: 0, ms: 0 };

  constructor(around: HandoutSurroundings, limits: HandoutLimits) {
    this.#around = around;
    this.#limits = limits;
    for (const name of around.roster.names()) this.#lines.set(name, this.#lineTo(name, null));
  }

  /** The fan-out objects that have readers. */
  get names(): string[] {
    return [...this.#lines.keys()];
  }

  #lineTo(name: string, told: number | null): Line {
    return new Line({ name, told }, this.#around, this.#limits, {
      deliver: (after, events) => this.#deliver(name, after, events),
      reported: (cuts) => this.#forget(name, cuts),
    });
  }

  async #deliver(name: string, after: number, events: StreamedEvent[]): Promise<FanOutReport> {
    const begun = Date.now();
    this.handed.flights += 1;
    this.handed.events += events.length;
    try {
      return await this.#around.fanOut(name).deliver(after, events);
    } finally {
      this.handed.ms += Date.now() - begun;
    }
  }

  /** Lists a fan-out object that has a reader. */
  listen(name: string): void {
    const line = this.#lines.get(name);
    if (line !== undefined) return line.listened();
    this.#around.roster.add(name);
    this.#lines.set(name, this.#lineTo(name, this.#around.edges().head));
  }

  #forget(name: string, cuts: Cut[]): void {
    this.#around.roster.countCuts(cuts);
    if (this.#lines.get(name)?.isIdle !== true) return;
    this.#lines.delete(name);
    this.#around.roster.remove(name);
  }

  /** Hands on the events after `after`. Must be called in the turn that appended them. */
  push(after: number, events: StreamedEvent[]): void {
    for (const line of this.#lines.values()) line.push(after, events);
  }

  /** Tells every object of which it is not known where the host is. */
  resume(): void {
    for (const line of this.#lines.values()) line.resume();
  }
}
