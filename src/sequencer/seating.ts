/**
 * Finds a fan-out object for a new reader. Readers are counted where they sit, each time, so no count can go
 * wrong. One question is settled at a time. A promised seat counts until its reader has arrived, and only the
 * object knows when: it is told the promises each time, so that a reader on its way counts once.
 */
import { logLine, messageOf } from "../protocol/log-line.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { FanOutStation, Seat } from "../protocol/stations.ts";
import { fanOutName } from "../protocol/stations.ts";

export interface SeatLimits {
  /** Most fan-out objects. */
  objects: number;
  /** Readers of an object from which a further one is opened. */
  fill: number;
  /** Most readers of the host. */
  readers: number;
  /** Most readers of one address, so that no single one crowds out the relays. */
  readersOfOne: number;
  /** Milliseconds that a promised seat is kept. */
  promise: number;
}

export const DEFAULT_SEATS: SeatLimits = {
  objects: 8,
  fill: 25,
  readers: 1000,
  readersOfOne: 50,
  promise: 10_000,
};

interface Promised {
  name: string;
  seat: Seat;
  until: number;
}

interface Occupied {
  name: string;
  readers: number;
  ofSubscriber: number;
}

export class Seating {
  readonly #host: string;
  readonly #names: () => string[];
  readonly #fanOut: (name: string) => FanOutStation;
  readonly #limits: SeatLimits;
  #promised: Promised[] = [];
  /** Settles when the last question is answered. */
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * @param host the sequencer's name, with which those of its fan-out objects begin
   * @param names the fan-out objects that have readers
   */
  constructor(
    host: string,
    names: () => string[],
    fanOut: (name: string) => FanOutStation,
    limits: SeatLimits,
  ) {
    this.#host = host;
    this.#names = names;
    this.#fanOut = fanOut;
    this.#limits = limits;
  }

  /** Promises a seat at an object with room, by its name. Refuses RateLimitExceeded (429), NotEnoughResources (503). */
  seat(seat: Seat): Promise<string> {
    const found = this.#turn.then(() => this.#find(seat));
    this.#turn = found.catch(() => undefined);
    return found;
  }

  /** The reader with a promised seat has arrived at its object, which counts it. */
  arrived(id: string): void {
    const at = this.#promised.findIndex(({ seat }) => seat.id === id);
    if (at !== -1) this.#promised.splice(at, 1);
  }

  async #find(seat: Seat): Promise<string> {
    const { subscriber } = seat;
    const now = Date.now();
    this.#promised = this.#promised.filter(({ until }) => until > now);
    const known = [...new Set([...this.#names(), ...this.#promised.map(({ name }) => name)])];
    const asked = await Promise.all(known.map((name) => this.#occupied(name, subscriber)));
    const seats = asked.filter((each) => each !== null);
    this.#check(seats, subscriber);
    const name = this.#choose(seats, known);
    this.#promised.push({ name, seat, until: now + this.#limits.promise });
    return name;
  }

  /** Null: the object does not answer. New readers are seated elsewhere meanwhile. */
  async #occupied(name: string, subscriber: string | null): Promise<Occupied | null> {
    const promised = this.#promised.filter((each) => each.name === name).map(({ seat }) => seat);
    try {
      return { name, ...(await this.#fanOut(name).seats(subscriber, promised)) };
    } catch (thrown) {
      const fields = { fanOut: name, error: messageOf(thrown) };
      logLine("warn", "sequencer.seating", { message: "a fan-out object does not answer", ...fields });
      return null;
    }
  }

  #check(seats: readonly Occupied[], subscriber: string | null): void {
    const sum = (count: (seat: Occupied) => number) => seats.reduce((total, seat) => total + count(seat), 0);
    if (sum(({ readers }) => readers) >= this.#limits.readers) {
      throw new Refusal("RateLimitExceeded", "Too many subscribers", 429);
    }
    if (subscriber !== null && sum(({ ofSubscriber }) => ofSubscriber) >= this.#limits.readersOfOne) {
      throw new Refusal("RateLimitExceeded", "Too many subscriptions from this address", 429);
    }
  }

  /** The least full object, or a new one while each has its fill. `known` has those that do not answer, too. */
  #choose(seats: readonly Occupied[], known: readonly string[]): string {
    const [least] = seats.toSorted((a, b) => a.readers - b.readers);
    const isNewOneDue = least === undefined || least.readers >= this.#limits.fill;
    const names = Array.from({ length: this.#limits.objects }, (_, n) => fanOutName(this.#host, n + 1));
    const fresh = isNewOneDue ? names.find((name) => !known.includes(name)) : undefined;
    const name = fresh ?? least?.name;
    if (name === undefined) throw new Refusal("NotEnoughResources", "The event streams do not answer", 503);
    return name;
  }
}
