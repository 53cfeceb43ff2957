import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { decodeFrame } from "../../src/protocol/event-frames.ts";
import { Sql, rowsSince } from "../../src/protocol/object/sql.ts";
import type { SequencerObject } from "../../src/sequencer/object.ts";
import { EventWindow } from "../../src/sequencer/window.ts";
import {
  account,
  did,
  heavy,
  identities,
  identity,
  newSequencer,
  range,
  subscribe,
  until,
  withAppView,
} from "../support/sequencer.ts";

test("events of all accounts are numbered 1, 2, 3 … in the order they are taken", async () => {
  const sequencer = await newSequencer();
  expect(await sequencer.append(did("alice"), identities(1, 2))).toMatchObject({ acked: 2, seq: 2 });
  expect(await sequencer.append(did("bob"), identities(1, 1, did("bob")))).toMatchObject({
    acked: 1,
    seq: 3,
  });
  const consumer = await subscribe(sequencer, 0);
  await until(() => consumer.events.length === 3);
  expect(consumer.events.map(({ seq, did }) => [seq, did])).toEqual([
    [1, did("alice")],
    [2, did("alice")],
    [3, did("bob")],
  ]);
});

test("an entry that was taken before is acknowledged and not taken again", async () => {
  const sequencer = await newSequencer();
  await sequencer.append(did("alice"), identities(1, 3));
  expect(await sequencer.append(did("alice"), identities(1, 3))).toMatchObject({ acked: 3, seq: 3 });
  expect(await sequencer.append(did("alice"), identities(2, 4))).toMatchObject({ acked: 4, seq: 4 });
});

test("entries after a gap are not taken, and the answer says from where to resend", async () => {
  const sequencer = await newSequencer();
  expect(await sequencer.append(did("alice"), identities(2, 3))).toMatchObject({ acked: 0, seq: 0 });
  await sequencer.append(did("alice"), identities(1, 1));
  expect(await sequencer.append(did("alice"), [identity(2), identity(4)])).toMatchObject({
    acked: 2,
    seq: 2,
  });
  expect(await sequencer.append(did("alice"), identities(4, 4))).toMatchObject({ acked: 2, seq: 2 });
});

test("concurrent appends and resends of forty accounts give every event one number", async () => {
  const sequencer = await newSequencer();
  const names = range(1, 40).map((n) => did(`member${n}`));
  await Promise.all(
    names.flatMap((name) => [
      sequencer.append(name, identities(1, 5, name)),
      sequencer.append(name, identities(1, 5, name)),
    ]),
  );
  const consumer = await subscribe(sequencer, 0);
  await until(() => consumer.events.length >= 200);
  expect(consumer.seqs).toEqual(range(1, 200));
});

test("a repo is known by its last rev, head and status, whichever events carried them", async () => {
  const sequencer = await newSequencer();
  const bob = did("bob");
  await sequencer.append(bob, [
    identity(1, bob),
    account(2, bob, "active"),
    { ...identity(3, bob), kind: "commit", rev: "3aaa", head: "bafyone" },
    { ...identity(4, bob), kind: "sync", rev: "3bbb", head: "bafytwo" },
  ]);
  expect(await sequencer.repo(bob)).toEqual({
    did: bob,
    position: 4,
    rev: "3bbb",
    head: "bafytwo",
    status: "active",
  });
  await sequencer.append(bob, [account(5, bob, "takendown")]);
  expect(await sequencer.repo(bob)).toMatchObject({ rev: "3bbb", head: "bafytwo", status: "takendown" });
  expect(await sequencer.repo(did("nobody"))).toBeNull();
});

test("listRepos pages by DID with none twice and none missing", async () => {
  const sequencer = await newSequencer();
  const names = range(1, 25).map((n) => did(`m${String(n).padStart(2, "0")}`));
  for (const name of names.toReversed()) await sequencer.append(name, identities(1, 1, name));
  const seen: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await sequencer.listRepos(cursor, 10);
    seen.push(...page.map((repo) => repo.did));
    if (page.length < 10) break;
    cursor = page.at(-1)?.did;
  }
  expect(seen).toEqual(names);
});

test("repos by age come as they came, each once, by pages of any size", async () => {
  const sequencer = await newSequencer();
  const names = ["m", "c", "x", "a", "b", "z", "k"].map(did);
  await runInDurableObject(sequencer, (_, { storage }) => {
    const window = new EventWindow(new Sql(storage), () => 1);
    // Two at each moment, the last alone.
    for (const [i, name] of names.entries()) window.append(name, identities(1, 1, name), Math.floor(i / 2));
    // A later event changes nothing.
    window.append(did("m"), identities(2, 2, did("m")), 99);
  });
  const expected = ["c", "m", "a", "x", "b", "z", "k"].map(did);
  for (const limit of [1, 2, 3, 7, 100]) {
    const seen: string[] = [];
    for (let after = null; ;) {
      const page = await sequencer.reposByAge(after, limit);
      seen.push(...page.map((repo) => repo.did));
      after = page.at(-1) ?? null;
      if (page.length < limit || after === null) break;
    }
    expect(seen, String(limit)).toEqual(expected);
  }
});

test("the deletion of an account removes its earlier events and nobody else's", async () => {
  const sequencer = await newSequencer();
  const bob = did("bob");
  await sequencer.append(bob, identities(1, 2, bob));
  await sequencer.append(did("alice"), identities(1, 2));
  await sequencer.append(bob, [heavy(3, 1_950_000, bob)]);
  await sequencer.append(bob, [account(4, bob, "deleted")]);
  const consumer = await subscribe(sequencer, 0);
  await until(() => consumer.events.length >= 3);
  expect(consumer.seqs).toEqual([3, 4, 6]);
  expect(consumer.notes).toEqual([]);
  expect(await sequencer.repo(bob)).toMatchObject({ status: "deleted", position: 4 });
  await runInDurableObject(sequencer, (_, { storage }) => {
    expect(storage.sql.exec("SELECT count(*) AS n FROM event_tail").one()).toEqual({ n: 0 });
  });
});

test("a frame too long for one row comes out whole", async () => {
  const sequencer = await newSequencer();
  const lengths = [1_899_800, 1_899_900, 1_950_000, 2_080_000];
  for (const [index, bytes] of lengths.entries()) {
    await sequencer.append(did("alice"), [heavy(index + 1, bytes)]);
  }
  const consumer = await subscribe(sequencer, 0);
  await until(() => consumer.events.length === lengths.length);
  expect(consumer.events.map((event) => (event.kind === "identity" ? event.handle?.length : 0))).toEqual(
    lengths.map((bytes) => bytes + ".test".length),
  );
});

test("numbers go on after the object was evicted", async () => {
  const sequencer = await newSequencer();
  await sequencer.append(did("alice"), identities(1, 3));
  await evictDurableObject(sequencer);
  await withAppView(sequencer, null);
  expect(await sequencer.append(did("alice"), identities(3, 5))).toMatchObject({ acked: 5, seq: 5 });
  expect(await sequencer.status()).toMatchObject({ seq: 5, oldest: 1 });
});

test("a failing append leaves nothing behind", async () => {
  const sequencer = await newSequencer();
  await sequencer.append(did("alice"), identities(1, 1));
  await runInDurableObject(sequencer, (_, { storage }) => {
    storage.sql.exec("CREATE TRIGGER refuse BEFORE UPDATE ON repo BEGIN SELECT raise(ABORT, 'no'); END");
  });
  await runInDurableObject<SequencerObject, void>(sequencer, async (instance) => {
    await expect(instance.append(did("alice"), identities(2, 3))).rejects.toThrow("no");
  });
  expect(await sequencer.status()).toMatchObject({ seq: 1 });
  await runInDurableObject(sequencer, (_, { storage }) => void storage.sql.exec("DROP TRIGGER refuse"));
  expect(await sequencer.append(did("alice"), identities(2, 3))).toMatchObject({ acked: 3, seq: 3 });
});

test("one event costs two rows written, a repo's first a third, and one more when it is pruned", async () => {
  const sequencer = await newSequencer();
  await runInDurableObject(sequencer, (_, { storage }) => {
    const sql = new Sql(storage);
    const counted = new EventWindow(sql, () => 1);
    let before = sql.rows;
    const rows = () => {
      const { written } = rowsSince(sql, before);
      before = sql.rows;
      return written;
    };
    counted.append(did("alice"), identities(1, 1), 0);
    expect(rows()).toBe(3);
    counted.append(did("alice"), identities(2, 2), 0);
    expect(rows()).toBe(2);
    counted.append(did("alice"), identities(3, 12), 0);
    expect(rows()).toBe(11);
    counted.append(did("alice"), identities(1, 12), 0);
    expect(rows()).toBe(0);
    // Eleven events are pruned; the twelfth stays to keep the count. The horizon costs one row per slice.
    counted.prune({ age: 1000, bytes: 1 }, 5000, 500);
    expect(rows()).toBe(12);
  });
});

test("pruning goes by age in bounded slices, and never takes the newest event", async () => {
  const sequencer = await newSequencer();
  await runInDurableObject(sequencer, (_, { storage }) => {
    const window = new EventWindow(new Sql(storage), () => 1);
    const limits = { age: 1000, bytes: 1e12 };
    window.append(did("alice"), identities(1, 30), 1000);
    window.append(did("alice"), identities(31, 40), 5000);
    expect(window.prune(limits, 2000, 10)).toBe(false);
    expect(window.oldest).toBe(1);
    expect(window.prune(limits, 5500, 20)).toBe(true);
    expect(window.oldest).toBe(21);
    expect(window.prune(limits, 5500, 20)).toBe(false);
    expect(window.oldest).toBe(31);
    expect(window.pruned).toBe(30);
    while (window.prune(limits, 9000, 4));
    expect([window.oldest, window.pruned, window.head]).toEqual([40, 39, 40]);
    expect(new EventWindow(new Sql(storage), () => 1).head).toBe(40);
  });
});

test("a window past its bytes loses its oldest events, however young", async () => {
  const sequencer = await newSequencer();
  await runInDurableObject(sequencer, (_, { storage }) => {
    const window = new EventWindow(new Sql(storage), () => 1);
    for (let position = 1; position <= 40; position++) {
      window.append(did("alice"), [heavy(position, 50_000)], 1000);
    }
    const limits = { age: 1e12, bytes: 1_000_000 };
    expect(storage.sql.databaseSize).toBeGreaterThan(2_000_000);
    while (window.prune(limits, 2000, 5));
    expect(storage.sql.databaseSize).toBeLessThanOrEqual(1_000_000);
    expect(window.oldest).toBeGreaterThan(20);
    expect([...window.after(0, 1000)].map(({ frame }) => decodeFrame(frame).seq)).toEqual(
      range(window.oldest ?? 0, 40),
    );
  });
});
