/**
 * A small community as others see it. `@atproto/sync` follows its firehose and verifies each commit;
 * `@atproto/repo` verifies its exports and proofs. All of them must yield the same records.
 */
import type { AccountEvt, Event } from "@atproto/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drawPicture } from "../../tools/seed/picture.ts";
import { createTestNetwork, type TestHost, type TestNetwork } from "../../tools/kit/index.ts";
import { basic, xrpc } from "../../tools/dev/xrpc-client.ts";
import { tidFromMicros } from "../../src/protocol/tid.ts";
import type { Followed, Member, Written } from "./official-consumer.ts";
import {
  follow,
  framesUpTo,
  headOf,
  inverts,
  isCommit,
  proves,
  refusalOf,
  signUp,
  verifiedRepo,
  write,
} from "./official-consumer.ts";

const ADMIN_PASSWORD = "admin";
const POST = "app.bsky.feed.post";
const LIKE = "app.bsky.feed.like";

let network: TestNetwork;
let host: TestHost;

beforeAll(async () => {
  network = await createTestNetwork({ platform: "free", vars: { ADMIN_PASSWORD } });
  host = network.host();
});
afterAll(() => network.dispose());

const now = () => new Date().toISOString();
const post = (text: string, more: object = {}) => ({ $type: POST, text, createdAt: now(), ...more });
const create = (by: Member, collection: string, record: object) =>
  write(host, by, "createRecord", { collection, record }) as Promise<Written>;
const rkeyOf = (uri: string) => uri.slice(uri.lastIndexOf("/") + 1);

/** Post keys must be TIDs. */
const batchKey = (n: number) => tidFromMicros(Date.UTC(2026, 0, 1) * 1000 + n, 0);

async function asMember({ authorization }: Member, nsid: string, input?: object): Promise<void> {
  await xrpc(host.url, nsid, {
    ...(input === undefined ? { procedure: true } : { input }),
    authorization,
  });
}

/** The records that result from the events: address → CID. A deleted account has none. */
function folded(events: readonly Event[]): Map<string, string> {
  const records = new Map<string, string>();
  for (const event of events) {
    if (event.event === "delete") records.delete(event.uri.toString());
    else if (event.event === "create" || event.event === "update") {
      records.set(event.uri.toString(), event.cid.toString());
    } else if (event.event === "account" && event.status === "deleted") {
      for (const uri of records.keys()) if (uri.startsWith(`at://${event.did}/`)) records.delete(uri);
    }
  }
  return records;
}

/** Each account's events are handled in order; those of different accounts are handled concurrently. */
const seqsOf = (events: readonly Event[]) => {
  const of = new Map<string, Set<number>>();
  for (const { did, seq } of events) of.set(did, (of.get(did) ?? new Set()).add(seq));
  return Object.fromEntries([...of].map(([did, seqs]) => [did, [...seqs]] as const));
};

describe("a community", () => {
  let live: Followed;
  beforeAll(() => {
    live = follow(host, 0);
  });
  afterAll(() => {
    live.stop();
  });

  let ana: Member;
  let ben: Member;
  let cleo: Member;

  test("lives, and its consumer verifies every event as it comes", async () => {
    [ana, ben, cleo] = [await signUp(host, "ana"), await signUp(host, "ben"), await signUp(host, "cleo")];

    const { blob } = (await xrpc(host.url, "com.atproto.repo.uploadBlob", {
      input: drawPicture("ana", 32, 32).bytes,
      type: "image/png",
      authorization: ana.authorization,
    })) as { blob: object };
    const profile = { $type: "app.bsky.actor.profile", displayName: "Ana" };
    const self = { collection: "app.bsky.actor.profile", rkey: "self" };
    await write(host, ana, "putRecord", { ...self, record: profile });
    await write(host, ana, "putRecord", { ...self, record: { ...profile, avatar: blob } });

    const first = await create(ana, POST, post("The first"));
    await create(ben, "app.bsky.graph.follow", { subject: ana.did, createdAt: now() });
    const like = await create(ben, LIKE, { subject: first, createdAt: now() });
    // A second like of the same post replaces the first, in one commit.
    await create(ben, LIKE, { subject: first, createdAt: now() });
    await create(ben, "app.bsky.feed.repost", { subject: first, createdAt: now() });
    await create(cleo, POST, post("A reply", { reply: { root: first, parent: first } }));
    const doomed = await create(cleo, POST, post("Not for long"));
    await write(host, cleo, "deleteRecord", { collection: POST, rkey: rkeyOf(doomed.uri) });

    const many = Array.from({ length: 120 }, (_, i) => ({
      $type: "com.atproto.repo.applyWrites#create",
      collection: POST,
      rkey: batchKey(i),
      value: post(`${i} of many`),
    }));
    await write(host, ana, "applyWrites", { writes: many });
    const update = (rkey: string) => ({
      $type: "com.atproto.repo.applyWrites#update",
      collection: POST,
      rkey,
      value: post(`${rkey}, again`),
    });
    const every = [...Array(40).keys()].map((i) => ({
      $type: "com.atproto.repo.applyWrites#delete",
      collection: POST,
      rkey: batchKey(i * 3 + 1),
    }));
    const another = {
      $type: "com.atproto.repo.applyWrites#create",
      collection: POST,
      value: post("Another"),
    };
    // 7 is among the deleted keys, so it cannot be updated after: the batch is refused, and none of it is applied.
    const gone = write(host, ana, "applyWrites", { writes: [another, ...every, update(batchKey(7))] });
    expect(await refusalOf(gone)).toBe("InvalidRequest");
    await write(host, ana, "applyWrites", { writes: [another, update(batchKey(6)), ...every] });

    await asMember(ana, "com.atproto.identity.updateHandle", { handle: "ana-of-the-reef.test" });
    await asMember(ben, "com.atproto.server.deactivateAccount", {});
    expect(await refusalOf(verifiedRepo(host, ben))).toBe("RepoDeactivated");
    await asMember(ben, "com.atproto.server.activateAccount");
    await create(ben, POST, post("Back again"));

    await live.until(await headOf(host));
    expect(live.errors).toEqual([]);
    const liked = live.events.filter(({ event, did }) => did === ben.did && event === "delete");
    expect(liked.map((event) => "uri" in event && event.uri.toString())).toEqual([like.uri]);
  });

  test("is heard of through a kill of the host, each event once and in order", async () => {
    await network.crash();
    const before = live.events.length;
    for (let i = 0; i < 5; i++) await create(cleo, POST, post(`After the storm ${i}`));
    await live.until(await headOf(host));
    expect(live.events.length).toBe(before + 5);
    for (const seqs of Object.values(seqsOf(live.events))) {
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    }
    const told = live.events.map(
      (event) => `${event.seq} ${"uri" in event ? event.uri.toString() : event.did}`,
    );
    expect(new Set(told).size).toBe(told.length);
    // The only reported errors are those of the lost connection.
    expect(live.errors.filter(({ name }) => name !== "Error" && name !== "DisconnectError")).toEqual([]);
  });

  test("has repos that verify, whose records are what the events came to", async () => {
    const told = folded(live.events);
    for (const member of [ana, ben, cleo]) {
      const { records, strangers } = await verifiedRepo(host, member);
      const own = [...told].filter(([uri]) => uri.startsWith(`at://${member.did}/`));
      expect(records).toEqual(new Map(own));
      expect(strangers).toBe(0);
    }
    expect(told.size).toBeGreaterThan(90);
  });

  test("has proofs of what is in a repo, and of what is not", async () => {
    const { records } = await verifiedRepo(host, ana);
    for (const [uri, cid] of [...records].filter((_, i) => i % 9 === 0)) {
      expect(await proves(host, uri, cid)).toBe(true);
      expect(await proves(host, `${uri}x`, null)).toBe(true);
    }
    expect(await proves(host, `at://${ana.did}/${POST}/${batchKey(1)}`, null)).toBe(true);
  });

  test("tells of identities and accounts in the order of the lifecycle", async () => {
    const of = (member: Member) => live.events.filter(({ did }) => did === member.did);
    const kinds = (member: Member) =>
      of(member).map((event) => {
        if (event.event === "identity") return `identity ${event.handle}`;
        if (event.event === "account") return `account ${event.active ? "active" : event.status}`;
        return event.event;
      });
    // The empty first commit has no op, so this consumer does not report it.
    expect(kinds(cleo).slice(0, 3)).toEqual(["identity cleo.test", "account active", "sync"]);
    expect(kinds(ana)).toContain("identity ana-of-the-reef.test");
    expect(kinds(ben).slice(-5)).toEqual([
      "account deactivated",
      "account active",
      "identity ben.test",
      "sync",
      "create",
    ]);
  });

  test("has commits that all invert, each from where the last one ended", async () => {
    const frames = await framesUpTo(host, await headOf(host));
    const commits = frames.filter(isCommit).map(({ body }) => body);
    expect(commits.length).toBeGreaterThan(20);
    const last = new Map<string, { rev: string }>();
    for (const body of commits) {
      const { rev: since = null } = last.get(body.repo) ?? {};
      expect([body.seq, body.since]).toEqual([body.seq, since]);
      if (since === null) expect([body.ops, body.prevData]).toEqual([[], undefined]);
      else expect([body.seq, await inverts(body)]).toEqual([body.seq, true]);
      last.set(body.repo, body);
    }
  });

  test("forgets a member who is deleted, and a new consumer hears nothing of them but that", async () => {
    await xrpc(host.url, "com.atproto.admin.deleteAccount", {
      input: { did: cleo.did },
      authorization: basic("admin", ADMIN_PASSWORD),
    });
    for (let tries = 0; tries < 200; tries++) {
      const last = live.events.at(-1);
      if (last?.event === "account" && last.status === "deleted") break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(live.events.at(-1)).toMatchObject({
      event: "account",
      did: cleo.did,
      active: false,
      status: "deleted",
    });
    expect(await refusalOf(verifiedRepo(host, cleo))).toBe("RepoNotFound");

    const late = follow(host, 0);
    await late.until(await headOf(host));
    late.stop();
    expect(late.errors).toEqual([]);
    const ofCleo = late.events.filter(({ did }) => did === cleo.did) as AccountEvt[];
    expect(ofCleo.map(({ event, status }) => [event, status])).toEqual([["account", "deleted"]]);
    expect(folded(late.events)).toEqual(folded(live.events));
    const others = (events: Event[]) => seqsOf(events.filter(({ did }) => did !== cleo.did));
    expect(others(late.events)).toEqual(others(live.events));
  });
});

describe("a repo that is written to", () => {
  test("is exported as one commit, every time, while four write", async () => {
    const member = await signUp(host, "busy");
    for (let from = 0; from < 300; from += 150) {
      const writes = Array.from({ length: 150 }, (_, i) => ({
        $type: "com.atproto.repo.applyWrites#create",
        collection: "com.example.note",
        rkey: `n${from + i}`,
        value: { $type: "com.example.note", text: `note ${from + i}`, filler: "x".repeat(1500) },
      }));
      await write(host, member, "applyWrites", { writes });
    }
    let writing = true;
    let written = 0;
    const writer = async (n: number) => {
      for (let i = 0; writing; i++) {
        const key = { collection: "com.example.note", rkey: `n${(i * 37 + n * 75) % 300}` };
        const record = { $type: key.collection, text: `changed by ${n}, ${i}` };
        await write(host, member, "putRecord", { ...key, record });
        if (i % 3 === 0) await write(host, member, "putRecord", { ...key, rkey: `new${n}`, record });
        if (i % 5 === 0) await write(host, member, "deleteRecord", key);
        written++;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const writers = [0, 1, 2, 3].map(writer);
    const heads = new Set<string>();
    for (let tries = 0; tries < 10; tries++) {
      const { head, records, strangers } = await verifiedRepo(host, member);
      expect(strangers).toBe(0);
      expect(records.size).toBeGreaterThan(200);
      heads.add(head);
    }
    writing = false;
    await Promise.all(writers);
    expect(heads.size).toBeGreaterThan(6);
    expect(written).toBeGreaterThan(50);
  });
});
