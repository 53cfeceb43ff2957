import { expect, test } from "vitest";
import { DEFAULT_SEATS, Seating, type SeatLimits } from "../../src/sequencer/seating.ts";
import { range } from "../support/sequencer.ts";

/** Fan-out objects that only count. */
class House {
  readonly readers = new Map<string, (string | null)[]>();
  readonly seating: Seating;

  constructor(limits: Partial<SeatLimits> = {}) {
    const fanOut = (name: string) => ({
      seats: async (subscriber: string | null) => {
        await scheduler.wait(1);
        const all = this.readers.get(name) ?? [];
        const same = all.filter((each) => each !== null && each === subscriber);
        return { readers: all.length, ofSubscriber: same.length };
      },
    });
    this.seating = new Seating("host", () => [...this.readers.keys()], fanOut as never, {
      ...DEFAULT_SEATS,
      ...limits,
    });
  }

  arrive(name: string, subscriber: string | null): void {
    this.readers.set(name, [...(this.readers.get(name) ?? []), subscriber]);
    this.seating.arrived(name, subscriber);
  }

  async seat(subscriber: string | null = null): Promise<string> {
    const name = await this.seating.seat(subscriber);
    this.arrive(name, subscriber);
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
  house.readers.set("host/1", [null]);
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
  const asked = await Promise.allSettled(range(1, 20).map(() => house.seating.seat("192.0.2.1")));
  expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(4);
  const others = await Promise.allSettled(range(1, 20).map((n) => house.seating.seat(`192.0.3.${n}`)));
  expect(others.filter(({ status }) => status === "fulfilled")).toHaveLength(6);
});

test("a promised seat whose reader does not come is free again after a while", async () => {
  const house = new House({ readers: 2, promise: 30 });
  await house.seating.seat(null);
  await house.seating.seat(null);
  await expect(house.seating.seat(null)).rejects.toMatchObject({ status: 429 });
  await scheduler.wait(50);
  expect(await house.seat()).toBe("host/1");
});

test("a question that fails does not hold up the next", async () => {
  const house = new House();
  house.readers.set("host/1", []);
  const answers = house.seating;
  let isBroken = true;
  const broken = new Seating(
    "host",
    () => ["host/1"],
    () =>
      ({
        seats: () =>
          isBroken ? Promise.reject(new Error("away")) : Promise.resolve({ readers: 0, ofSubscriber: 0 }),
      }) as never,
    DEFAULT_SEATS,
  );
  await expect(broken.seat(null)).rejects.toThrow("away");
  isBroken = false;
  expect(await broken.seat(null)).toBe("host/1");
  expect(await answers.seat(null)).toBe("host/1");
});
