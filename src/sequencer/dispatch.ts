/**
 * Dispatches events to the AppView: in order, one flight at a time, each with the events gathered meanwhile.
 * The AppView keeps the cursor and applies each event once, so nothing is stored here and a flight may be
 * repeated freely.
 */
import type { SequencedEvent } from "../protocol/events.ts";
import { logLine, messageOf } from "../protocol/log-line.ts";
import { free } from "../protocol/memory.ts";
import type { RowCount } from "../protocol/object/sql.ts";
import type { IngestStation } from "../protocol/stations.ts";
import type { EventWindow } from "./window.ts";

export interface DispatchLimits {
  /** Most events, and about the most bytes, in one flight. */
  events: number;
  bytes: number;
  /** Milliseconds that a write waits for its event to be indexed. */
  wait: number;
  /** Number of events behind from which writes do not wait. */
  lag: number;
  /** Milliseconds before the first retry; doubled each time, up to `longest`. */
  retry: number;
  longest: number;
}

export const DEFAULT_DISPATCH: DispatchLimits = {
  events: 200,
  bytes: 4_000_000,
  wait: 250,
  lag: 500,
  retry: 100,
  longest: 60_000,
};

/** A retry further away (ms) is left to the alarm, so that a long outage does not keep the object awake. */
const TIMER_REACH = 5_000;
/** After this many waits in a row have timed out, writes do not wait for `BREAK` ms. */
const VAIN_WAITS = 4;
const BREAK = 5_000;

interface Waiter {
  seq: number;
  settle(indexed: boolean): void;
}

export class Dispatch {
  readonly #appview: () => IngestStation | null;
  readonly #window: EventWindow;
  readonly #limits: DispatchLimits;
  readonly #wakeBy: (at: number) => void;
  /** The AppView's cursor; null while it is unknown. */
  #cursor: number | null = null;
  /** The cursor that the index has stored. It trails behind events that changed nothing in the index. */
  #stored = 0;
  #flying = false;
  #failures = 0;
  #pausedUntil = 0;
  #heldUntil = 0;
  #error: string | null = null;
  #lost: { after: number; upTo: number } | null = null;
  readonly #waiters = new Set<Waiter>();
  #vainWaits = 0;
  #brokenUntil = 0;
  /** The flights' cost to the index, if it reports one. */
  readonly rows: RowCount = { written: 0, read: 0 };

  /**
   * @param appview called for each flight; returns null when the host has no AppView of its own
   * @param wakeBy requests a call of `wake` at a time (ms), even if the object is gone by then
   */
  constructor(
    appview: () => IngestStation | null,
    window: EventWindow,
    limits: DispatchLimits,
    wakeBy: (at: number) => void,
  ) {
    this.#appview = appview;
    this.#window = window;
    this.#limits = limits;
    this.#wakeBy = wakeBy;
  }

  /** Last seq that the AppView is known to have passed; before the first, the seq that the window begins after. */
  get cursor(): number {
    return Math.max(this.#cursor ?? 0, this.#window.floor);
  }

  get error(): string | null {
    return this.#error;
  }

  /** Events that left the window before the AppView had them, seen since this object started. */
  get lost(): { after: number; upTo: number } | null {
    return this.#lost;
  }

  /** Whether events wait for the AppView, or its cursor is unknown. */
  get behind(): boolean {
    return this.#appview() !== null && (this.#cursor === null || this.#window.hasAfter(this.#cursor));
  }

  /** Whether the index would ask again for events that it has passed, if this object started over. */
  get trails(): boolean {
    return this.#cursor !== null && this.#stored < this.#cursor;
  }

  /** No flight starts before this time (ms). */
  get pausedUntil(): number {
    return Math.max(this.#pausedUntil, this.#heldUntil);
  }

  /** Starts no flight before this time (ms); with 0, or a time that is past, goes on at once. */
  holdUntil(at: number): void {
    const wasHeld = this.#heldUntil > Date.now();
    this.#heldUntil = at;
    if (at > Date.now()) this.#wakeBy(at);
    else if (wasHeld) void this.wake();
  }

  /**
   * Starts a flight, unless one is under way or a retry is pending after a failure.
   * @param keep whether the index should store afterwards how far it is
   */
  async wake(keep = false): Promise<void> {
    const appview = this.#appview();
    if (appview === null || this.#flying || Date.now() < this.pausedUntil) return;
    this.#flying = true;
    try {
      await this.#fly(appview, keep);
    } catch (thrown) {
      this.#fail(thrown);
    } finally {
      this.#flying = false;
    }
  }

  async #fly(appview: IngestStation, keep: boolean): Promise<void> {
    let cursor = this.#cursor ?? this.#arrive(await appview.cursor());
    for (let batch = this.#batch(cursor); batch.length > 0; batch = this.#batch(cursor)) {
      if (Date.now() < this.#heldUntil) break;
      const next = await this.#ingest(appview, cursor, batch);
      if (next === cursor) throw new Error(`ingest stays at ${cursor}`);
      cursor = next;
      this.#failures = 0;
      this.#error = null;
    }
    if (keep && this.trails) await this.#ingest(appview, cursor, []);
    this.#failures = 0;
    this.#error = null;
  }

  async #ingest(appview: IngestStation, after: number, batch: SequencedEvent[]): Promise<number> {
    const { cursor, stored, rows } = await appview.ingest(after, batch, this.#stored);
    for (const { frame } of batch) free(frame);
    this.rows.written += rows?.written ?? 0;
    this.rows.read += rows?.read ?? 0;
    return this.#arrive(cursor, stored);
  }

  /** Records the cursor that the AppView reports. */
  #arrive(cursor: number, stored = cursor): number {
    const { head, pruned } = this.#window;
    if (cursor < pruned) {
      this.#lost = { after: cursor, upTo: pruned };
      warn("events left the window before they were indexed", { ...this.#lost });
    }
    if (cursor > head) {
      // This database was restored to an earlier state. Consumers have seen the higher numbers, too, so
      // continue above them.
      warn("the index is ahead of the sequencer", { cursor, head });
      this.#window.skipTo(cursor);
    }
    this.#cursor = cursor;
    this.#stored = stored;
    for (const waiter of this.#waiters) if (waiter.seq <= cursor) waiter.settle(true);
    return cursor;
  }

  #batch(cursor: number): SequencedEvent[] {
    const events: SequencedEvent[] = [];
    let bytes = 0;
    for (const event of this.#window.after(cursor, this.#limits.events)) {
      bytes += event.frame.length;
      if (events.length > 0 && bytes > this.#limits.bytes) break;
      events.push(event);
    }
    return events;
  }

  #fail(thrown: unknown): void {
    const { retry, longest } = this.#limits;
    const delay = Math.min(longest, retry * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    this.#error = messageOf(thrown);
    // The outcome of the flight is unknown, so ask for the AppView's cursor again.
    this.#cursor = null;
    this.#pausedUntil = Date.now() + delay;
    for (const waiter of this.#waiters) waiter.settle(false);
    warn("ingest failed", { error: this.#error, failures: this.#failures, retryMs: delay });
    if (delay > TIMER_REACH) return this.#wakeBy(this.#pausedUntil);
    setTimeout(() => {
      this.#pausedUntil = 0;
      void this.wake();
    }, delay);
  }

  /**
   * Resolves to true once ingest has passed `seq`, and to false when that takes too long. Resolves to false
   * at once while ingest lags or fails.
   */
  async indexed(seq: number): Promise<boolean> {
    if (this.#cursor !== null && seq <= this.#cursor) return true;
    if (this.#lagging()) return false;
    void this.wake();
    return new Promise((resolve) => {
      const settle = (indexed: boolean) => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        if (indexed) this.#vainWaits = 0;
        resolve(indexed);
      };
      const waiter: Waiter = { seq, settle };
      const timer = setTimeout(() => {
        this.#vainWaits += 1;
        if (this.#vainWaits >= VAIN_WAITS) this.#brokenUntil = Date.now() + BREAK;
        settle(false);
      }, this.#limits.wait);
      this.#waiters.add(waiter);
    });
  }

  #lagging(): boolean {
    if (this.#failures > 0 || Date.now() < this.#brokenUntil || this.#appview() === null) return true;
    if (Date.now() < this.#heldUntil) return true;
    return this.#cursor !== null && this.#window.head - this.cursor > this.#limits.lag;
  }
}

const warn = (message: string, fields: Record<string, unknown>): void =>
  logLine("warn", "sequencer.dispatch", { message, ...fields });
