/** One line of the handout: the events that one fan-out object takes, in order. */
import type { StreamedEvent } from "../protocol/events.ts";
import { logLine, messageOf } from "../protocol/log-line.ts";
import type { Cut, FanOutReport, FanOutStation, WindowEdges } from "../protocol/stations.ts";
import type { Roster } from "./roster.ts";

export interface HandoutLimits {
  /** Most bytes of events kept for an object that still takes earlier ones. */
  waitingBytes: number;
  /** An object with no more readers than this gets each event at once. */
  few: number;
  /** Milliseconds for each further reader, and in all, that events are gathered after a flight. */
  gather: number;
  longestGather: number;
  /** Bytes of events that are not gathered further. */
  enough: number;
  /** Milliseconds before the first retry; doubled each time, up to `longest`. */
  retry: number;
  longest: number;
}

/** A retry further away (ms) is left to the next event or the alarm. */
const TIMER_REACH = 5_000;

export interface HandoutSurroundings {
  roster: Roster;
  fanOut: (name: string) => FanOutStation;
  edges: () => WindowEdges;
  /** Requests a call of `resume` at a time (ms), even if the object is gone by then. */
  wakeBy: (at: number) => void;
}

interface LineCalls {
  deliver(after: number, events: StreamedEvent[]): Promise<FanOutReport>;
  reported(cuts: Cut[]): void;
}

/** The flights to one fan-out object. */
export class Line {
  readonly #name: string;
  readonly #around: HandoutSurroundings;
  readonly #limits: HandoutLimits;
  readonly #calls: LineCalls;
  /** The seq that the waiting events follow; null: the object may lack earlier ones. */
  #told: number | null;
  #waiting: StreamedEvent[] = [];
  #waitingBytes = 0;
  #isFlying = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** No flight starts before this time (ms), unless there is enough to tell. */
  #gatherUntil = 0;
  /** No flight starts before this time (ms), since the last one failed. */
  #retryAt = 0;
  #failures = 0;
  #listens = 0;
  /** Whether the object said that it has no readers, and none came since. */
  isIdle = false;

  constructor(
    { name, told }: { name: string; told: number | null },
    around: HandoutSurroundings,
    limits: HandoutLimits,
    calls: LineCalls,
  ) {
    this.#name = name;
    this.#around = around;
    this.#limits = limits;
    this.#told = told;
    this.#calls = calls;
  }

  listened(): void {
    this.#listens += 1;
    this.isIdle = false;
  }

  push(after: number, events: StreamedEvent[]): void {
    this.#told ??= after;
    for (const event of events) this.#waitingBytes += event.frame.length;
    this.#waiting.push(...events);
    if (this.#waitingBytes > this.#limits.waitingBytes) this.#leaveOut();
    this.#wake();
  }

  resume(): void {
    if (this.#told === null) this.#wake();
  }

  /** Drops what waits. The next flight says only where the host is. */
  #leaveOut(): void {
    this.#told = null;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #wake(): void {
    if (this.#isFlying) return;
    const hasEnough = this.#waitingBytes >= this.#limits.enough;
    const at = hasEnough ? this.#retryAt : Math.max(this.#retryAt, this.#gatherUntil);
    const rest = at - Date.now();
    if (rest <= 0) return void this.#fly();
    if (rest > TIMER_REACH) return this.#around.wakeBy(at);
    this.#timer ??= setTimeout(() => void this.#fly(), rest);
  }

  #gatherFor(readers: number): number {
    const { few, gather, longestGather } = this.#limits;
    return Math.min(longestGather, Math.max(0, readers - few) * gather);
  }

  async #fly(): Promise<void> {
    this.#isFlying = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const begun = Date.now();
    const listens = this.#listens;
    const after = this.#told ?? this.#around.edges().head;
    const events = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#told = events.at(-1)?.seq ?? after;
    try {
      const { readers, cuts } = await this.#calls.deliver(after, events);
      this.#failures = 0;
      this.#gatherUntil = begun + this.#gatherFor(readers);
      this.isIdle = readers === 0 && listens === this.#listens;
      this.#calls.reported(cuts);
    } catch (thrown) {
      this.#fail(thrown);
    } finally {
      this.#isFlying = false;
    }
    if (!this.isIdle && (this.#told === null || this.#waiting.length > 0)) this.#wake();
  }

  #fail(thrown: unknown): void {
    const { retry, longest } = this.#limits;
    const delay = Math.min(longest, retry * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    this.#retryAt = Date.now() + delay;
    this.#leaveOut();
    const fields = { fanOut: this.#name, error: messageOf(thrown), failures: this.#failures };
    logLine("warn", "sequencer.handout", { message: "a fan-out object did not take its events", ...fields });
  }
}
