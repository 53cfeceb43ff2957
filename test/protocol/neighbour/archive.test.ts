/** A repo as another host sends it, whole or as far as it is new. */
import { describe, expect, test } from "vitest";
import { readCar, writeCar } from "../../../src/protocol/car.ts";
import { cidBytesOfCbor, cidOfCbor } from "../../../src/protocol/cid.ts";
import { signCommit } from "../../../src/protocol/commit.ts";
import { encodeNode } from "../../../src/protocol/mst/node.ts";
import { Archive } from "../../../src/protocol/neighbour/archive.ts";
import { must } from "../../../src/protocol/refusal.ts";
import { tidFromMicros } from "../../../src/protocol/tid.ts";
import { post, SignedRepo } from "../../support/signed-repo.ts";

const DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const NOW = Date.parse("2026-11-30T12:00:00.000Z");
const pathOf = (n: number) => `app.bsky.feed.post/3k${n.toString(36).padStart(11, "0")}`;
const filled = (count: number, seed?: number) =>
  new SignedRepo(DID, seed).fill(Array.from({ length: count }, (_, n) => [pathOf(n), post(`post ${n}`)]));
const open = (repo: SignedRepo, car: Uint8Array, others: { did?: string; key?: string; now?: number } = {}) =>
  Archive.open(car, { did: DID, key: repo.didKey, now: NOW, ...others });
const pathsIn = (archive: Archive) => [...archive.records()].map(({ path }) => path);

test("a whole repo gives all its records, in order, and shows what is not there", async () => {
  const repo = filled(300);
  const archive = await open(repo, repo.archive());
  expect(archive.held).toEqual({ rev: repo.rev, data: repo.data });
  expect(pathsIn(archive)).toEqual([...repo.records.keys()].toSorted());
  const first = must([...archive.records()][0], "record");
  expect([first.cid, first.bytes]).toEqual([repo.cidOf(first.path), repo.records.get(first.path)]);
  expect([archive.lacks(pathOf(7)), archive.lacks(pathOf(7000)), archive.lacks("a.b.c/x")]).toEqual([
    false,
    true,
    true,
  ]);
});

test("an empty repo lacks everything", async () => {
  const repo = new SignedRepo(DID);
  const archive = await open(repo, repo.archive());
  expect([pathsIn(archive), archive.lacks(pathOf(1))]).toEqual([[], true]);
});

test("what is new since a rev shows what was written and deleted, and nothing of the rest", async () => {
  const repo = filled(300);
  const since = repo.rev;
  repo.commit([{ path: pathOf(1000), record: post("new") }]);
  repo.commit([{ path: pathOf(40), record: null }]);
  repo.commit([{ path: pathOf(50), record: post("changed") }]);
  const archive = await open(repo, repo.archive(since));
  const paths = pathsIn(archive);
  expect(paths).toContain(pathOf(1000));
  expect(paths).toContain(pathOf(50));
  expect(paths.length).toBeLessThan(60);
  expect(archive.lacks(pathOf(40))).toBe(true);
  // The way to most of what is left does not come with it: nothing is said of it.
  const untold = [...repo.records.keys()].filter((path) => !paths.includes(path));
  expect(untold.filter((path) => archive.lacks(path))).toEqual([]);
  const farAway = Array.from({ length: 300 }, (_, n) => `${pathOf(n)}x`).filter(
    (path) => !archive.lacks(path),
  );
  expect(farAway.length).toBeGreaterThan(0);
});

describe("it is refused", () => {
  const repo = filled(30);
  const good = repo.archive();
  const refusal = (message: RegExp) => ({
    error: "InvalidRequest",
    message: expect.stringMatching(message) as string,
  });

  test("of another repo, by another key, of the future, or without its commit", async () => {
    const other = open(repo, good, { did: "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa" });
    await expect(other).rejects.toMatchObject(refusal(/another repo/));
    await expect(open(filled(1, 8), good)).rejects.toMatchObject(refusal(/signature/));
    const ahead = filled(3);
    ahead.commit([], tidFromMicros((NOW + 6 * 60_000) * 1000));
    await expect(open(ahead, ahead.archive())).rejects.toMatchObject(refusal(/future/));
    await expect(open(repo, writeCar([repo.head.cid], []))).rejects.toMatchObject(refusal(/no commit/));
    await expect(open(repo, Uint8Array.of(1, 2))).rejects.toMatchObject(refusal(/CAR/));
  });

  test("with a record that is not what its CID says", async () => {
    const car = new Uint8Array(good);
    car[car.length - 2] = (car[car.length - 2] ?? 0) ^ 1;
    await expect(open(repo, car)).rejects.toMatchObject(refusal(/does not match/));
  });

  test("with a tree whose keys are out of order, or that is deeper than any", async () => {
    const A = cidBytesOfCbor(new TextEncoder().encode("a"));
    const signed = (top: Uint8Array, blocks: Uint8Array[]) => {
      const commit = signCommit({ did: DID, data: cidOfCbor(top), rev: repo.rev }, repo.key);
      const all = [top, ...blocks].map((bytes) => ({ cid: cidOfCbor(bytes), bytes }));
      return writeCar([commit.cid], [commit, ...all]);
    };
    const low = encodeNode(["a.b.c/x"], [A], () => null);
    const high = encodeNode(["a.b.c/a"], [A], (i) => (i === 0 ? cidBytesOfCbor(low) : null));
    const crossed = await open(repo, signed(high, [low]));
    expect(() => pathsIn(crossed)).toThrow("out of order");
    const chain = [low];
    for (let i = 0; i < 200; i++) {
      const below = cidBytesOfCbor(must(chain.at(-1), "node"));
      chain.push(encodeNode([], [], () => below));
    }
    const deep = await open(repo, signed(must(chain.pop(), "top"), chain));
    expect(() => pathsIn(deep)).toThrow("too deep");
    expect(deep.lacks("a.b.c/y")).toBe(false);
  });

  test("not if a record is missing: it is left out", async () => {
    const { roots, blocks } = readCar(good);
    blocks.delete(repo.cidOf(pathOf(3)));
    const car = writeCar(
      roots,
      [...blocks].map(([cid, bytes]) => ({ cid, bytes })),
    );
    const paths = pathsIn(await open(repo, car));
    expect(paths).not.toContain(pathOf(3));
    expect(paths.length).toBe(29);
  });
});
