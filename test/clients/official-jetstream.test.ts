/**
 * The JSON stream through `@atcute/jetstream`, which checks every event against its own schema and goes on by
 * itself after a lost connection. It must come to the same records as `@atproto/sync`, which verifies the
 * firehose, also when the host is killed under both.
 */
import {
  JetstreamSubscription,
  type JetstreamEvent,
  type JetstreamSubscriptionOptions,
} from "@atcute/jetstream";
import type { Did } from "@atcute/lexicons";
import type { Event } from "@atproto/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestNetwork, type TestHost, type TestNetwork } from "../../tools/kit/index.ts";
import type { Member } from "./official-consumer.ts";
import { follow, headOf, signUp, verifiedRepo, write } from "./official-consumer.ts";

const POST = "app.bsky.feed.post";
const LIKE = "app.bsky.feed.like";
const FOLLOW = "app.bsky.graph.follow";

let network: TestNetwork;
let host: TestHost;
const stops: (() => void)[] = [];

beforeAll(async () => {
  network = await createTestNetwork({ platform: "free" });
  host = network.host();
});
afterAll(async () => {
  for (const stop of stops) stop();
  await network.dispose();
});

const now = () => new Date().toISOString();
const create = (by: Member, collection: string, record: object) =>
  write(host, by, "createRecord", { collection, record: { $type: collection, createdAt: now(), ...record } });

interface Heard {
  events: JetstreamEvent[];
  errors: unknown[];
  subscription: JetstreamSubscription;
  until(isDone: (events: readonly JetstreamEvent[]) => boolean): Promise<void>;
}

type Wanted = Partial<Pick<JetstreamSubscriptionOptions, "cursor" | "wantedCollections" | "wantedDids">>;

function listen(options: Wanted = {}): Heard {
  const events: JetstreamEvent[] = [];
  const errors: unknown[] = [];
  const subscription = new JetstreamSubscription({
    url: host.url.replace(/^http/, "ws"),
    cursor: 0,
    ws: { minReconnectionDelay: 20, maxReconnectionDelay: 50 },
    onError: (error) => errors.push(error),
    ...options,
  });
  const iterator = subscription[Symbol.asyncIterator]();
  void (async () => {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      events.push(next.value);
    }
  })();
  stops.push(() => void iterator.return?.());
  return {
    events,
    errors,
    subscription,
    async until(isDone) {
      for (let tries = 0; !isDone(events); tries++) {
        if (tries > 1_000) throw new Error(`only ${events.length} events`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
}

/** The records that the events come to: address → CID. */
function folded(events: readonly JetstreamEvent[]): Map<string, string> {
  const records = new Map<string, string>();
  for (const event of events) {
    if (event.kind !== "commit") continue;
    const { commit } = event;
    const uri = `at://${event.did}/${commit.collection}/${commit.rkey}`;
    if (commit.operation === "delete") records.delete(uri);
    else records.set(uri, commit.cid);
  }
  return records;
}

/** The same from the firehose's events, each verified. */
function verified(events: readonly Event[]): Map<string, string> {
  const records = new Map<string, string>();
  for (const event of events) {
    if (event.event === "delete") records.delete(event.uri.toString());
    else if (event.event === "create" || event.event === "update") {
      records.set(event.uri.toString(), event.cid.toString());
    }
  }
  return records;
}

const times = (events: readonly JetstreamEvent[]) => events.map(({ time_us }) => time_us);

const isOrdered = (events: readonly JetstreamEvent[]) => {
  const all = times(events);
  return all.every((time, at) => at === 0 || time > (all[at - 1] ?? 0));
};

const has = (text: string) => (events: readonly JetstreamEvent[]) =>
  events.some((event) => JSON.stringify(event).includes(text));

describe("a community", () => {
  let ana: Member;
  let ben: Member;
  let live: Heard;

  test("is told as its firehose tells it", async () => {
    live = listen();
    const firehose = follow(host, 0);
    stops.push(() => firehose.stop());
    [ana, ben] = [await signUp(host, "ana"), await signUp(host, "ben")];
    const made = (await create(ana, POST, { text: "The first" })) as { uri: string; cid: string };
    await create(ben, FOLLOW, { subject: ana.did });
    await create(ben, LIKE, { subject: { uri: made.uri, cid: made.cid } });
    const doomed = (await create(ben, POST, { text: "Not for long" })) as { uri: string };
    await write(host, ben, "deleteRecord", { collection: POST, rkey: doomed.uri.split("/").at(-1) });
    const self = { collection: "app.bsky.actor.profile", rkey: "self" };
    for (const displayName of ["Ana", "Ana again"]) {
      await write(host, ana, "putRecord", { ...self, record: { $type: self.collection, displayName } });
    }
    const writes = Array.from({ length: 100 }, (_, n) => ({
      $type: "com.atproto.repo.applyWrites#create",
      collection: "com.example.note",
      value: { $type: "com.example.note", n },
    }));
    await write(host, ana, "applyWrites", { writes });
    await create(ben, POST, { text: "the end of it" });
    await live.until(has("the end of it"));
    await firehose.until(await headOf(host));
    expect(folded(live.events)).toEqual(verified(firehose.events));
    expect(live.errors).toEqual([]);
    expect(isOrdered(live.events)).toBe(true);
    const kinds = live.events.filter(({ did }) => did === ana.did).map(({ kind }) => kind);
    expect(kinds.slice(0, 2)).toEqual(["identity", "account"]);
  });

  test("has repos that hold what was told, record by record", async () => {
    for (const member of [ana, ben]) {
      const { records } = await verifiedRepo(host, member);
      const own = [...folded(live.events)].filter(([uri]) => uri.startsWith(`at://${member.did}/`));
      expect(records).toEqual(new Map(own));
    }
  });

  test("is replayed to a late listener entry by entry, from any cursor", async () => {
    const count = live.events.length;
    for (const at of [0, 1, Math.floor(count / 2), count - 2]) {
      const late = listen({ cursor: times(live.events)[at] ?? 0 });
      await late.until(({ length }) => length >= count - at - 1);
      expect(late.events).toEqual(live.events.slice(at + 1));
      expect(late.errors).toEqual([]);
    }
  });

  test("is told in part to who asks for a part, and for another part later", async () => {
    const some = listen({ wantedCollections: ["app.bsky.graph.*"], wantedDids: [ben.did as Did] });
    await some.until(({ length }) => length >= 3);
    const collections = some.events.map((event) =>
      event.kind === "commit" ? event.commit.collection : event.kind,
    );
    expect(collections).toEqual(["identity", "account", FOLLOW]);
    some.subscription.updateOptions({ wantedCollections: [POST], wantedDids: [ana.did as Did] });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await create(ben, POST, { text: "not asked for" });
    await create(ana, POST, { text: "asked for" });
    await some.until(has("asked for"));
    expect(some.events.slice(3).map(({ did }) => did)).toEqual([ana.did]);
    expect(some.errors).toEqual([]);
  });

  test("is told through kills, during replays too, each entry once and in order", async () => {
    const replays = [listen(), listen()];
    for (let kill = 0; kill < 3; kill++) {
      for (let n = 0; n < 5; n++) await create(ben, POST, { text: `storm ${kill} ${n}` });
      replays.push(listen());
      await network.crash();
    }
    await create(ana, POST, { text: "after the storm" });
    for (const heard of [live, ...replays]) {
      await heard.until(has("after the storm"));
      expect(isOrdered(heard.events)).toBe(true);
      expect(heard.errors).toEqual([]);
      expect(heard.events).toEqual(live.events);
    }
    // It resolves accounts at the directory, which was killed with the host, so it follows only now.
    const firehose = follow(host, 0);
    stops.push(() => firehose.stop());
    await firehose.until(await headOf(host));
    expect(firehose.errors).toEqual([]);
    expect(folded(live.events)).toEqual(verified(firehose.events));
  });
});
