import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, onTestFinished, test, vi } from "vitest";
import { DEFAULT_DISPATCH } from "../../src/sequencer/dispatch.ts";
import { SequencerObject } from "../../src/sequencer/object.ts";
import {
  AppViewDouble,
  did,
  heavy,
  identities,
  newSequencer,
  range,
  revived,
  until,
  withAppView,
} from "../support/sequencer.ts";

test("every event is handed on once, in order, one flight at a time", async () => {
  const appview = new AppViewDouble();
  const sequencer = await newSequencer(appview);
  const names = range(1, 20).map((n) => did(`member${n}`));
  for (let round = 0; round < 5; round++) {
    await Promise.all(
      names.map((name) => sequencer.append(name, identities(round * 3 + 1, round * 3 + 3, name))),
    );
  }
  await until(() => appview.at === 300);
  expect(appview.seqs).toEqual(range(1, 300));
  expect(appview.mostFlying).toBe(1);
  expect(await sequencer.status()).toMatchObject({ indexed: 300, ingestError: null });
});

test("what gathers during a flight goes with the next, bounded in number and bytes", async () => {
  const appview = new AppViewDouble();
  const sequencer = await newSequencer(appview);
  const gate = Promise.withResolvers<void>();
  appview.held = gate.promise;
  await sequencer.append(did("alice"), identities(1, 1));
  await until(() => appview.flying === 1);
  for (let first = 2; first <= 301; first += 50) {
    await sequencer.append(did("alice"), identities(first, first + 49));
  }
  for (let position = 302; position <= 305; position++) {
    await sequencer.append(did("alice"), [heavy(position, 1_500_000)]);
  }
  appview.held = null;
  gate.resolve();
  await until(() => appview.at === 305);
  expect(appview.seqs).toEqual(range(1, 305));
  // The flights: 1 event; 200; 100 and two heavy ones; two heavy ones.
  expect(appview.flights).toBe(4);
});

test("indexed is true once ingest has passed the event", async () => {
  const appview = new AppViewDouble();
  const sequencer = await newSequencer(appview);
  const { seq } = await sequencer.append(did("alice"), identities(1, 3));
  expect(await sequencer.indexed(seq)).toBe(true);
  expect(appview.at).toBe(3);
  expect(await sequencer.indexed(1)).toBe(true);
});

test("the index is told at once, by whoever appends", async () => {
  const appview = new AppViewDouble();
  const sequencer = await newSequencer(appview);
  const { seq } = await sequencer.append(did("alice"), identities(1, 1));
  expect(await sequencer.indexed(seq)).toBe(true);
  const before = appview.flights;
  await runInDurableObject(sequencer, async (instance) => {
    if (!(instance instanceof SequencerObject)) throw new Error("another object");
    await instance.append(did("alice"), identities(2, 2));
    expect(appview.flights).toBe(before + 1);
  });
});

/** Counts the waits for the index from now on: each sets one timer of a quarter of a second. */
function countWaits(): () => number {
  const timers = vi.spyOn(globalThis, "setTimeout");
  onTestFinished(() => timers.mockRestore());
  return () => timers.mock.calls.filter(([, delay]) => delay === DEFAULT_DISPATCH.wait).length;
}

test("indexed gives up after a quarter of a second, and does not wait again after several such waits", async () => {
  const appview = new AppViewDouble();
  const sequencer = await newSequencer(appview);
  const gate = Promise.withResolvers<void>();
  appview.held = gate.promise;
  const { seq } = await sequencer.append(did("alice"), identities(1, 1));
  const waits = countWaits();
  expect(await sequencer.indexed(seq)).toBe(false);
  expect(waits()).toBe(1);
  await Promise.all(range(1, 4).map(() => sequencer.indexed(seq)));
  expect(waits()).toBe(5);
  expect(await sequencer.indexed(seq)).toBe(false);
  expect(waits()).toBe(5);
  gate.resolve();
  await until(() => appview.at === 1);
  expect(await sequencer.indexed(seq)).toBe(true);
});

test("while ingest fails writes do not wait, the failure shows, and all is made good in order", async () => {
  const appview = new AppViewDouble();
  const sequencer = await newSequencer(appview);
  await sequencer.append(did("alice"), identities(1, 2));
  await until(() => appview.at === 2);
  appview.failing = "D1 is away";
  const { seq } = await sequencer.append(did("alice"), identities(3, 4));
  await until(async () => (await sequencer.status()).ingestError !== null);
  expect(await sequencer.status()).toMatchObject({ ingestError: "D1 is away", seq: 4 });
  const waits = countWaits();
  expect(await sequencer.indexed(seq)).toBe(false);
  expect(waits()).toBe(0);
  await sequencer.append(did("alice"), identities(5, 6));
  appview.failing = null;
  await until(() => appview.at === 6);
  expect(appview.seqs).toEqual(range(1, 6));
  expect(await sequencer.status()).toMatchObject({ ingestError: null, indexed: 6 });
});

test("an answer that was lost on the way leads to no second application", async () => {
  const appview = new AppViewDouble();
  const sequencer = await newSequencer({
    cursor: () => appview.cursor(),
    ingest: async (after, events) => {
      const answer = await appview.ingest(after, events);
      if (appview.flights % 3 === 1) throw new Error("connection lost");
      return answer;
    },
  });
  for (let position = 1; position <= 12; position++) {
    await sequencer.append(did("alice"), identities(position, position));
    await scheduler.wait(20);
  }
  await until(() => appview.at === 12);
  expect(appview.seqs).toEqual(range(1, 12));
});

test("what was not handed on before the object died is handed on by its alarm", async () => {
  const before = new AppViewDouble();
  before.held = Promise.withResolvers<void>().promise;
  const crashed = await newSequencer(before);
  await crashed.append(did("alice"), identities(1, 5));
  await abortAllDurableObjects();
  const sequencer = revived(crashed);
  const after = new AppViewDouble();
  after.at = 2;
  await withAppView(sequencer, after);
  const alarm = await runInDurableObject(sequencer, (_, { storage }) => storage.getAlarm());
  expect(alarm).toBeLessThanOrEqual(Date.now() + 10_000);
  expect(await runDurableObjectAlarm(sequencer)).toBe(true);
  await until(() => after.at === 5);
  expect(after.seqs).toEqual([3, 4, 5]);
});

test("a burst of appends sets one alarm, and an idle sequencer none", async () => {
  const appview = new AppViewDouble();
  const sequencer = await newSequencer(appview);
  await sequencer.append(did("alice"), identities(1, 1));
  const first = await runInDurableObject(sequencer, (_, { storage }) => storage.getAlarm());
  for (let position = 2; position <= 20; position++) {
    await sequencer.append(did("alice"), identities(position, position));
  }
  await until(() => appview.at === 20);
  const later = await runInDurableObject(sequencer, (_, { storage }) => storage.getAlarm());
  expect(later).toBe(first);
  await runDurableObjectAlarm(sequencer);
  expect(await runInDurableObject(sequencer, (_, { storage }) => storage.getAlarm())).toBeNull();
});

test("a restarted sequencer does not put its alarm off", async () => {
  const crashed = await newSequencer(new AppViewDouble());
  await crashed.append(did("alice"), identities(1, 1));
  const first = await runInDurableObject(crashed, (_, { storage }) => storage.getAlarm());
  await abortAllDurableObjects();
  const sequencer = revived(crashed);
  await withAppView(sequencer, new AppViewDouble());
  await scheduler.wait(5);
  await sequencer.append(did("alice"), identities(2, 2));
  expect(await runInDurableObject(sequencer, (_, { storage }) => storage.getAlarm())).toBe(first);
});

test("the alarm lets the index know how far it is, where its own cursor trails", async () => {
  const calls: { after: number; events: number; stored: number | undefined }[] = [];
  const sequencer = await newSequencer({
    cursor: async () => 0,
    ingest: async (after, events, stored) => {
      calls.push({ after, events: events.length, stored });
      return events.length === 0 ? { cursor: after } : { cursor: events.at(-1)?.seq ?? after, stored: 0 };
    },
  });
  await sequencer.append(did("alice"), identities(1, 2));
  await until(async () => (await sequencer.status()).indexed === 2);
  await runDurableObjectAlarm(sequencer);
  await sequencer.append(did("alice"), identities(3, 3));
  await until(async () => (await sequencer.status()).indexed === 3);
  expect(calls).toEqual([
    { after: 0, events: 2, stored: 0 },
    { after: 2, events: 0, stored: 0 },
    { after: 2, events: 1, stored: 2 },
  ]);
});

test("an index that starts over is fed the whole window again", async () => {
  const appview = new AppViewDouble();
  const sequencer = await newSequencer(appview);
  await sequencer.append(did("alice"), identities(1, 250));
  await until(() => appview.at === 250);
  appview.at = 0;
  appview.taken.length = 0;
  await sequencer.append(did("alice"), identities(251, 251));
  await until(() => appview.at === 251);
  expect(appview.seqs).toEqual(range(1, 251));
});

test("an index that lies before the window goes on from its start, and the loss shows", async () => {
  const appview = new AppViewDouble();
  appview.failing = "away for four days";
  const sequencer = await newSequencer(appview);
  await sequencer.append(did("alice"), identities(1, 9));
  await runInDurableObject(sequencer, (_, { storage }) => {
    storage.sql.exec("UPDATE event SET time = 0 WHERE seq <= 5");
  });
  await runDurableObjectAlarm(sequencer);
  expect(await sequencer.status()).toMatchObject({ oldest: 6 });
  appview.failing = null;
  await until(() => appview.at === 9);
  expect(appview.seqs).toEqual(range(6, 9));
  expect(await sequencer.status()).toMatchObject({ ingestLost: { after: 0, upTo: 5 }, ingestError: null });
});

test("a sequencer behind the index, restored from a backup, goes on above it", async () => {
  const appview = new AppViewDouble();
  appview.at = 500;
  const sequencer = await newSequencer(appview);
  await sequencer.append(did("alice"), identities(1, 2));
  await until(async () => (await sequencer.status()).seq >= 500);
  const { seq } = await sequencer.append(did("alice"), identities(3, 4));
  expect(seq).toBe(502);
  await until(() => appview.at === 502);
  expect(appview.seqs).toEqual([501, 502]);
});

test("without an AppView nothing is handed on and nobody waits", async () => {
  const sequencer = await newSequencer(null);
  const { seq } = await sequencer.append(did("alice"), identities(1, 2));
  expect(await sequencer.indexed(seq)).toBe(false);
  expect(await sequencer.status()).toMatchObject({ seq: 2, indexed: 0, ingestError: null });
});

test("while it is held, the index gets nothing and no write waits; then it gets all, in order", async () => {
  const appview = new AppViewDouble();
  const sequencer = await newSequencer(appview);
  await sequencer.append(did("alice"), identities(1, 2));
  await until(() => appview.at === 2);
  await sequencer.followPlan({}, Date.now() + 3_600_000);
  const { seq } = await sequencer.append(did("alice"), identities(3, 5));
  const waits = countWaits();
  expect(await sequencer.indexed(seq)).toBe(false);
  expect(waits()).toBe(0);
  await runDurableObjectAlarm(sequencer);
  expect(appview.at).toBe(2);
  await sequencer.followPlan({}, 0);
  await until(() => appview.at === 5);
  expect(appview.seqs).toEqual(range(1, 5));
  expect(await sequencer.indexed(seq)).toBe(true);
});

test("an object that dies while it is held goes on until it is told again", async () => {
  const appview = new AppViewDouble();
  const sequencer = await newSequencer(appview);
  await sequencer.followPlan({ HOST_NAME: "Lagoon" }, Date.now() + 3_600_000);
  await sequencer.append(did("alice"), identities(1, 1));
  await abortAllDurableObjects();
  const back = revived(sequencer);
  expect(await back.keptSettings()).toEqual({ HOST_NAME: "Lagoon" });
  await withAppView(back, appview);
  await back.append(did("alice"), identities(2, 2));
  await until(() => appview.at === 2);
  expect(appview.seqs).toEqual([1, 2]);
});
