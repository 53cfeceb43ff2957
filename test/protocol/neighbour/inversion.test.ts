/** A commit's operations, undone on what came with them. `test/clients/official-mst.test.ts` has the oracle. */
import { describe, expect, inject, test } from "vitest";
import { readCar } from "../../../src/protocol/car.ts";
import { cidFromBytes, cidToBytes } from "../../../src/protocol/cid.ts";
import { decodeCommit } from "../../../src/protocol/commit.ts";
import type { RepoOp } from "../../../src/protocol/events.ts";
import { buildMst } from "../../../src/protocol/mst/build.ts";
import { invert } from "../../../src/protocol/mst/inversion.ts";
import { editMst, type MstEdit } from "../../../src/protocol/mst/mst.ts";
import { encodeNode, keyLayer } from "../../../src/protocol/mst/node.ts";
import { cidBytesOfCbor, cidOfCbor } from "../../../src/protocol/cid.ts";
import { must } from "../../../src/protocol/refusal.ts";
import { MemoryRows } from "../../support/memory-rows.ts";
import { post, SignedRepo, type Write } from "../../support/signed-repo.ts";

const DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const pathOf = (n: number) => `app.bsky.feed.post/3k${n.toString(36).padStart(11, "0")}`;
const A = cidBytesOfCbor(new TextEncoder().encode("a"));

const filled = (count: number) =>
  new SignedRepo(DID).fill(Array.from({ length: count }, (_, n) => [pathOf(n * 3), post(`post ${n}`)]));

/** What a commit says, and the blocks that came with it. */
function commitOf(repo: SignedRepo, writes: Write[]) {
  const { ops, blocks: car, prevData } = repo.commit(writes);
  const { roots, blocks } = readCar(car);
  const { data } = decodeCommit(must(blocks.get(must(roots[0], "root")), "commit"));
  return { ops, blocks, data, before: { kind: "root", cid: prevData } };
}

const undo = ({ data, ops, blocks }: Pick<ReturnType<typeof commitOf>, "data" | "ops" | "blocks">) =>
  invert(data, ops, (cid) => blocks.get(cid));

/** Ever other writes: some created, updated, deleted, of layers low and high. */
function writesOf(repo: SignedRepo, turn: number): Write[] {
  const paths = [...repo.records.keys()];
  const at = (n: number) => must(paths[(turn * 31 + n * 17) % paths.length], "path");
  return [
    { path: pathOf(turn * 7 + 1), record: post(`new ${turn}`) },
    { path: `app.bsky.feed.like/3k${turn.toString(36).padStart(11, "0")}`, record: post(`like ${turn}`) },
    { path: at(1), record: post(`changed ${turn}`) },
    { path: at(2), record: null },
    { path: at(3), record: null },
  ].filter(({ path }, i, all) => all.findIndex((other) => other.path === path) === i);
}

describe("undoing a commit's operations gives the root before it", () => {
  test("for 100 commits of all kinds of writes", () => {
    const repo = filled(150);
    for (let turn = 0; turn < 100; turn++) {
      const commit = commitOf(repo, writesOf(repo, turn));
      expect(undo(commit), `commit ${turn}`).toEqual(commit.before);
    }
  });

  test("in whatever order they are told", () => {
    const repo = filled(100);
    for (let turn = 0; turn < 60; turn++) {
      const commit = commitOf(repo, writesOf(repo, turn));
      const ops = commit.ops.toReversed();
      expect(undo({ ...commit, ops }), `commit ${turn}`).toEqual(commit.before);
    }
  });

  test("from the first record to the last, and back to nothing", () => {
    const repo = new SignedRepo(DID);
    for (let n = 0; n < 40; n++) {
      const commit = commitOf(repo, [{ path: pathOf(n), record: post(`${n}`) }]);
      expect(undo(commit)).toEqual(commit.before);
    }
    for (let n = 39; n >= 0; n--) {
      const commit = commitOf(repo, [{ path: pathOf((n * 7) % 40), record: null }]);
      expect(undo(commit)).toEqual(commit.before);
    }
    expect(repo.records.size).toBe(0);
  });

  test("for a commit of 200 operations, and for one of none", () => {
    const repo = filled(1000);
    const many = Array.from({ length: 200 }, (_, n): Write => ({
      path: pathOf(n * 15),
      record: n % 2 === 0 ? null : post(`changed ${n}`),
    }));
    const commit = commitOf(repo, many);
    expect(undo(commit)).toEqual(commit.before);
    const empty = commitOf(repo, []);
    expect(undo(empty)).toEqual(empty.before);
  });

  test.skipIf(inject("interop") === null)("for the official fixtures, with their blocks alone", () => {
    interface Case {
      leafValue: string;
      keys: string[];
      adds: string[];
      dels: string[];
      rootBeforeCommit: string;
      rootAfterCommit: string;
      blocksInProof: string[];
    }
    const text = must(inject("interop")?.["firehose/commit-proof-fixtures.json"], "fixtures");
    const cases: Case[] = JSON.parse(text);
    expect(cases.length).toBe(6);
    for (const fixture of cases) {
      const { leafValue, adds, dels } = fixture;
      const cid = cidToBytes(leafValue);
      const store = new MemoryRows();
      store.fill(
        buildMst(
          fixture.keys.toSorted().map((key) => [key, cid] as const),
          "3jzfcijpj2z2a",
        ),
      );
      const result = editMst(
        store,
        [
          ...adds.map((path): MstEdit => ({ action: "create", path, cid })),
          ...dels.map((path): MstEdit => ({ action: "delete", path })),
        ],
        "3jzfcijpj2z2b",
      );
      const blocks = new Map(
        [...result.newBlocks, ...result.proof].map((block) => [cidFromBytes(block.cid), block.bytes]),
      );
      const ops = [
        ...adds.map((path): RepoOp => ({ action: "create", path, cid: leafValue })),
        ...dels.map((path): RepoOp => ({ action: "delete", path, cid: null, prev: leafValue })),
      ];
      const found = invert(fixture.rootAfterCommit, ops, (each) =>
        fixture.blocksInProof.includes(each) ? blocks.get(each) : undefined,
      );
      expect(found).toEqual({ kind: "root", cid: fixture.rootBeforeCommit });
    }
  });
});

describe("what does not fit the tree is told", () => {
  const repo = filled(120);
  const gone = must([...repo.records.keys()][60], "path");
  const changed = must([...repo.records.keys()][20], "path");
  const fresh = pathOf(100_000);
  const commit = commitOf(repo, [
    { path: fresh, record: post("new") },
    { path: changed, record: post("changed") },
    { path: gone, record: null },
  ]);
  const other = repo.cidOf(must([...repo.records.keys()][3], "path"));
  const withOps = (change: (op: RepoOp) => RepoOp | null) =>
    undo({ ...commit, ops: commit.ops.map(change).filter((op) => op !== null) });

  test.each<[string, (op: RepoOp) => RepoOp]>([
    ["creates what is not there", (op) => (op.path === fresh ? { ...op, path: pathOf(100_001) } : op)],
    ["creates another version", (op) => (op.path === fresh ? { ...op, cid: other } : op)],
    ["creates what it deletes", (op) => (op.path === fresh ? { ...op, cid: null } : op)],
    ["updates to another version", (op) => (op.path === changed ? { ...op, cid: other } : op)],
    [
      "updates, and does not say what",
      (op) => (op.path === changed ? { action: "update", path: changed, cid: op.cid } : op),
    ],
    ["deletes what is still there", (op) => (op.path === gone ? { ...op, path: changed } : op)],
    [
      "deletes, and does not say what",
      (op) => (op.path === gone ? { action: "delete", path: gone, cid: null } : op),
    ],
    ["has a path that is no key", (op) => (op.path === fresh ? { ...op, path: "nonsense" } : op)],
  ])("an operation that %s", (_, change) => {
    expect(withOps(change)).toEqual({ kind: "contradicted" });
  });

  test.each<[string, (op: RepoOp) => RepoOp | null]>([
    ["hides a creation", (op) => (op.path === fresh ? null : op)],
    ["hides an update", (op) => (op.path === changed ? null : op)],
    ["hides a deletion", (op) => (op.path === gone ? null : op)],
    ["tells another version before", (op) => (op.path === gone ? { ...op, prev: other } : op)],
  ])("a commit that %s leads to another root", (_, change) => {
    const found = withOps(change);
    expect(found.kind).toBe("root");
    expect(found).not.toEqual(commit.before);
  });

  test("a commit that lacks a block leads to its root or to none", () => {
    let incomplete = 0;
    for (const cid of commit.blocks.keys()) {
      const blocks = new Map(commit.blocks);
      blocks.delete(cid);
      const found = undo({ ...commit, blocks });
      if (found.kind === "root") expect(found).toEqual(commit.before);
      else incomplete++;
    }
    expect(incomplete).toBeGreaterThan(5);
  });

  test("a block that is no node, and a tree that is deeper than its keys allow", () => {
    const ops: RepoOp[] = [{ action: "create", path: fresh, cid: other }];
    const record = new TextEncoder().encode("no node");
    expect(invert(cidOfCbor(record), ops, () => record)).toEqual({ kind: "incomplete" });
    // Each block is under the one before it, and none has a key.
    let below = encodeNode([fresh], [A], () => null);
    const blocks = new Map([[cidOfCbor(below), below]]);
    for (let layer = 0; layer < 500; layer++) {
      const cid = cidBytesOfCbor(below);
      below = encodeNode([], [], () => cid);
      blocks.set(cidOfCbor(below), below);
    }
    const low = Array.from({ length: 99 }, (_, n) => pathOf(n)).find((path) => keyLayer(path) === 0) ?? "";
    const cid = cidBytesOfCbor(below);
    const top = encodeNode([low], [A], (i) => (i === 1 ? cid : null));
    blocks.set(cidOfCbor(top), top);
    expect(invert(cidOfCbor(top), ops, (each) => blocks.get(each))).toEqual({ kind: "incomplete" });
  });
});
