import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { StreamedEvent } from "../../src/protocol/events.ts";
import { Sql } from "../../src/protocol/object/sql.ts";
import type { Cut } from "../../src/protocol/stations.ts";
import type { HandoutLimits } from "../../src/sequencer/handout-line.ts";
import { DEFAULT_HANDOUT, Handout } from "../../src/sequencer/handout.ts";
import { Roster } from "../../src/sequencer/roster.ts";
import { newSequencer, range, until } from "../support/sequencer.ts";

/** A fan-out object that keeps what it is told, and fails on demand. */
class FanOutDouble {
  readonly flights: { after: number; seqs: number[] }[] = [];
  readers = 1;
  cuts: Cut[] = [];
  failing = false;
  /** Answers wait for this promise. */
  held: Promise<void> | null = null;
  flying = 0;
  mostFlying = 0;

  async deliver(after: number, events: StreamedEvent[]) {
    this.flying += 1;
    this.mostFlying = Math.max(this.mostFlying, this.flying);
    try {
      await (this.held ?? scheduler.wait(1));
      if (this.failing) throw new Error("away");
      this.flights.push({ after, seqs: events.map(({ seq }) => seq) });
      return { readers: this.readers, cuts: this.cuts.splice(0) };
    } finally {
      this.flying -= 1;
    }
  }

  get seqs(): number[] {
    return this.flights.flatMap(({ seqs }) => seqs);
  }
}

interface Stage {
  handout: Handout;
  roster: Roster;
  fanOut: FanOutDouble;
  /** Numbers so many events and pushes them together. */
  push: (count: number, bytes?: number) => void;
  /** A handout as after a restart of the sequencer. */
  restart: () => Handout;
}

async function staged(limits: Partial<HandoutLimits>, work: (stage: Stage) => Promise<void>): Promise<void> {
  await runInDurableObject(await newSequencer(), async (_, { storage }) => {
    const roster = new Roster(new Sql(storage));
    const fanOut = new FanOutDouble();
    let head = 0;
    const make = () =>
      new Handout(
        {
          roster,
          fanOut: () => fanOut as never,
          edges: () => ({ head, pruned: 0, forgot: 0 }),
          wakeBy: () => {},
        },
        { ...DEFAULT_HANDOUT, few: 0, gather: 0, retry: 10, ...limits },
      );
    const stage = {
      handout: make(),
      roster,
      fanOut,
      push(count: number, bytes = 10) {
        const after = head;
        head += count;
        const events = range(after + 1, head).map((seq) => ({ seq, us: seq, frame: new Uint8Array(bytes) }));
        stage.handout.push(after, events);
      },
      restart: () => (stage.handout = make()),
    };
    await work(stage);
  });
}

test("without readers nobody is told anything", () =>
  staged({}, async ({ push, fanOut, handout }) => {
    push(3);
    await scheduler.wait(20);
    expect([fanOut.flights, handout.names]).toEqual([[], []]);
  }));

test("each event is told once, in order, one flight at a time, from where the object listened", () =>
  staged({}, async ({ push, fanOut, handout }) => {
    push(3);
    handout.listen("host/1");
    for (let n = 0; n < 20; n++) {
      push(2);
      if (n % 5 === 0) await scheduler.wait(2);
    }
    await until(() => fanOut.seqs.length === 40);
    expect(fanOut.seqs).toEqual(range(4, 43));
    expect(fanOut.mostFlying).toBe(1);
    for (const { after, seqs } of fanOut.flights) expect(seqs[0]).toBe(after + 1);
  }));

test("an object with many readers is told in larger batches, within the limit", () =>
  staged({ few: 0, gather: 1, longestGather: 40 }, async ({ push, fanOut, handout }) => {
    fanOut.readers = 1000;
    handout.listen("host/1");
    for (let n = 0; n < 50; n++) {
      push(1);
      await scheduler.wait(2);
    }
    await until(() => fanOut.seqs.length === 50);
    expect(fanOut.seqs).toEqual(range(1, 50));
    expect(fanOut.flights.length).toBeLessThan(12);
    expect(fanOut.flights.length).toBeGreaterThan(1);
  }));

test("an object with few readers gets each event at once", () =>
  staged({ few: 16, gather: 60_000, longestGather: 60_000 }, async ({ push, fanOut, handout }) => {
    fanOut.readers = 16;
    handout.listen("host/1");
    for (let n = 1; n <= 3; n++) {
      push(1);
      await until(() => fanOut.flights.length === n);
    }
    fanOut.readers = 17;
    push(1);
    await until(() => fanOut.flights.length === 4);
    push(1);
    await scheduler.wait(20);
    expect(fanOut.flights).toHaveLength(4);
  }));

test("events of many bytes are not gathered further", () =>
  staged(
    { few: 0, gather: 10_000, longestGather: 10_000, enough: 1_000 },
    async ({ push, fanOut, handout }) => {
      handout.listen("host/1");
      push(1);
      await until(() => fanOut.flights.length === 1);
      for (let n = 0; n < 3; n++) push(3, 100);
      await scheduler.wait(20);
      expect(fanOut.flights).toHaveLength(1);
      push(1, 100);
      await until(() => fanOut.flights.length === 2);
      expect(fanOut.flights).toEqual([
        { after: 0, seqs: [1] },
        { after: 1, seqs: range(2, 11) },
      ]);
    },
  ));

test("an object that just failed is left alone, however much there is to tell", () =>
  staged({ enough: 1_000, retry: 100 }, async ({ push, fanOut, handout }) => {
    handout.listen("host/1");
    fanOut.failing = true;
    push(1);
    await scheduler.wait(10);
    fanOut.failing = false;
    for (let n = 0; n < 20; n++) push(1, 200);
    await scheduler.wait(20);
    expect(fanOut.flights).toEqual([]);
    await until(() => fanOut.seqs.at(-1) === 21);
    expect(fanOut.mostFlying).toBe(1);
  }));

/** How many events each flight leaves out before its first: its object sees that its readers are behind. */
const leftOut = ({ flights }: FanOutDouble): number[] => {
  let told = 0;
  return flights.map(({ after, seqs }) => {
    if (seqs.length > 0) expect(seqs).toEqual(range(after + 1, after + seqs.length));
    const gap = after - told;
    told = seqs.at(-1) ?? after;
    return gap;
  });
};

test("an object that failed is told by the next flight what it did not take", () =>
  staged({}, async ({ push, fanOut, handout }) => {
    handout.listen("host/1");
    fanOut.failing = true;
    push(5);
    await scheduler.wait(60);
    fanOut.failing = false;
    await until(() => fanOut.flights.length === 1);
    expect(fanOut.flights).toEqual([{ after: 5, seqs: [] }]);
    fanOut.failing = true;
    push(5);
    await scheduler.wait(5);
    push(5);
    fanOut.failing = false;
    await until(() => fanOut.flights.length === 2);
    push(2);
    await until(() => fanOut.seqs.at(-1) === 17);
    expect(leftOut(fanOut)[1]).toBe(5);
  }));

test("an object that takes too long is spared what would pile up, and told that it was", () =>
  staged({ waitingBytes: 1_000 }, async ({ push, fanOut, handout }) => {
    handout.listen("host/1");
    let release = () => {};
    fanOut.held = new Promise((resolve) => (release = resolve));
    push(1);
    for (let n = 0; n < 20; n++) push(1, 100);
    fanOut.held = null;
    release();
    await until(() => fanOut.flights.length >= 2);
    push(1);
    await until(() => fanOut.seqs.at(-1) === 22);
    const gaps = leftOut(fanOut);
    expect(Math.max(...gaps)).toBeGreaterThan(5);
    expect(gaps.reduce((sum, gap) => sum + gap, 0) + fanOut.seqs.length).toBe(22);
  }));

test("an object without readers is forgotten, unless one came meanwhile", () =>
  staged({}, async ({ push, fanOut, handout, roster }) => {
    handout.listen("host/1");
    expect(roster.names()).toEqual(["host/1"]);
    fanOut.readers = 0;
    let release = () => {};
    fanOut.held = new Promise((resolve) => (release = resolve));
    push(1);
    handout.listen("host/1");
    fanOut.held = null;
    release();
    await until(() => fanOut.flights.length === 1);
    await scheduler.wait(5);
    expect(handout.names).toEqual(["host/1"]);
    push(1);
    await until(() => handout.names.length === 0);
    expect([handout.names, roster.names()]).toEqual([[], []]);
    push(1);
    await scheduler.wait(10);
    expect(fanOut.seqs).toEqual([1, 2]);
  }));

test("after a restart the objects are known, and told where the host is", () =>
  staged({}, async ({ push, fanOut, handout, restart }) => {
    handout.listen("host/1");
    push(4);
    await until(() => fanOut.seqs.length === 4);
    const anew = restart();
    expect(anew.names).toEqual(["host/1"]);
    anew.resume();
    await until(() => fanOut.flights.length === 2);
    expect(fanOut.flights[1]).toEqual({ after: 4, seqs: [] });
    push(1);
    await until(() => fanOut.seqs.at(-1) === 5);
    expect(fanOut.flights[2]).toEqual({ after: 4, seqs: [5] });
  }));

test("cuts are added up over restarts", () =>
  staged({}, async ({ push, fanOut, handout, roster }) => {
    handout.listen("host/1");
    fanOut.cuts = [
      { kind: "repos", why: "TooSlow", count: 2 },
      { kind: "json", why: "Overtaken", count: 1 },
    ];
    push(1);
    await until(() => fanOut.flights.length === 1);
    fanOut.cuts = [{ kind: "repos", why: "TooSlow", count: 3 }];
    push(1);
    await until(() => roster.cuts("repos").TooSlow === 5);
    expect(roster.cuts("repos")).toEqual({ TooSlow: 5, Overtaken: 0 });
    expect(roster.cuts("json")).toEqual({ TooSlow: 0, Overtaken: 1 });
  }));
