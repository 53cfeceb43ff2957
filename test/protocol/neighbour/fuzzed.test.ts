/** 100,000 frames that are no good: looking at them and reading them answers, and never throws. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  encodeAccountEntry,
  encodeErrorFrame,
  encodeIdentityEntry,
  encodeInfoFrame,
} from "../../../src/protocol/event-frames.ts";
import { checkCommit, checkSync } from "../../../src/protocol/neighbour/checks.ts";
import { readFrame } from "../../../src/protocol/neighbour/frames.ts";
import { glance, type Interests } from "../../../src/protocol/neighbour/glance.ts";
import { damaged } from "../../support/damaged.ts";
import { numbered, post, SignedRepo } from "../../support/signed-repo.ts";

const did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const ALICE = "did:plc:alicealicealicealiceali2";
const time = "2026-11-30T12:00:00.000Z";
const repo = new SignedRepo(did);
const held = { rev: repo.rev, data: repo.data };
const known = { key: repo.didKey, held, now: Date.parse(time) };
const good = [
  repo.frame([{ path: "app.bsky.feed.post/a", record: { ...post("hello"), about: ALICE } }], 1),
  repo.frame([{ path: "app.bsky.feed.post/a", record: null }], 2),
  repo.syncFrame(3),
  numbered(encodeAccountEntry({ did, time, active: false, status: "takendown" }), 4),
  numbered(encodeIdentityEntry({ did, time, handle: "bob.test" }), 5),
  encodeInfoFrame("OutdatedCursor", "words"),
  encodeErrorFrame("ConsumerTooSlow", "words"),
];
const interests: Interests = {
  relation: () => null,
  isMember: (each) => each === ALICE || each === "did:web:alice.example",
  hasOtherMethods: true,
  collections: new Set(["app.bsky.feed.post"]),
};

/** What the frame comes to. */
async function pass(frame: Uint8Array): Promise<string> {
  glance(frame, interests);
  const read = readFrame(frame);
  if (read.kind !== "event") return read.kind;
  if (read.event.kind === "commit") return (await checkCommit(read.event, known)).kind;
  return read.event.kind === "sync" ? (await checkSync(read.event, known)).kind : read.event.kind;
}

test("good frames changed, cut, doubled, and bytes at random", async () => {
  const results = new Map<string, number>();
  const run = async (frame: Uint8Array) => {
    const result = await pass(frame);
    results.set(result, (results.get(result) ?? 0) + 1);
  };
  expect(await Promise.all(good.map(pass))).toEqual([
    "follows",
    "desynchronized",
    "follows",
    "account",
    "identity",
    "info",
    "error",
  ]);
  for (const frame of good) await fc.assert(fc.asyncProperty(damaged(frame), run), { numRuns: 12_000 });
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), run), { numRuns: 16_000 });
  expect([...results.values()].reduce((sum, count) => sum + count)).toBe(100_000);
  for (const kind of ["malformed", "other", "refused", "account", "info"])
    expect([...results.keys()]).toContain(kind);
});
