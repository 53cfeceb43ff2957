/**
 * Finds a fan-out object for a new reader. Readers are counted where they sit, each time, so no count can go
 * wrong. One question is settled at a time, and a promised seat counts until its reader has arrived.
 */
import { Refusal } from "../protocol/refusal.ts";
import type { FanOutStation } from "../protocol/stations.ts";
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
  subscriber: string | null;
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

  /** The name of an object with room. Refuses RateLimitExceeded (429). */
  seat(subscriber: string | null): Promise<string> {
    const found = this.#turn.then(() => this.#find(subscriber));
    this.#turn = found.catch(() => undefined);
    return found;
  }

  /** A promised reader has arrived at its object, which counts it from now on. */
  arrived(name: string, subscriber: string | null): void {
    const at = this.#promised.findIndex((each) => each.name === name && each.subscriber === subscriber);
    if (at !== -1) this.#promised.splice(at, 1);
  }

  async #find(subscriber: string | null): Promise<string> {
    const now = Date.now();
    this.#promised = this.#promised.filter(({ until }) => until > now);
    const known = new Set([...this.#names(), ...this.#promised.map(({ name }) => name)]);
    const seats = await Promise.all([...known].map((name) => this.#occupied(name, subscriber)));
    this.#check(seats, subscriber);
    const name = this.#choose(seats);
    this.#promised.push({ name, subscriber, until: now + this.#limits.promise });
    return name;
  }

  async #occupied(name: string, subscriber: string | null): Promise<Occupied> {
    const promised = this.#promised.filter((each) => each.name === name);
    const ofSame = promised.filter((each) => each.subscriber === subscriber);
    const { readers, ofSubscriber } = await this.#fanOut(name).seats(subscriber);
    return { name, readers: readers + promised.length, ofSubscriber: ofSubscriber + ofSame.length };
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

  /** The least full object, or a new one while each has its fill. */
  #choose(seats: readonly Occupied[]): string {
    const [least] = seats.toSorted((a, b) => a.readers - b.readers);
    const isNewOneDue = least === undefined || least.readers >= this.#limits.fill;
    if (least !== undefined && (!isNewOneDue || seats.length >= this.#limits.objects)) return least.name;
    const taken = new Set(seats.map(({ name }) => name));
    for (let n = 1; ; n++) {
      const name = fanOutName(this.#host, n);
      if (!taken.has(name)) return name;
    }
  }
}
