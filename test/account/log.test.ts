import { afterEach, describe, expect, test } from "vitest";
import type { Did } from "@atcute/lexicons";
import { readCar } from "../../src/protocol/car.ts";
import { decodeCommit } from "../../src/protocol/commit.ts";
import { decodeFrame, spliceSeq } from "../../src/protocol/event-frames.ts";
import type { LogEntry, RepoEvent } from "../../src/protocol/events.ts";
import { must } from "../../src/protocol/refusal.ts";
import { alarmOf, kill, killDuring, ring, rowsOf, useSequencer } from "../support/object-access.ts";
import {
  accountOf,
  bindings,
  newAccount,
  newMember,
  post,
  refusalOf,
  sequencer,
  settle,
} from "../support/account.ts";
import { verifyCommit } from "../support/commit.ts";

const POST = "app.bsky.feed.post";

/** A double that takes entries as the real sequencer does. It can be told to fail or to lose its answers. */
class Double {
  readonly taken: LogEntry[] = [];
  calls = 0;
  failing = false;
  deaf = false;
  async append(_did: Did, entries: LogEntry[]) {
    this.calls++;
    await scheduler.wait(1);
    if (this.failing) throw new Error("down");
    for (const entry of entries) if (entry.position === this.taken.length + 1) this.taken.push(entry);
    if (this.deaf) throw new Error("the answer was lost");
    return { acked: this.taken.length, seq: this.taken.length };
  }
  async repo() {
    return null;
  }
  async indexed() {
    return true;
  }
  get events(): RepoEvent[] {
    return this.taken.map((entry) => decodeFrame(spliceSeq(entry.frame, entry.seqAt, entry.position)));
  }
}

async function memberWith(double: Double) {
  useSequencer(double);
  const member = await newAccount();
  await settle(member.account, {}, true);
  await expect.poll(() => double.taken.length).toBe(4);
  return member;
}

afterEach(() => useSequencer(null));

const write = (did: Did, text = "x") => accountOf(did).createRecord({ collection: POST, record: post(text) });

describe("what is announced", () => {
  test("nothing before activation; then #identity, #account, #commit of the empty repo, #sync", async () => {
    const double = new Double();
    const { did, account, key } = await newAccount();
    useSequencer(double);
    await settle(account, { active: false, handle: "early.test" });
    await account.announceIdentity();
    expect(double.calls).toBe(0);
    await settle(account, {}, true);
    await settle(account, {}, true);
    await expect.poll(() => double.taken.length).toBe(4);
    const [identity, status, commit, sync] = double.events;
    expect(identity).toMatchObject({ kind: "identity", did, handle: "alice.test" });
    expect(status).toMatchObject({ kind: "account", active: true });
    expect(commit).toMatchObject({ kind: "commit", since: null, ops: [] });
    expect(commit).not.toHaveProperty("prevData");
    expect(sync).toMatchObject({ kind: "sync" });
    if (commit?.kind !== "commit" || sync?.kind !== "sync") throw new Error("order");
    const { roots, blocks } = readCar(commit.blocks);
    const signed = await verifyCommit(must(blocks.get(must(roots[0], "root")), "commit"), did, key);
    expect(signed.rev).toBe(commit.rev);
    expect(readCar(sync.blocks).blocks.size).toBe(1);
    expect(sync.rev).toBe(commit.rev);
  });

  test("return: #account, #identity, #sync; deactivation, takedown: #account; a new handle: #identity", async () => {
    const double = new Double();
    const { account } = await memberWith(double);
    await settle(account, { active: false });
    await settle(account, { active: false });
    await settle(account, { active: false, takedown: "suspended", takedownRef: "why" });
    await settle(account, { active: false });
    await settle(account);
    await settle(account, { handle: "alicia.test" });
    await settle(account, { handle: "alicia.test" });
    await account.announceIdentity();
    await expect.poll(() => double.taken.length).toBe(12);
    const told = double.events
      .slice(4)
      .map((event) => (event.kind === "account" ? (event.status ?? "active") : event.kind));
    expect(told).toEqual([
      "deactivated",
      "suspended",
      "deactivated",
      "active",
      "identity",
      "sync",
      "identity",
      "identity",
    ]);
    expect(double.events.at(-2)).toMatchObject({ handle: "alicia.test" });
    expect(double.events.at(-1)).not.toHaveProperty("handle");
  });

  test("a chain of commits: each names its forerunner's rev and tree", async () => {
    const double = new Double();
    const { did, account } = await memberWith(double);
    const { uri, cid } = await write(did, "one");
    const rkey = must(uri.split("/").at(-1), "rkey");
    await account.putRecord({ collection: POST, rkey, record: post("two") });
    await account.deleteRecord({ collection: POST, rkey });
    await expect.poll(() => double.taken.length).toBe(7);
    const commits = double.events.filter((event) => event.kind === "commit");
    const ops = commits.map(({ ops: [op] }) => op);
    expect(ops[1]).toMatchObject({ action: "create", path: `${POST}/${rkey}`, cid });
    expect(ops[1]).not.toHaveProperty("prev");
    expect(ops[2]).toMatchObject({ action: "update", prev: cid });
    expect(ops[3]).toMatchObject({ action: "delete", cid: null, prev: ops[2]?.cid });
    for (const [i, commit] of commits.entries()) {
      const before = commits[i - 1];
      if (before === undefined) continue;
      expect(commit.since).toBe(before.rev);
      const block = must(readCar(before.blocks).blocks.get(before.commit), "commit");
      expect(commit.prevData).toBe(decodeCommit(block).data);
    }
  });
});

describe("the outbox", () => {
  test("one flight at a time; what waits travels together", async () => {
    const double = new Double();
    const { did } = await memberWith(double);
    await Promise.all(Array.from({ length: 32 }, (_, i) => write(did, String(i))));
    await expect.poll(() => double.taken.length).toBe(36);
    expect(double.taken.map((entry) => entry.position)).toEqual(Array.from({ length: 36 }, (_, i) => i + 1));
    expect(double.calls).toBeLessThan(30);
  });

  test("a write is acknowledged though the sequencer is down, and sent by the alarm", async () => {
    const double = new Double();
    const { did } = await memberWith(double);
    double.failing = true;
    expect((await write(did, "while down")).commit).toBeDefined();
    expect(await accountOf(did).pending()).toMatchObject({ unsent: 1 });
    expect(await alarmOf(did)).not.toBeNull();
    await ring(did);
    expect(await alarmOf(did)).not.toBeNull();
    double.failing = false;
    await ring(did);
    expect(await accountOf(did).pending()).toMatchObject({ unsent: 0 });
    expect(double.taken).toHaveLength(5);
  });

  test("an entry whose acknowledgement was lost is not there twice", async () => {
    const double = new Double();
    const { did } = await memberWith(double);
    double.deaf = true;
    await write(did);
    double.deaf = false;
    await write(did);
    await expect.poll(() => double.taken.length).toBe(6);
    expect(await accountOf(did).pending()).toMatchObject({ unsent: 0 });
  });

  test("what a crash left is sent when the object wakes, in order, from storage", async () => {
    const double = new Double();
    const { did } = await memberWith(double);
    double.failing = true;
    for (let i = 0; i < 20; i++) await write(did, `unsent ${i}`);
    await kill(did);
    double.failing = false;
    await accountOf(did).getLatestCommit("public");
    await expect.poll(() => double.taken.length).toBe(24);
    expect(await accountOf(did).pending()).toMatchObject({ unsent: 0 });
    expect(double.events.filter((event) => event.kind === "commit")).toHaveLength(21);
  });

  test("slots are used again, but never one whose entry is not acknowledged", async () => {
    const double = new Double();
    const { did } = await memberWith(double);
    for (let i = 0; i < 10; i++) await write(did);
    expect((await rowsOf(did, "SELECT slot FROM log")).length).toBeLessThanOrEqual(5);
    double.failing = true;
    for (let i = 0; i < 12; i++) await write(did);
    const positions = (await rowsOf(did, "SELECT position FROM log")).map((row) => Number(row["position"]));
    for (let position = 15; position <= 26; position++) expect(positions).toContain(position);
    double.failing = false;
    await ring(did);
    for (let i = 0; i < 5; i++) await write(did);
    expect((await rowsOf(did, "SELECT slot FROM log")).length).toBe(positions.length);
    expect(double.taken).toHaveLength(31);
  });

  test("a crash in the turn of a write loses the whole write, and only that", async () => {
    const { did } = await newMember();
    const kept = await write(did, "kept");
    await killDuring(did, (object) => object.createRecord({ collection: POST, record: post("lost") }));
    const again = accountOf(did);
    expect(await again.getLatestCommit("public")).toEqual(kept.commit);
    const { records } = JSON.parse(await again.listRecords(POST, { limit: 10 })) as { records: unknown[] };
    expect(records).toHaveLength(1);
    const next = await write(did, "next");
    expect(await sequencer().repo(did)).toMatchObject({ position: 6, rev: next.commit?.rev });
  });
});

describe("an end", () => {
  test("deletion is announced first, then all is erased; a sequencer that is down only delays it", async () => {
    const double = new Double();
    const { did, account } = await memberWith(double);
    await write(did);
    await expect.poll(() => double.taken.length).toBe(5);
    await bindings.BLOBS.put(`${did}/upload`, "bytes");
    double.failing = true;
    await account.destroy(Date.now());
    expect(await refusalOf(account.getLatestCommit("owner"))).toMatchObject({ error: "RepoNotFound" });
    expect(await refusalOf(write(did))).toMatchObject({ error: "AccountNotFound" });
    await kill(did);
    expect(await rowsOf(did, "SELECT destroying FROM account")).toEqual([{ destroying: 1 }]);
    double.failing = false;
    await ring(did);
    expect(double.events.at(-1)).toMatchObject({ kind: "account", active: false, status: "deleted" });
    expect(
      await rowsOf(did, "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'account'"),
    ).toEqual([]);
    expect((await bindings.BLOBS.list({ prefix: `${did}/` })).objects).toEqual([]);
  });

  test("an account that was never announced goes without a word", async () => {
    const double = new Double();
    useSequencer(double);
    const { did, account } = await newAccount();
    await account.destroy(Date.now());
    await expect.poll(() => rowsOf(did, "SELECT name FROM sqlite_master WHERE name = 'account'")).toEqual([]);
    expect(double.calls).toBe(0);
  });
});
