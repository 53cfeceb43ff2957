/** The firehose as its consumers see it, on sockets that hibernate. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { must } from "../../../src/protocol/refusal.ts";
import { SequencerObject } from "../../../src/sequencer/object.ts";
import type { Stub } from "../../support/sequencer.ts";
import {
  countReaders,
  did,
  heavy,
  identities,
  identity,
  join,
  limitFanOut,
  namespace,
  newSequencer,
  range,
  revivedFanOut,
  seatAt,
  subscribe,
  subscription,
  until,
  withAppView,
} from "../../support/sequencer.ts";

const prune = (sequencer: Stub) =>
  runInDurableObject(sequencer, async (instance) => {
    if (instance instanceof SequencerObject) await instance.alarm();
  });

test("without a cursor only what comes after is sent", async () => {
  const sequencer = await newSequencer();
  await sequencer.append(did("alice"), identities(1, 3));
  const consumer = await subscribe(sequencer);
  await sequencer.append(did("alice"), identities(4, 5));
  await until(() => consumer.events.length >= 2);
  expect(consumer.seqs).toEqual([4, 5]);
});

test("a cursor is exclusive, and the newest seq leads straight to live", async () => {
  const sequencer = await newSequencer();
  await sequencer.append(did("alice"), identities(1, 5));
  const [third, newest] = [await subscribe(sequencer, 3), await subscribe(sequencer, 5)];
  await sequencer.append(did("alice"), identities(6, 6));
  await until(() => third.events.length >= 3 && newest.events.length >= 1);
  expect(third.seqs).toEqual([4, 5, 6]);
  expect(newest.seqs).toEqual([6]);
});

test("cursor 0 of a host without events waits for the first", async () => {
  const sequencer = await newSequencer();
  const consumer = await subscribe(sequencer, 0);
  await sequencer.append(did("alice"), identities(1, 1));
  await until(() => consumer.events.length >= 1);
  expect(consumer.seqs).toEqual([1]);
});

test("a cursor in the future gets FutureCursor and close 1008", async () => {
  const sequencer = await newSequencer();
  await sequencer.append(did("alice"), identities(1, 2));
  const fanOut = await seatAt(sequencer);
  const consumer = await join(fanOut, 3);
  await until(() => consumer.closed !== null);
  expect(consumer.notes).toEqual(["FutureCursor"]);
  expect(consumer.closed).toMatchObject({ code: 1008 });
  expect(await countReaders(fanOut)).toBe(0);
});

test("a cursor of a host's earlier life waits for the first event of the new one", async () => {
  const sequencer = namespace.getByName("a-second-life");
  await withAppView(sequencer, null);
  const before = Date.now();
  const consumers = [await subscribe(sequencer, 57), await subscribe(sequencer, before - 1000)];
  await sequencer.append(did("alice"), identities(1, 2));
  await until(() => consumers.every((consumer) => consumer.events.length === 2));
  const { seq } = await sequencer.status();
  expect(seq).toBeGreaterThan(before);
  expect(seq).toBeLessThanOrEqual(Date.now() + 1);
  for (const { seqs, notes } of consumers) expect([seqs, notes]).toEqual([[seq - 1, seq], []]);
  const [old, future] = [await subscribe(sequencer, 57), await subscribe(sequencer, seq + 1)];
  await until(() => old.events.length === 2 && future.closed !== null);
  expect([old.seqs, old.notes]).toEqual([[seq - 1, seq], []]);
  expect(future.notes).toEqual(["FutureCursor"]);
});

test("a cursor older than the window gets OutdatedCursor, then the window from its start", async () => {
  const sequencer = await newSequencer();
  await sequencer.append(did("alice"), identities(1, 10));
  await runInDurableObject(sequencer, (_, { storage }) => {
    storage.sql.exec("UPDATE event SET time = 0 WHERE seq <= 6");
  });
  await prune(sequencer);
  const [outdated, negative, last, kept] = [
    await subscribe(sequencer, 5),
    await subscribe(sequencer, -1),
    await subscribe(sequencer, 6),
    await subscribe(sequencer, 7),
  ];
  const all = [outdated, negative, last, kept];
  await until(() => all.every((consumer) => consumer.seqs.at(-1) === 10));
  expect([outdated.notes, outdated.seqs]).toEqual([["OutdatedCursor"], [7, 8, 9, 10]]);
  expect([negative.notes, negative.seqs]).toEqual([["OutdatedCursor"], [7, 8, 9, 10]]);
  expect([last.notes, last.seqs]).toEqual([[], [7, 8, 9, 10]]);
  expect([kept.notes, kept.seqs]).toEqual([[], [8, 9, 10]]);
});

test("a cursor that is no integer gets an error frame and close 1008, before and after the first event", async () => {
  const sequencer = await newSequencer();
  for (const events of [0, 1]) {
    await sequencer.append(did("alice"), identities(1, events));
    for (const cursor of ["abc", "1.5", "", "1e3", "0x10", " 1", "99999999999999999999"]) {
      const consumer = await subscribe(sequencer, cursor);
      await until(() => consumer.closed !== null);
      expect([cursor, consumer.notes, consumer.closed?.code]).toEqual([cursor, ["InvalidRequest"], 1008]);
      expect(consumer.seqs).toEqual([]);
    }
  }
  expect(await countReaders(await seatAt(sequencer))).toBe(0);
});

test("replays page through to live with no gap and no repeat while events keep arriving", async () => {
  const sequencer = await newSequencer();
  for (let first = 1; first <= 4000; first += 200) {
    await sequencer.append(did("alice"), identities(first, first + 199));
  }
  // Slow enough that the replays overlap the writes, and end among them.
  const fanOut = await seatAt(sequencer);
  await limitFanOut(fanOut, { socketRate: 600_000, burst: 20_000 }, { pages: 2_000_000 });
  const cursors = [0, 0, 1, 999, 1000, 1001, 2500, 3743, 3744, 3745, 3999, 4000];
  const consumers = await Promise.all(cursors.map(async (cursor) => join(fanOut, cursor)));
  let position = 4000;
  const replaying = () => consumers.some((consumer) => consumer.events.length < position - 4000);
  for (let more = 60; (more > 0 || replaying()) && position < 6000; more--) {
    position += 1;
    await sequencer.append(did("alice"), identities(position, position));
    await scheduler.wait(5);
  }
  await until(() => consumers.every((consumer) => consumer.seqs.at(-1) === position));
  for (const [index, consumer] of consumers.entries()) {
    expect(consumer.seqs).toEqual(range((cursors[index] ?? 0) + 1, position));
  }
});

test("live consumers are still live after both objects slept", async () => {
  const sequencer = await newSequencer();
  await sequencer.append(did("alice"), identities(1, 2));
  const fanOut = await seatAt(sequencer);
  const consumer = await join(fanOut);
  for (let position = 3; position <= 8; position++) {
    if (position % 2 === 1) await evictDurableObject(fanOut, { webSockets: "hibernate" });
    if (position % 3 !== 0) await evictDurableObject(sequencer);
    await withAppView(sequencer, null);
    await sequencer.append(did("alice"), identities(position, position));
    await until(() => consumer.seqs.at(-1) === position);
  }
  expect(consumer.seqs).toEqual([3, 4, 5, 6, 7, 8]);
  expect(await countReaders(fanOut)).toBe(1);
});

test("a replay that was put to sleep goes on where it was, with no gap and no repeat", async () => {
  const sequencer = await newSequencer();
  for (let position = 1; position <= 60; position++) {
    await sequencer.append(did("alice"), [heavy(position, 100_000)]);
  }
  const fanOut = await seatAt(sequencer);
  const consumer = await join(fanOut, 0);
  let sleeps = 0;
  for (let position = 61; consumer.seqs.at(-1) !== 70 && sleeps < 400; sleeps++) {
    await evictDurableObject(fanOut, { webSockets: "hibernate" });
    if (position <= 70) {
      await sequencer.append(did("alice"), [identity(position)]);
      position += 1;
    }
    await scheduler.wait(25);
  }
  expect(sleeps).toBeGreaterThan(3);
  expect(consumer.seqs).toEqual(range(1, 70));
});

test("a sequencer that crashed between numbering and handing out leaves no gap", async () => {
  const sequencer = await newSequencer();
  await sequencer.append(did("alice"), identities(1, 2));
  const fanOut = await seatAt(sequencer);
  const consumer = await join(fanOut);
  await runInDurableObject(fanOut, (instance) => {
    const value = () => Promise.reject(new Error("cut"));
    Object.defineProperty(instance, "deliver", { value, configurable: true });
  });
  await sequencer.append(did("alice"), identities(3, 4));
  await scheduler.wait(50);
  expect(consumer.seqs).toEqual([]);
  await evictDurableObject(sequencer);
  await runInDurableObject(fanOut, (instance) => Reflect.deleteProperty(instance, "deliver"));
  await withAppView(sequencer, null);
  expect(await sequencer.status()).toMatchObject({ seq: 4 });
  await until(() => consumer.events.length === 2);
  await sequencer.append(did("alice"), identities(5, 5));
  await until(() => consumer.events.length === 3);
  expect(consumer.seqs).toEqual([3, 4, 5]);
});

test("a consumer that leaves is forgotten", async () => {
  const sequencer = await newSequencer();
  const fanOut = await seatAt(sequencer);
  const [stays, leaves] = [await join(fanOut), await join(fanOut, 0)];
  leaves.socket.close(1000, "enough");
  await until(async () => (await countReaders(fanOut)) === 1);
  await sequencer.append(did("alice"), identities(1, 1));
  await until(() => stays.events.length === 1);
  expect(stays.seqs).toEqual([1]);
  expect(leaves.seqs).toEqual([]);
});

test("a replay that was sent more than it may owe gets ConsumerTooSlow, and goes on with its cursor", async () => {
  const sequencer = await newSequencer();
  for (let position = 1; position <= 40; position++) {
    await sequencer.append(did("alice"), [heavy(position, 50_000)]);
  }
  const fanOut = await seatAt(sequencer);
  await limitFanOut(fanOut, { debtPool: 1_000_000, debtFloor: 500_000, drainRate: 64_000 });
  const seen: number[] = [];
  for (let connections = 0; seen.length < 40 && connections < 10; connections++) {
    const consumer = await join(fanOut, seen.at(-1) ?? 0);
    await until(() => consumer.closed !== null || consumer.seqs.at(-1) === 40);
    if (consumer.closed !== null) {
      expect(consumer.notes).toEqual(["ConsumerTooSlow"]);
      expect(consumer.closed).toMatchObject({ code: 1008, reason: "ConsumerTooSlow" });
      expect(consumer.bytes).toBeLessThan(2_000_000);
    }
    seen.push(...consumer.seqs);
  }
  expect(seen).toEqual(range(1, 40));
});

test("a live consumer over its allowance is cut and counted, and the others are not", async () => {
  const sequencer = await newSequencer();
  const fanOut = await seatAt(sequencer);
  await limitFanOut(fanOut, { debtPool: 800_000, debtFloor: 500_000, drainRate: 64_000 });
  await sequencer.append(did("alice"), [heavy(1, 400_000)]);
  const old = await join(fanOut, 0);
  await until(() => old.events.length === 1);
  const fresh = await join(fanOut, 1);
  await sequencer.append(did("alice"), [heavy(2, 450_000)]);
  await until(() => old.closed !== null && fresh.events.length === 1);
  expect(old.notes).toEqual(["ConsumerTooSlow"]);
  expect([fresh.notes, fresh.seqs]).toEqual([[], [2]]);
  await sequencer.append(did("alice"), identities(3, 3));
  await until(() => fresh.events.length === 2);
  expect(await sequencer.streams()).toMatchObject([
    { kind: "repos", readers: 1, behind: 0, cut: { TooSlow: 1, Overtaken: 0 } },
    { kind: "json", readers: 0, cut: { TooSlow: 0, Overtaken: 0 } },
  ]);
});

test("a replay that the pruning overtakes is told so, not continued with a hole", async () => {
  const sequencer = await newSequencer();
  for (let position = 1; position <= 40; position++) {
    await sequencer.append(did("alice"), [heavy(position, 50_000)]);
  }
  const fanOut = await seatAt(sequencer);
  await limitFanOut(fanOut, { socketRate: 300_000, burst: 60_000 });
  const consumer = await join(fanOut, 0);
  await until(() => consumer.events.length > 0);
  await runInDurableObject(sequencer, (_, { storage }) => void storage.sql.exec("UPDATE event SET time = 0"));
  await prune(sequencer);
  await until(() => consumer.closed !== null);
  expect(consumer.notes).toEqual(["ConsumerTooSlow"]);
  expect(consumer.seqs).toEqual(range(1, consumer.seqs.length));
});

test("sockets that never read are cut, and when they hold too much their object drops them by starting anew", async () => {
  const sequencer = await newSequencer();
  for (let position = 1; position <= 40; position++) {
    await sequencer.append(did("alice"), [heavy(position, 50_000)]);
  }
  const fanOut = await seatAt(sequencer);
  await limitFanOut(fanOut, { debtPool: 500_000, debtFloor: 300_000, drainRate: 64_000, patience: 100 });
  const reader = await join(fanOut, 40);
  // This side never accepts the sockets, so nothing is ever read from them.
  for (let n = 0; n < 3; n++) must((await fanOut.fetch(subscription(0))).webSocket, "socket");
  await until(async () => {
    try {
      return (await countReaders(fanOut)) === 0;
    } catch {
      return true;
    }
  });
  expect(reader.notes).toEqual([]);
  const anew = revivedFanOut(fanOut);
  // The runtime may close the sockets of an object that it ended a little after the next one began.
  await until(async () => (await countReaders(anew)) === 0);
  await sequencer.append(did("alice"), identities(41, 41));
  const again = await join(anew, 40);
  await until(() => again.events.length === 1);
  expect(again.seqs).toEqual([41]);
});

test("what a consumer says is ignored", async () => {
  const sequencer = await newSequencer();
  const consumer = await subscribe(sequencer);
  consumer.socket.send("hello");
  consumer.socket.send(new Uint8Array(10));
  await sequencer.append(did("alice"), identities(1, 1));
  await until(() => consumer.events.length === 1);
  expect([consumer.seqs, consumer.closed]).toEqual([[1], null]);
});
