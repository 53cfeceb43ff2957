/** What a host may not say: each event is dropped, or its repo fetched anew, and none of them is believed. */
import type { Did } from "@atcute/lexicons";
import { P256Keypair } from "@atproto/crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCar, writeCar, type CarBlock } from "../../../src/protocol/car.ts";
import { encode, toBytes } from "../../../src/protocol/cbor.ts";
import { cidOfCbor } from "../../../src/protocol/cid.ts";
import { signCommit } from "../../../src/protocol/commit.ts";
import { decodeFrame, encodeCommitEntry, type Unnumbered } from "../../../src/protocol/event-frames.ts";
import type { CommitEvent, RepoOp, SyncEvent } from "../../../src/protocol/events.ts";
import {
  checkCommit,
  checkSync,
  isTooNew,
  type Held,
  type Verdict,
} from "../../../src/protocol/neighbour/checks.ts";
import { must } from "../../../src/protocol/refusal.ts";
import { tidFromMicros } from "../../../src/protocol/tid.ts";
import { damaged } from "../../support/damaged.ts";
import { numbered, post, SignedRepo, type Write } from "../../support/signed-repo.ts";

const BOB = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const MALLORY = "did:plc:mallorymallorymallorymal";
const NOW = Date.parse("2026-11-30T12:00:00.000Z");
const pathOf = (n: number) => `app.bsky.feed.post/3k${n.toString(36).padStart(11, "0")}`;
const filled = (did: Did = BOB, seed?: number) =>
  new SignedRepo(did, seed).fill(Array.from({ length: 100 }, (_, n) => [pathOf(n * 3), post(`post ${n}`)]));

const writes: Write[] = [
  { path: pathOf(1000), record: post("new") },
  { path: pathOf(30), record: post("changed") },
  { path: pathOf(60), record: null },
];

interface Case {
  repo: SignedRepo;
  event: CommitEvent;
  held: Held;
}

/** A commit of bob's, and what was held before it. */
function honest(some = writes): Case {
  const repo = filled();
  const held = { rev: repo.rev, data: repo.data };
  return { repo, held, event: { kind: "commit", seq: 1, ...repo.commit(some) } };
}

const judge = ({ repo, event, held }: Case, others: Partial<Held & { key: string }> = {}) =>
  checkCommit(event, {
    key: others.key ?? repo.didKey,
    held: { rev: others.rev ?? held.rev, data: others.data ?? held.data },
    now: NOW,
  });
const judgeUnheld = ({ repo, event }: Case) => checkCommit(event, { key: repo.didKey, held: null, now: NOW });

const refused = (fault: string) => ({ kind: "refused", fault });
const desynchronized = { kind: "desynchronized" };

/** The event's archive with other blocks. */
function repacked(
  event: CommitEvent,
  change: (blocks: Map<string, Uint8Array>) => void,
  root = event.commit,
): CommitEvent {
  const { blocks } = readCar(event.blocks);
  change(blocks);
  const list = [...blocks].map(([cid, bytes]): CarBlock => ({ cid, bytes }));
  return { ...event, commit: root, blocks: writeCar([root], list) };
}

/** The event under another commit, signed by a key. */
function resigned(
  { repo, event }: Case,
  commit: { did?: string; data?: string; rev?: string },
  key = repo.key,
): CommitEvent {
  const { did = BOB, data = repo.data, rev = repo.rev } = commit;
  const signed = signCommit({ did, data, rev }, key);
  return repacked(event, (blocks) => blocks.set(signed.cid, signed.bytes), signed.cid);
}

test("what is honest follows: all kinds of writes, none, and an account's first", async () => {
  for (const some of [writes, [], writes.slice(0, 1), writes.slice(2)]) {
    const one = honest(some);
    const follows: Verdict = { kind: "follows", held: { rev: one.repo.rev, data: one.repo.data } };
    expect(await judge(one)).toEqual(follows);
    expect(await judgeUnheld(one)).toEqual(follows);
  }
  const repo = new SignedRepo(BOB);
  const first: CommitEvent = { kind: "commit", seq: 1, ...repo.commit(writes.slice(0, 1)), since: null };
  const { prevData: _, ...event } = first;
  expect(await checkCommit(event, { key: repo.didKey, held: null, now: NOW })).toMatchObject({
    kind: "follows",
  });
});

test("a commit by a P-256 key follows too", async () => {
  const one = honest();
  const pair = await P256Keypair.create();
  const unsigned = { did: BOB, version: 3, data: { $link: one.repo.data }, rev: one.repo.rev, prev: null };
  const bytes = encode({ ...unsigned, sig: toBytes(await pair.sign(encode(unsigned))) });
  const root = cidOfCbor(bytes);
  const event = repacked(one.event, (blocks) => blocks.set(root, bytes), root);
  expect(await judge({ ...one, event }, { key: pair.did() })).toMatchObject({ kind: "follows" });
  expect(await judge({ ...one, event })).toEqual(refused("signature"));
});

describe("a commit is refused", () => {
  test("of another DID, signed by whomever", async () => {
    const one = honest();
    const mallory = filled(MALLORY, 8);
    const theirs: CommitEvent = { kind: "commit", seq: 1, ...mallory.commit(writes), did: BOB };
    expect(await judge({ ...one, event: theirs })).toEqual(refused("commit"));
    expect(await judge({ ...one, event: resigned(one, { did: MALLORY }) })).toEqual(refused("commit"));
  });

  test("by a wrong key, and by the old one after it has changed", async () => {
    const one = honest();
    const wrong = resigned(one, {}, new Uint8Array(32).fill(8));
    expect(await judge({ ...one, event: wrong })).toEqual(refused("signature"));
    const changed = new SignedRepo(BOB, 9).didKey;
    expect(await judge(one, { key: changed })).toEqual(refused("signature"));
    expect(await judge(one, { key: "did:key:znonsense" })).toEqual(refused("signature"));
  });

  test("with a rev that is no TID, is not the signed one, or lies more than five minutes ahead", async () => {
    const one = honest();
    expect(await judge({ ...one, event: { ...one.event, rev: "tomorrow" } })).toEqual(refused("rev"));
    const later = tidFromMicros(NOW * 1000);
    expect(await judge({ ...one, event: { ...one.event, rev: later } })).toEqual(refused("commit"));
    const six = tidFromMicros((NOW + 6 * 60_000) * 1000);
    const ahead = { ...resigned(one, { rev: six }), rev: six };
    expect(await judge({ ...one, event: ahead })).toEqual(refused("future"));
    expect(await judgeUnheld({ ...one, event: ahead })).toEqual(refused("future"));
    const four = tidFromMicros((NOW + 4 * 60_000) * 1000);
    const soon = { ...resigned(one, { rev: four }), rev: four };
    expect(await judge({ ...one, event: soon })).toMatchObject({ kind: "follows" });
    expect(isTooNew(six, NOW) && !isTooNew(four, NOW)).toBe(true);
  });

  test("with a rev that is held, or older: silently", async () => {
    const one = honest();
    expect(await judge(one, { rev: one.event.rev })).toEqual({ kind: "old" });
    expect(await judge(one, { rev: tidFromMicros(NOW * 1000) })).toEqual({ kind: "old" });
  });

  test("with operations whose records are not in its blocks, or are others", async () => {
    const one = honest();
    const record = must(one.event.ops[0]?.cid, "cid");
    const without = repacked(one.event, (blocks) => blocks.delete(record));
    expect(await judge({ ...one, event: without })).toEqual(refused("ops"));
    const [first, ...rest] = one.event.ops;
    const other: RepoOp = { ...must(first, "op"), cid: must(rest[0]?.cid, "cid") };
    expect(await judge({ ...one, event: { ...one.event, ops: [other, ...rest] } })).toEqual(refused("ops"));
  });

  test("that creates a record beside the signed tree", async () => {
    const one = honest();
    const forged = encode(post("never signed"));
    const cid = cidOfCbor(forged);
    const event = repacked(one.event, (blocks) => blocks.set(cid, forged));
    const ops: RepoOp[] = [...one.event.ops, { action: "create", path: pathOf(2000), cid }];
    expect(await judge({ ...one, event: { ...event, ops } })).toEqual(refused("ops"));
    expect(await judgeUnheld({ ...one, event: { ...event, ops } })).toEqual(refused("ops"));
  });

  test("that deletes what is still there", async () => {
    const one = honest();
    const prev = one.repo.cidOf(pathOf(90));
    const ops: RepoOp[] = [...one.event.ops, { action: "delete", path: pathOf(90), cid: null, prev }];
    expect(await judge({ ...one, event: { ...one.event, ops } })).toMatchObject({
      kind: expect.stringMatching(/refused|desynchronized/) as string,
    });
  });

  test("with operations that are not whole, or two of one record", async () => {
    const one = honest();
    const [first, second] = one.event.ops.map((op) => op);
    const create = must(first, "op");
    const wrong: RepoOp[][] = [
      [create, create],
      [{ ...create, cid: null }],
      [{ ...create, path: "nonsense" }],
      [{ ...create, path: "app.bsky.feed.post/../x" }],
      [{ ...must(second, "op"), action: "delete" }],
    ];
    for (const ops of wrong)
      expect(await judge({ ...one, event: { ...one.event, ops } }), JSON.stringify(ops)).toEqual(
        refused("ops"),
      );
  });

  test("with a block whose hash is another's", async () => {
    const one = honest();
    const blocks = new Uint8Array(one.event.blocks);
    const at = blocks.length - 1;
    blocks[at] = (blocks[at] ?? 0) ^ 1;
    expect(await judge({ ...one, event: { ...one.event, blocks } })).toEqual(refused("archive"));
  });

  test("whose archive is of another commit than it says", async () => {
    const one = honest();
    const event = { ...one.event, commit: one.repo.cidOf(pathOf(90)) };
    expect(await judge({ ...one, event })).toEqual(refused("commit"));
    const blocks = writeCar([event.commit], [one.repo.head]);
    expect(await judge({ ...one, event: { ...event, blocks } })).toEqual(refused("commit"));
  });

  test("over its limits: 201 operations, 2,000,001 bytes, a record of more than 1 MiB", async () => {
    const one = honest();
    const many = Array.from({ length: 201 }, (_, n): RepoOp => ({
      action: "create",
      path: pathOf(n),
      cid: one.event.commit,
    }));
    expect(await judge({ ...one, event: { ...one.event, ops: many } })).toEqual(refused("size"));
    const blocks = new Uint8Array(2_000_001);
    expect(await judge({ ...one, event: { ...one.event, blocks } })).toEqual(refused("size"));
    const large = honest([{ path: pathOf(1000), record: { text: "x".repeat(1 << 20) } }]);
    expect(await judge(large)).toEqual(refused("archive"));
  });

  test("of more blocks than 200 operations need", async () => {
    const one = honest();
    const filler = Array.from({ length: 10_001 }, (_, n) => encode(n));
    const event = repacked(one.event, (blocks) =>
      filler.forEach((bytes) => blocks.set(cidOfCbor(bytes), bytes)),
    );
    expect(await judge({ ...one, event })).toEqual(refused("archive"));
  });
});

describe("a repo is fetched anew", () => {
  test("when a commit hides a creation, an update or a deletion", async () => {
    const one = honest();
    for (let i = 0; i < 3; i++) {
      const ops = one.event.ops.filter((_, n) => n !== i);
      expect(await judge({ ...one, event: { ...one.event, ops } }), `operation ${i}`).toEqual(desynchronized);
      expect(await judgeUnheld({ ...one, event: { ...one.event, ops } })).toEqual(refused("ops"));
    }
  });

  test("when a commit follows on another rev or tree than is held", async () => {
    const one = honest();
    expect(await judge(one, { rev: tidFromMicros(1) })).toEqual(desynchronized);
    expect(await judge(one, { data: one.repo.data })).toEqual(desynchronized);
    expect(await judge({ ...one, event: { ...one.event, since: tidFromMicros(1) } })).toEqual(desynchronized);
    expect(await judge({ ...one, event: { ...one.event, prevData: one.repo.data } })).toEqual(desynchronized);
  });

  test("when one commit was left out", async () => {
    const one = honest();
    const second: CommitEvent = {
      kind: "commit",
      seq: 2,
      ...one.repo.commit([{ path: pathOf(3000), record: post("b") }]),
    };
    expect(await judge({ ...one, event: second })).toEqual(desynchronized);
  });

  test("when nodes are missing with which its operations could be undone", async () => {
    const one = honest();
    const { blocks } = readCar(one.event.blocks);
    const records = new Set(one.event.ops.map(({ cid }) => cid));
    let told = 0;
    for (const cid of blocks.keys()) {
      if (records.has(cid) || cid === one.event.commit) continue;
      const event = repacked(one.event, (left) => left.delete(cid));
      const verdict = await judge({ ...one, event });
      if (verdict.kind === "follows") continue;
      expect(verdict).toEqual(desynchronized);
      told++;
    }
    expect(told).toBeGreaterThan(3);
  });

  test("when its host is of before sync 1.1, but not if nobody follows it", async () => {
    const one = honest();
    const { prevData: _, ...event } = one.event;
    expect(await judgeUnheld({ ...one, event })).toMatchObject({ kind: "follows" });
    const since = tidFromMicros(1);
    expect(await judge({ ...one, event: { ...event, since } })).toEqual(desynchronized);
  });
});

describe("a #sync", () => {
  const repo = filled();
  const known = (held: Held | null) => ({ key: repo.didKey, held, now: NOW });
  const event = (others: Partial<Unnumbered<SyncEvent>> = {}): SyncEvent => ({
    kind: "sync",
    seq: 1,
    ...repo.sync(),
    ...others,
  });
  const before = tidFromMicros(1);

  test("of the tree that is held changes nothing but the rev", async () => {
    const verdict = await checkSync(event(), known({ rev: before, data: repo.data }));
    expect(verdict).toEqual({ kind: "follows", held: { rev: repo.rev, data: repo.data } });
    expect(await checkSync(event(), known({ rev: repo.rev, data: repo.data }))).toEqual({ kind: "old" });
  });

  test("of another tree has the repo fetched, an empty one too", async () => {
    const held = { rev: before, data: cidOfCbor(encode({})) };
    expect(await checkSync(event(), known(held))).toEqual(desynchronized);
    const empty = new SignedRepo(BOB);
    expect(await checkSync({ kind: "sync", seq: 1, ...empty.sync() }, known(held))).toEqual(desynchronized);
  });

  test("is refused with more than the commit, another's, or none of it", async () => {
    const long = event({ blocks: new Uint8Array(10_001) });
    expect(await checkSync(long, known(null))).toEqual(refused("size"));
    const stranger = filled(BOB, 8).sync();
    expect(await checkSync(event(stranger), known(null))).toEqual(refused("signature"));
    expect(await checkSync(event({ rev: tidFromMicros(2) }), known(null))).toEqual(refused("commit"));
    const none = writeCar([repo.head.cid], []);
    expect(await checkSync(event({ blocks: none }), known(null))).toEqual(refused("commit"));
    expect(await checkSync(event({ blocks: Uint8Array.of(1) }), known(null))).toEqual(refused("archive"));
  });
});

test("a damaged commit is believed only if what it says is what was signed", async () => {
  const one = honest();
  const frame = numbered(encodeCommitEntry(one.event), 7);
  const signed = { kind: "follows", held: { rev: one.repo.rev, data: one.repo.data } };
  const run = async (bytes: Uint8Array) => {
    let event;
    try {
      event = decodeFrame(bytes);
    } catch {
      return;
    }
    if (event.kind !== "commit" || event.did !== BOB) return;
    const verdict = await judge({ ...one, event });
    if (verdict.kind !== "follows") return;
    expect(verdict).toEqual(signed);
    const told = event.ops.map(({ action, path, cid, prev }) => ({ action, path, cid, prev }));
    expect(told).toEqual(one.event.ops.map(({ action, path, cid, prev }) => ({ action, path, cid, prev })));
  };
  await fc.assert(fc.asyncProperty(damaged(frame), run), { numRuns: 400 });
});
