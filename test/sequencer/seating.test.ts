import { expect, test } from "vitest";
import type { Seat } from "../../src/protocol/stations.ts";
import { DEFAULT_SEATS, Seating, type SeatLimits } from "../../src/sequencer/seating.ts";
import { range } from "../support/sequencer.ts";

/** Fan-out objects that only count. */
class House {
  readonly readers = new Map<string, Seat[]>();
  readonly seating: Seating;
  /** Objects that do not answer. */
  readonly broken = new Set<string>();

  constructor(limits: Partial<SeatLimits> = {}) {
    const fanOut = (name: string) => ({
      seats: async (subscriber: string | null, promised: readonly Seat[]) => {
        await scheduler.wait(1);
        if (this.broken.has(name)) throw new Error("away");
        const here = this.readers.get(name) ?? [];
        const isHere = ({ id }: Seat) => here.some((seat) => seat.id === id);
        const all = [...here, ...promised.filter((seat) => !isHere(seat))];
        const same = all.filter((seat) => seat.subscriber !== null && seat.subscriber === subscriber);
        return { readers: all.length, ofSubscriber: same.length };
      },
    });
    this.seating = new Seating("host", () => [...this.readers.keys()], fanOut as never, {
      ...DEFAULT_SEATS,
      ...limits,
    });
  }

  /** The reader is counted at its object. */
  arrive(name: string, seat: Seat): void {
    this.readers.set(name, [...(this.readers.get(name) ?? []), seat]);
  }

  /** A seat whose reader is on its way. */
  async promise(subscriber: string | null) {
    const seat = { id: crypto.randomUUID(), subscriber };
    return { name: await this.seating.seat(seat), seat };
  }

  async seat(subscriber: string | null = null): Promise<string> {
    const { name, seat } = await this.promise(subscriber);
    this.arrive(name, seat);
    this.seating.arrived(seat.id);
    return name;
  }

  get counts(): number[] {
    return [...this.readers.values()].map(({ length }) => length);
  }
}

test("a first object takes its fill before there is a second, and so on; then all are filled alike", async () => {
  const house = new House({ fill: 3, objects: 3 });
  for (let n = 0; n < 9; n++) await house.seat();
  expect(house.counts).toEqual([3, 3, 3]);
  expect([...house.readers.keys()]).toEqual(["host/1", "host/2", "host/3"]);
  for (let n = 0; n < 6; n++) await house.seat();
  expect(house.counts).toEqual([5, 5, 5]);
});

test("a place that became free is taken before a further object is opened", async () => {
  const house = new House({ fill: 2, objects: 4 });
  for (let n = 0; n < 4; n++) await house.seat();
  house.readers.set("host/1", [{ id: null, subscriber: null }]);
  expect(await house.seat()).toBe("host/1");
  house.readers.delete("host/1");
  expect(await house.seat()).toBe("host/1");
});

test("readers are as many as the host takes, and of one address as many as that may have", async () => {
  const house = new House({ readers: 6, readersOfOne: 2, fill: 2 });
  const refused = { error: "RateLimitExceeded", status: 429 };
  await house.seat("192.0.2.1");
  await house.seat("192.0.2.1");
  await expect(house.seat("192.0.2.1")).rejects.toMatchObject(refused);
  for (let n = 0; n < 3; n++) await house.seat(null);
  await house.seat("192.0.2.2");
  await expect(house.seat("192.0.2.3")).rejects.toMatchObject(refused);
  await expect(house.seat(null)).rejects.toMatchObject(refused);
});

test("promised seats count before their readers arrive, so that a crowd at once is no larger", async () => {
  const house = new House({ readers: 10, readersOfOne: 4, fill: 5 });
  const asked = await Promise.allSettled(range(1, 20).map(() => house.promise("192.0.2.1")));
  expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(4);
  const others = await Promise.allSettled(range(1, 20).map((n) => house.promise(`192.0.3.${n}`)));
  expect(others.filter(({ status }) => status === "fulfilled")).toHaveLength(6);
});

test("a promised seat whose reader does not come is free again after a while", async () => {
  const house = new House({ readers: 2, promise: 30 });
  await house.promise(null);
  await house.promise(null);
  await expect(house.promise(null)).rejects.toMatchObject({ status: 429 });
  await scheduler.wait(50);
  expect(await house.seat()).toBe("host/1");
});

test("a reader on its way counts once: promised, at its object, or both", async () => {
  const house = new House({ readers: 3, readersOfOne: 3 });
  const seats = [];
  for (let n = 0; n < 2; n++) seats.push(await house.promise("192.0.2.1"));
  // Both are at their object, and the sequencer has not heard of it.
  for (const { name, seat } of seats) house.arrive(name, seat);
  const last = await house.promise("192.0.2.1");
  await expect(house.promise("192.0.2.1")).rejects.toMatchObject({ status: 429 });
  for (const { seat } of [...seats, last]) house.seating.arrived(seat.id);
  house.arrive(last.name, last.seat);
  await expect(house.promise(null)).rejects.toMatchObject({ status: 429 });
});

test("an object that does not answer is passed over, and serves again once it does", async () => {
  const house = new House({ fill: 2, objects: 2 });
  for (let n = 0; n < 2; n++) await house.seat();
  house.broken.add("host/1");
  expect(await house.seat()).toBe("host/2");
  house.broken.add("host/2");
  await expect(house.seat()).rejects.toMatchObject({ error: "NotEnoughResources", status: 503 });
  house.broken.clear();
  expect(await house.seat()).toBe("host/2");
  expect(house.counts).toEqual([2, 2]);
});
