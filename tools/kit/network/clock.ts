/** The clock of all hosts in a network. It shows the machine's time until a test moves it. */

/** `90_000` (milliseconds), `"90s"`, `"15m"`, `"2h"`, `"3d"`. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** The machine's time, bound when the kit is loaded, so that a test may fake `Date` afterwards. */
const machineTime = Date.now.bind(Date);

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export class Clock {
  readonly #start: number | null;
  readonly #move: (offset: number) => Promise<void>;
  #offset = 0;

  /**
   * @internal `start`: milliseconds since the Unix epoch, null for the machine's time; `move` tells the
   * hosts.
   */
  constructor(start: number | null, move: (offset: number) => Promise<void>) {
    this.#start = start;
    this.#move = move;
    this.reset();
  }

  /** How far the hosts' clock is ahead of the machine's, in milliseconds. */
  get offset(): number {
    return this.#offset;
  }

  /** The hosts' current time. */
  now(): Date {
    return new Date(machineTime() + this.#offset);
  }

  /**
   * Moves the clocks of all hosts, which run on from there. Resolves once every alarm due by then has run. A
   * clock can move backwards, but a host may then refuse data from its future.
   * @example await network.clock.advance("3h")
   */
  async advance(by: Duration): Promise<void> {
    await this.#to(this.#offset + milliseconds(by));
  }

  /** Sets the clocks of all hosts. */
  async set(to: Date | string | number): Promise<void> {
    const at = new Date(to).getTime();
    if (Number.isNaN(at)) throw new TypeError(`clock.set: ${String(to)} is no date`);
    await this.#to(at - machineTime());
  }

  /** @internal Returns to the start. The caller tells the hosts. */
  reset(): void {
    this.#offset = this.#start === null ? 0 : this.#start - machineTime();
  }

  async #to(offset: number): Promise<void> {
    this.#offset = offset;
    await this.#move(offset);
  }
}

export function milliseconds(duration: Duration): number {
  if (typeof duration === "number" && Number.isFinite(duration)) return duration;
  const [, count, unit] = /^(-?\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(String(duration)) ?? [];
  if (count === undefined) {
    throw new TypeError(
      `${JSON.stringify(duration)} is no duration: milliseconds, or "90s", "15m", "2h", "3d"`,
    );
  }
  return Number(count) * (UNITS[unit ?? "ms"] ?? 1);
}
