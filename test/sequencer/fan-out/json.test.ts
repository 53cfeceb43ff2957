/** The JSON stream, as clients of Jetstream (version 1) see it. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, test, vi } from "vitest";
import { TIME_SLOT } from "../../../src/protocol/events.ts";
import { must } from "../../../src/protocol/refusal.ts";
import type { FanOutStub, JsonReader, Stub } from "../../support/sequencer.ts";
import {
  account,
  commit,
  did,
  identity,
  jsonSubscription,
  limitFanOut,
  newSequencer,
  range,
  readJson,
  seatAt,
  until,
  withAppView,
} from "../../support/sequencer.ts";

const POST = "app.bsky.feed.post";
const LIKE = "app.bsky.feed.like";
const FOLLOW = "app.bsky.graph.follow";
const post = (text: string) => ({ $type: POST, text });

async function stage(): Promise<{ sequencer: Stub; fanOut: FanOutStub }> {
  const sequencer = await newSequencer();
  return { sequencer, fanOut: await seatAt(sequencer) };
}

const has = (reader: JsonReader, count: number) => until(() => reader.entries.length >= count);

describe("an entry", () => {
  test("is made of each operation of a commit, with the record or without", async () => {
    const { sequencer, fanOut } = await stage();
    const reader = await readJson(fanOut);
    const link = { $link: "bafkreibme22gw2h7y2h7tg2fhqotaqjucnbc24deqo72b6mkl2egezxhvy" };
    const record = {
      ...post("hi"),
      picture: { ref: link },
      raw: { $bytes: "aGk" },
      n: 1,
      deep: { a: [null] },
    };
    await sequencer.append(did("alice"), [
      commit(1, { [`${POST}/a`]: record, [`${POST}/b`]: null, [`${LIKE}/c`]: { $type: LIKE } }),
    ]);
    await has(reader, 3);
    const [a, b, c] = reader.entries;
    expect(a).toMatchObject({ did: did("alice"), kind: "commit", commit: { operation: "create", record } });
    expect(a?.commit?.cid).toMatch(/^bafyrei/);
    expect(b?.commit).toEqual({
      rev: a?.commit?.rev,
      operation: "delete",
      collection: POST,
      rkey: "b",
    });
    expect(c?.commit).toMatchObject({ operation: "create", collection: LIKE, rkey: "c" });
    // The order of Jetstream's own keys.
    expect(reader.texts[0]).toMatch(
      /^\{"did":"[^"]+","time_us":\d+,"kind":"commit","commit":\{"rev":"[^"]+","operation":"create","collection":"[^"]+","rkey":"a","record":\{.*\},"cid":"[^"]+"\}\}$/,
    );
    const times = reader.entries.map(({ time_us }) => time_us);
    expect(times).toEqual([...new Set(times)].toSorted((x, y) => x - y));
    expect(Math.abs((times[0] ?? 0) / 1000 - Date.now())).toBeLessThan(60_000);
  });

  test("is made of #identity and #account, and not of #sync", async () => {
    const { sequencer, fanOut } = await stage();
    const reader = await readJson(fanOut);
    const alice = did("alice");
    await sequencer.append(alice, [identity(1), account(2, alice, "active"), account(3, alice, "takendown")]);
    await has(reader, 3);
    const time = "2026-01-01T00:00:00.000Z";
    expect(reader.entries).toMatchObject([
      { did: alice, kind: "identity", identity: { did: alice, handle: "alice.test", seq: 1, time } },
      { did: alice, kind: "account", account: { active: true, did: alice, seq: 2, time } },
      { did: alice, kind: "account", account: { active: false, did: alice, seq: 3, status: "takendown" } },
    ]);
    expect(reader.texts[1]).not.toContain("status");
  });

  test("is encoded once, however many readers and filters want it, and not at all if none does", async () => {
    const { sequencer, fanOut } = await stage();
    const stringify = vi.spyOn(JSON, "stringify");
    const encodings = (rkey: string) =>
      stringify.mock.calls.filter(([value]) => Reflect.get(value ?? {}, "commit")?.rkey === rkey).length;
    try {
      const readers = [
        ...(await Promise.all(range(1, 5).map(() => readJson(fanOut, `wantedCollections=${POST}`)))),
        await readJson(fanOut, `wantedDids=${did("alice")}`),
        await readJson(fanOut, `wantedCollections=${FOLLOW}`),
      ];
      await sequencer.append(did("alice"), [commit(1, { [`${POST}/a`]: post("one") })]);
      await sequencer.append(did("bob"), [commit(1, { [`${LIKE}/b`]: { $type: LIKE } }, did("bob"))]);
      await sequencer.append(did("bob"), [identity(2, did("bob"))]);
      await until(() => readers.slice(0, 5).every(({ entries }) => entries.length === 2));
      expect(readers.map(({ rkeys }) => rkeys)).toEqual([["a"], ["a"], ["a"], ["a"], ["a"], ["a"], []]);
      expect([encodings("a"), encodings("b")]).toEqual([1, 0]);
    } finally {
      stringify.mockRestore();
    }
  });
});

describe("a filter", () => {
  const write = (sequencer: Stub) =>
    Promise.all(
      ["alice", "bob"].map((name) =>
        sequencer.append(did(name), [
          commit(
            1,
            {
              [`${POST}/${name}-post`]: post(name),
              [`${LIKE}/${name}-like`]: { $type: LIKE },
              [`${FOLLOW}/${name}-follow`]: { $type: FOLLOW },
              [`app.bsky.feedback.note/${name}-note`]: { $type: "app.bsky.feedback.note" },
            },
            did(name),
          ),
          identity(2, did(name)),
        ]),
      ),
    );

  test.each([
    [
      "",
      [
        "alice-post",
        "alice-like",
        "alice-follow",
        "alice-note",
        "bob-post",
        "bob-like",
        "bob-follow",
        "bob-note",
      ],
    ],
    [`wantedCollections=${POST}`, ["alice-post", "bob-post"]],
    [
      `wantedCollections=${POST}&wantedCollections=${FOLLOW}`,
      ["alice-post", "alice-follow", "bob-post", "bob-follow"],
    ],
    ["wantedCollections=app.bsky.feed.*", ["alice-post", "alice-like", "bob-post", "bob-like"]],
    ["wantedCollections=app.bsky.graph.*", ["alice-follow", "bob-follow"]],
    [`wantedDids=${did("bob")}`, ["bob-post", "bob-like", "bob-follow", "bob-note"]],
    [`wantedDids=${did("bob")}&wantedCollections=${LIKE}`, ["bob-like"]],
    ["wantedCollections=com.example.none", []],
  ])("%s lets through what it names, live and replayed alike", async (query, rkeys) => {
    const { sequencer, fanOut } = await stage();
    const live = await readJson(fanOut, query);
    const everybody = await readJson(fanOut);
    await write(sequencer);
    const replayed = await readJson(fanOut, `${query}&cursor=1`);
    await has(everybody, 10);
    await until(() => replayed.entries.length === live.entries.length && live.entries.length > 0);
    expect(live.rkeys.toSorted()).toEqual(rkeys.toSorted());
    expect(replayed.texts).toEqual(live.texts);
    // Whatever the collections, all get these.
    const dids = live.entries.filter(({ kind }) => kind === "identity").map((entry) => entry.did);
    expect(dids.toSorted()).toEqual(query.includes("bob") ? [did("bob")] : [did("alice"), did("bob")]);
  });

  test("leaves out what is longer than maxMessageSizeBytes, by its bytes", async () => {
    const { sequencer, fanOut } = await stage();
    const all = await readJson(fanOut);
    await sequencer.append(did("alice"), [commit(1, { [`${POST}/a`]: post("ä".repeat(200)) })]);
    await has(all, 1);
    const bytes = new TextEncoder().encode(all.texts[0]).length;
    expect(bytes).toBeGreaterThan(must(all.texts[0], "text").length);
    const counts = [];
    for (const most of [bytes - 1, bytes, 0, -1, "many"]) {
      const reader = await readJson(fanOut, `cursor=1&maxMessageSizeBytes=${most}`);
      await scheduler.wait(50);
      counts.push(reader.entries.length);
    }
    expect(counts).toEqual([0, 1, 1, 1, 1]);
  });

  test("changes with an options message, which replaces all that was asked for before", async () => {
    const { sequencer, fanOut } = await stage();
    const reader = await readJson(fanOut, `wantedCollections=${POST}&wantedDids=${did("alice")}`);
    await sequencer.append(did("alice"), [commit(1, { [`${POST}/a`]: post("a"), [`${LIKE}/b`]: {} })]);
    await has(reader, 1);
    reader.update({ wantedCollections: [LIKE] });
    await scheduler.wait(50);
    await sequencer.append(did("bob"), [
      commit(1, { [`${POST}/c`]: post("c"), [`${LIKE}/d`]: {} }, did("bob")),
    ]);
    await has(reader, 2);
    reader.update({});
    await scheduler.wait(50);
    await sequencer.append(did("bob"), [commit(2, { [`${POST}/e`]: post("e") }, did("bob"))]);
    await has(reader, 3);
    expect(reader.rkeys).toEqual(["a", "d", "e"]);
  });

  test("outlives a sleep, however long it is", async () => {
    const { sequencer, fanOut } = await stage();
    const dids = range(1, 9_999).map((n) => did(`member${n}`));
    const long = await readJson(fanOut);
    long.update({ wantedDids: [...dids, did("alice")] });
    const short = await readJson(fanOut, `wantedCollections=${LIKE}`);
    await scheduler.wait(100);
    const rows = () =>
      runInDurableObject(fanOut, (_, { storage }) => storage.sql.exec("SELECT id FROM options").toArray());
    expect(await rows()).toHaveLength(1);
    for (let position = 1; position <= 3; position++) {
      await evictDurableObject(fanOut, { webSockets: "hibernate" });
      const writes = { [`${POST}/p${position}`]: post("p"), [`${LIKE}/l${position}`]: {} };
      await sequencer.append(did("alice"), [commit(position, writes)]);
      await sequencer.append(did("bob"), [commit(position, writes, did("bob"))]);
      await has(long, position * 2);
      await has(short, position * 2);
    }
    expect(long.rkeys).toEqual(["p1", "l1", "p2", "l2", "p3", "l3"]);
    expect(short.rkeys).toEqual(["l1", "l1", "l2", "l2", "l3", "l3"]);
    expect(await rows()).toHaveLength(1);
    long.socket.close(1000);
    await until(async () => (await rows()).length === 0);
    expect(await rows()).toEqual([]);
  });
});

describe("a cursor", () => {
  test("is exclusive at every entry, within a commit too, and so is one more than it", async () => {
    const { sequencer, fanOut } = await stage();
    const all = await readJson(fanOut);
    const writes = Object.fromEntries(range(1, 200).map((n) => [`${LIKE}/k${n}`, { $type: LIKE, n }]));
    await sequencer.append(did("alice"), [
      identity(1),
      commit(2, writes),
      identity(3),
      commit(4, { [`${POST}/z`]: post("z") }),
    ]);
    await has(all, 203);
    const times = all.entries.map(({ time_us }) => time_us);
    expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b));
    for (const at of [0, 1, 2, 99, 198, 199, 200, 201]) {
      for (const more of [0, 1]) {
        const reader = await readJson(fanOut, `cursor=${(times[at] ?? 0) + more}`);
        await has(reader, 202 - at);
        expect(reader.entries.map(({ time_us }) => time_us)).toEqual(times.slice(at + 1));
        reader.socket.close();
      }
    }
    const before = await readJson(fanOut, `cursor=${(times[0] ?? 0) - 1}`);
    await has(before, 203);
    expect(before.texts).toEqual(all.texts);
  });

  test("of before the window begins with it, and one of the future or none with what is new", async () => {
    const { sequencer, fanOut } = await stage();
    await sequencer.append(did("alice"), [commit(1, { [`${POST}/a`]: post("a") })]);
    const future = (Date.now() + 3_600_000) * 1000;
    const readers = await Promise.all(
      ["cursor=0", "cursor=5", `cursor=${future}`, "cursor=", ""].map((query) => readJson(fanOut, query)),
    );
    await sequencer.append(did("alice"), [commit(2, { [`${POST}/b`]: post("b") })]);
    await until(() => readers.every(({ rkeys }) => rkeys.at(-1) === "b"));
    expect(readers.map(({ rkeys }) => rkeys)).toEqual([["a", "b"], ["a", "b"], ["b"], ["b"], ["b"]]);
  });

  test("comes to the same entry again when the host has restarted and its clock has stepped back", async () => {
    const { sequencer, fanOut } = await stage();
    const reader = await readJson(fanOut);
    await sequencer.append(did("alice"), [identity(1)]);
    await has(reader, 1);
    await evictDurableObject(sequencer);
    await withAppView(sequencer, null);
    const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now() - 3_600_000);
    try {
      await sequencer.append(did("alice"), [identity(2)]);
    } finally {
      clock.mockRestore();
    }
    await has(reader, 2);
    const [first, second] = reader.entries.map(({ time_us }) => time_us);
    expect((second ?? 0) - (first ?? 0)).toBe(TIME_SLOT);
  });

  test("of a kept seq survives replays that overlap live entries, without gap or repeat", async () => {
    const { sequencer, fanOut } = await stage();
    await limitFanOut(fanOut, { socketRate: 400_000, burst: 10_000 });
    for (let first = 1; first <= 1500; first += 100) {
      await sequencer.append(
        did("alice"),
        range(first, first + 99).map((n) => commit(n, { [`${POST}/k${n}`]: post("x".repeat(200)) })),
      );
    }
    const reader = await readJson(fanOut, "cursor=1");
    for (let position = 1501; position <= 1600; position++) {
      await sequencer.append(did("alice"), [commit(position, { [`${POST}/k${position}`]: post("y") })]);
    }
    await until(() => reader.rkeys.at(-1) === "k1600");
    expect(reader.rkeys).toEqual(range(1, 1600).map((n) => `k${n}`));
  });
});

describe("requireHello", () => {
  test("holds everything back until the options come", async () => {
    const { sequencer, fanOut } = await stage();
    await sequencer.append(did("alice"), [commit(1, { [`${POST}/a`]: post("a") })]);
    const [live, replay] = [
      await readJson(fanOut, "requireHello=true"),
      await readJson(fanOut, "requireHello=true&cursor=1"),
    ];
    const plain = await readJson(fanOut, "requireHello=True");
    await sequencer.append(did("alice"), [commit(2, { [`${POST}/b`]: post("b") })]);
    await has(plain, 1);
    await evictDurableObject(fanOut, { webSockets: "hibernate" });
    await sequencer.append(did("alice"), [commit(3, { [`${POST}/c`]: post("c") })]);
    await has(plain, 2);
    expect([live.entries, replay.entries]).toEqual([[], []]);
    live.update({ wantedCollections: [POST] });
    replay.update({ wantedCollections: [POST] });
    await has(replay, 3);
    await scheduler.wait(50);
    await sequencer.append(did("alice"), [commit(4, { [`${POST}/d`]: post("d"), [`${LIKE}/e`]: {} })]);
    await has(replay, 4);
    await has(live, 1);
    expect(live.rkeys).toEqual(["d"]);
    expect(replay.rkeys).toEqual(["a", "b", "c", "d"]);
  });
});

describe("what does not fit", () => {
  const tooMany = (name: string, count: number, value: (n: number) => string) =>
    range(1, count)
      .map((n) => `${name}=${value(n)}`)
      .join("&");

  test.each([
    ["compress=true", "CompressionNotSupported"],
    ["cursor=abc", "InvalidRequest"],
    ["cursor=-1", "InvalidRequest"],
    ["cursor=1.5", "InvalidRequest"],
    ["wantedCollections=app.bsky.fo*", "InvalidRequest"],
    ["wantedCollections=nonsense", "InvalidRequest"],
    ["wantedCollections=", "InvalidRequest"],
    ["wantedDids=alice.test", "InvalidRequest"],
  ])("%s is refused by name before the upgrade", async (query, error) => {
    const { fanOut } = await stage();
    const response = await fanOut.fetch(jsonSubscription(query));
    expect([response.status, await response.json()]).toMatchObject([400, { error }]);
    expect(await fanOut.seats(null, [])).toMatchObject({ readers: 0 });
  });

  test("more names than Jetstream takes are refused", async () => {
    const { fanOut } = await stage();
    const query = tooMany("wantedCollections", 101, (n) => `com.example.c${n}`);
    const response = await fanOut.fetch(jsonSubscription(query));
    expect([response.status, await response.json()]).toMatchObject([400, { error: "InvalidRequest" }]);
  });

  test("zstd by header is refused as compress is", async () => {
    const { fanOut } = await stage();
    const response = await fanOut.fetch(jsonSubscription("", { "socket-encoding": "zstd" }));
    expect(await response.json()).toMatchObject({ error: "CompressionNotSupported" });
  });

  test("names that are said twice count once, and a hundred are taken", async () => {
    const { fanOut } = await stage();
    const query = tooMany("wantedCollections", 100, (n) => `com.example.c${n}`);
    const response = await fanOut.fetch(jsonSubscription(`${query}&${query}`));
    expect(response.status).toBe(101);
    response.webSocket?.accept();
  });

  test.each<[string, string, number]>([
    ["a message that is no JSON", "hello", 1007],
    ["one that is no object", "[]", 1007],
    ["options without a payload", '{"type":"options_update"}', 1007],
    ["names that are no list", '{"type":"options_update","payload":{"wantedDids":"did:plc:x"}}', 1007],
    ["a DID that is none", '{"type":"options_update","payload":{"wantedDids":["x"]}}', 1008],
    ["a name that is no text", '{"type":"options_update","payload":{"wantedCollections":[7]}}', 1008],
    [
      "more DIDs than are taken",
      JSON.stringify({
        type: "options_update",
        payload: { wantedDids: range(1, 10_001).map((n) => `did:plc:m${n}`) },
      }),
      1008,
    ],
    ["a message of two megabytes", JSON.stringify({ type: "x", payload: "y".repeat(2_000_000) }), 1008],
  ])("%s closes the socket", async (_, message, code) => {
    const { fanOut } = await stage();
    const reader = await readJson(fanOut);
    reader.socket.send(message);
    await until(() => reader.closed !== null);
    expect(reader.closed?.code).toBe(code);
    expect(await fanOut.seats(null, [])).toMatchObject({ readers: 0 });
  });

  test("messages of other types, and binary ones, are ignored", async () => {
    const { sequencer, fanOut } = await stage();
    const reader = await readJson(fanOut);
    reader.socket.send('{"type":"hello"}');
    reader.socket.send(new Uint8Array(5));
    await sequencer.append(did("alice"), [identity(1)]);
    await has(reader, 1);
    expect(reader.closed).toBeNull();
  });

  test("messages without end close the socket", async () => {
    const { fanOut } = await stage();
    const reader = await readJson(fanOut);
    const message = {
      type: "options_update",
      payload: { wantedDids: range(1, 9_000).map((n) => did(`m${n}`)) },
    };
    for (let n = 0; n < 20 && reader.closed === null; n++) {
      reader.socket.send(JSON.stringify(message));
      await scheduler.wait(5);
    }
    await until(() => reader.closed !== null);
    expect(reader.closed?.code).toBe(1008);
  });
});
