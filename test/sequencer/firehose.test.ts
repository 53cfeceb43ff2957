import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { must } from "../../src/protocol/refusal.ts";
import type { FirehoseLimits } from "../../src/sequencer/firehose.ts";
import { DEFAULT_LIMITS, SequencerObject } from "../../src/sequencer/object.ts";
import type { Stub } from "../support/sequencer.ts";
import {
  bindings,
  did,
  heavy,
  identities,
  identity,
  namespace,
  newSequencer,
  range,
  revived,
  subscribe,
  subscription,
  until,
  withAppView,
} from "../support/sequencer.ts";

/** A second sequencer over `stub`'s storage, with its own limits. It takes over the sockets. */
async function limited(stub: Stub, firehose: Partial<FirehoseLimits>): Promise<SequencerObject> {
  class Limited extends SequencerObject {
    protected override limits() {
      return { ...DEFAULT_LIMITS, firehose: { ...DEFAULT_LIMITS.firehose, ...firehose } };
    }
    protected override appview() {
      return null;
    }
    protected override firstSeq() {
      return 1;
    }
  }
  let made: SequencerObject | null = null;
  await runInDurableObject(stub, (instance, state) => {
    const sequencer = new Limited(state, bindings);
    made = sequencer;
    Object.defineProperties(instance, {
      fetch: { value: (request: Request) => sequencer.fetch(request), configurable: true },
      webSocketClose: {
        value: (socket: WebSocket, code: number, reason: string) =>
          sequencer.webSocketClose(socket, code, reason),
        configurable: true,
      },
    });
  });
  return must<SequencerObject>(made, "sequencer");
}

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
  const consumer = await subscribe(sequencer, 3);
  await until(() => consumer.closed !== null);
  expect(consumer.notes).toEqual(["FutureCursor"]);
  expect(consumer.closed).toMatchObject({ code: 1008 });
  expect(await sequencer.status()).toMatchObject({ subscribers: 0 });
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
  await runInDurableObject(sequencer, async (instance) => {
    if (instance instanceof SequencerObject) await instance.alarm();
  });
  const [outdated, negative, last, kept] = [
    await subscribe(sequencer, 5),
    await subscribe(sequencer, -1),
    await subscribe(sequencer, 6),
    await subscribe(sequencer, 7),
  ];
  await until(() => kept.events.length >= 3 && negative.events.length >= 4);
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
  expect(await sequencer.status()).toMatchObject({ subscribers: 0 });
});

test("a request that is no upgrade is refused", async () => {
  const sequencer = await newSequencer();
  const plain = await sequencer.fetch("http://host.test/xrpc/com.atproto.sync.subscribeRepos?cursor=0");
  expect(plain.status).toBe(426);
  expect(plain.headers.get("upgrade")).toBe("websocket");
  await plain.body?.cancel();
  expect(await sequencer.status()).toMatchObject({ subscribers: 0 });
});

test("backfill pages through to live with no gap and no repeat while events keep arriving", async () => {
  const sequencer = await newSequencer();
  for (let first = 1; first <= 4000; first += 200) {
    await sequencer.append(did("alice"), identities(first, first + 199));
  }
  // The limits are slow enough that the replays overlap the writes, and end among them.
  const slow = await limited(sequencer, {
    socketRate: 600_000,
    totalRate: 2_000_000,
    burst: 20_000,
    round: 5,
  });
  const cursors = [0, 0, 1, 999, 1000, 1001, 2500, 3743, 3744, 3745, 3999, 4000];
  const consumers = await Promise.all(cursors.map(async (cursor) => subscribe(sequencer, cursor)));
  let position = 4000;
  const replaying = () => consumers.some((consumer) => consumer.events.length < position - 4000);
  for (let more = 60; more > 0 || replaying(); more--) {
    const from = ++position;
    await runInDurableObject(sequencer, () => slow.append(did("alice"), identities(from, from)));
    await scheduler.wait(5);
    if (position > 6000) break;
  }
  await until(() => consumers.every((consumer) => consumer.seqs.at(-1) === position));
  for (const [index, consumer] of consumers.entries()) {
    expect(consumer.seqs).toEqual(range((cursors[index] ?? 0) + 1, position));
  }
});

test("live consumers are still live after hibernation", async () => {
  const sequencer = await newSequencer();
  await sequencer.append(did("alice"), identities(1, 2));
  const consumer = await subscribe(sequencer);
  for (let position = 3; position <= 6; position++) {
    await evictDurableObject(sequencer, { webSockets: "hibernate" });
    await withAppView(sequencer, null);
    await sequencer.append(did("alice"), identities(position, position));
  }
  await until(() => consumer.events.length >= 4);
  expect(consumer.seqs).toEqual([3, 4, 5, 6]);
  expect(await sequencer.status()).toMatchObject({ subscribers: 1 });
});

test("a replay that was put to sleep goes on where it was, with no gap and no repeat", async () => {
  const sequencer = await newSequencer();
  for (let position = 1; position <= 60; position++) {
    await sequencer.append(did("alice"), [heavy(position, 100_000)]);
  }
  const consumer = await subscribe(sequencer, 0);
  let sleeps = 0;
  for (let position = 61; consumer.seqs.at(-1) !== 70 && sleeps < 400; sleeps++) {
    await evictDurableObject(sequencer, { webSockets: "hibernate" });
    await withAppView(sequencer, null);
    if (position <= 70) {
      await sequencer.append(did("alice"), [identity(position)]);
      position += 1;
    }
    await scheduler.wait(25);
  }
  expect(sleeps).toBeGreaterThan(3);
  expect(consumer.seqs).toEqual(range(1, 70));
});

test("a consumer that leaves is forgotten", async () => {
  const sequencer = await newSequencer();
  const [stays, leaves] = [await subscribe(sequencer), await subscribe(sequencer, 0)];
  leaves.socket.close(1000, "enough");
  await until(async () => (await sequencer.status()).subscribers === 1);
  expect(await sequencer.status()).toMatchObject({ subscribers: 1 });
  await sequencer.append(did("alice"), identities(1, 1));
  await until(() => stays.events.length === 1);
  expect(stays.seqs).toEqual([1]);
  expect(leaves.seqs).toEqual([]);
});

test("a consumer that was sent more than it may owe gets ConsumerTooSlow, and goes on with its cursor", async () => {
  const sequencer = await newSequencer();
  for (let position = 1; position <= 40; position++) {
    await sequencer.append(did("alice"), [heavy(position, 50_000)]);
  }
  await limited(sequencer, { debtPool: 1_000_000, debtFloor: 500_000, round: 5 });
  const seen: number[] = [];
  for (let connections = 0; seen.length < 40 && connections < 10; connections++) {
    const consumer = await subscribe(sequencer, seen.at(-1) ?? 0);
    await until(() => consumer.closed !== null || consumer.seqs.at(-1) === 40);
    if (consumer.closed !== null) {
      expect(consumer.notes).toEqual(["ConsumerTooSlow"]);
      expect(consumer.closed).toMatchObject({ code: 1008, reason: "ConsumerTooSlow" });
      expect(consumer.bytes).toBeLessThan(1_500_000);
    }
    seen.push(...consumer.seqs);
  }
  expect(seen).toEqual(range(1, 40));
});

test("a live consumer over its allowance is cut, and the others are not", async () => {
  const sequencer = await newSequencer();
  const strict = await limited(sequencer, { debtPool: 800_000, debtFloor: 500_000 });
  await runInDurableObject(sequencer, () => strict.append(did("alice"), [heavy(1, 400_000)]));
  const old = await subscribe(sequencer, 0);
  await until(() => old.events.length === 1);
  const fresh = await subscribe(sequencer, 1);
  await runInDurableObject(sequencer, () => strict.append(did("alice"), [heavy(2, 450_000)]));
  await until(() => old.closed !== null && fresh.events.length === 1);
  expect(old.notes).toEqual(["ConsumerTooSlow"]);
  expect([fresh.notes, fresh.seqs]).toEqual([[], [2]]);
});

test("a replay that the pruning overtakes is told so, not continued with a hole", async () => {
  const sequencer = await newSequencer();
  for (let position = 1; position <= 20; position++) {
    await sequencer.append(did("alice"), [heavy(position, 50_000)]);
  }
  const slow = await limited(sequencer, { socketRate: 300_000, burst: 60_000, round: 5 });
  const consumer = await subscribe(sequencer, 0);
  await runInDurableObject(sequencer, async (_, { storage }) => {
    storage.sql.exec("UPDATE event SET time = 0");
    await slow.alarm();
  });
  await until(() => consumer.closed !== null);
  expect(consumer.notes).toEqual(["ConsumerTooSlow"]);
  expect(consumer.seqs).toEqual(range(1, consumer.seqs.length));
});

test("consumers that never read are cut, and when they hold too much the object drops them by starting anew", async () => {
  const stub = await newSequencer();
  for (let position = 1; position <= 40; position++) {
    await stub.append(did("alice"), [heavy(position, 50_000)]);
  }
  const strict = await limited(stub, { debtPool: 500_000, debtFloor: 300_000, round: 5, patience: 50 });
  const reader = await subscribe(stub, 40);
  // This side never accepts the sockets, so nothing is ever read from them.
  for (let n = 0; n < 3; n++) must((await stub.fetch(subscription(0))).webSocket, "socket");
  await until(() => runInDurableObject(stub, async () => (await strict.status()).subscribers === 1));
  await scheduler.wait(100);
  await expect(runInDurableObject(stub, () => strict.alarm())).rejects.toThrow("never read");
  const sequencer = revived(stub);
  await withAppView(sequencer, null);
  expect(await sequencer.append(did("alice"), identities(41, 41))).toEqual({ acked: 41, seq: 41 });
  expect(await sequencer.status()).toMatchObject({ subscribers: 0 });
  expect(reader.notes).toEqual([]);
  const again = await subscribe(sequencer, 40);
  await until(() => again.events.length === 1);
  expect(again.seqs).toEqual([41]);
});

test("one socket more than there is room for is refused", async () => {
  const sequencer = await newSequencer();
  await limited(sequencer, { sockets: 2 });
  await subscribe(sequencer, 0);
  await subscribe(sequencer, 0);
  const response = await sequencer.fetch(subscription(0));
  expect(response.status).toBe(429);
  expect(await response.json()).toMatchObject({ error: "RateLimitExceeded" });
});

test("one address has so many sockets and no more, also after a sleep; a closed one makes room", async () => {
  const sequencer = await newSequencer();
  await limited(sequencer, { socketsOfOne: 2 });
  const open = async (address: string | null) => {
    const request = subscription();
    if (address !== null) request.headers.set("atoll-subscriber", address);
    return sequencer.fetch(request);
  };
  const [first, second] = [await open("192.0.2.1"), await open("192.0.2.1")];
  for (const { webSocket } of [first, second]) must(webSocket, "socket").accept();
  await limited(sequencer, { socketsOfOne: 2 });
  const third = await open("192.0.2.1");
  expect([first.status, second.status, third.status]).toEqual([101, 101, 429]);
  expect(await third.json()).toMatchObject({ error: "RateLimitExceeded" });
  expect([(await open("192.0.2.2")).status, (await open(null)).status]).toEqual([101, 101]);
  must(first.webSocket, "socket").close(1000);
  await until(async () => (await open("192.0.2.1")).status === 101);
  expect((await open("192.0.2.1")).status).toBe(429);
});
