/** The tree against `@atproto/repo`, under random edits. */
import { MemoryBlockstore, MST, BlockMap } from "@atproto/repo";
import fc from "fast-check";
import { CID } from "multiformats/cid";
import { describe, expect, test } from "vitest";
import { cidBytesOfCbor, cidFromBytes, type CidBytes } from "../../src/protocol/cid.ts";
import { buildMst } from "../../src/protocol/mst/build.ts";
import { walkMst } from "../../src/protocol/mst/walk.ts";
import { editMst, type MstEdit, type MstResult } from "../../src/protocol/mst/mst.ts";
import type { RepoOp } from "../../src/protocol/events.ts";
import { invert as undo } from "../../src/protocol/mst/inversion.ts";
import { must } from "../../src/protocol/refusal.ts";
import { nextTid } from "../../src/protocol/tid.ts";
import { MemoryRows } from "../support/memory-rows.ts";

type Value = Parameters<MST["add"]>[1];
const valueOf = (cid: CidBytes): Value => CID.decode(cid) as never;

/** Deterministic from one seed, so a failure can be repeated. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Our tree and theirs, side by side. */
class Pair {
  readonly store = new MemoryRows();
  readonly records = new Map<string, CidBytes>();
  readonly #random: (below: number) => number;
  #theirs: MST | null = null;
  #rev = "3jzfcijpj2z2a";
  #serial = 0;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
  }

  #record(): CidBytes {
    return cidBytesOfCbor(new TextEncoder().encode(`record ${this.#serial++}`));
  }

  /** Random edits of distinct paths; `grow` tenths of them are creates. */
  edits(count: number, grow: number): MstEdit[] {
    const edits = new Map<string, MstEdit>();
    const existing = [...this.records.keys()];
    for (let i = 0; i < count; i++) {
      const old = existing[this.#random(existing.length)];
      const dice = this.#random(10);
      if (dice < grow || old === undefined) {
        const path = `com.example.${"abc".charAt(this.#random(3))}/${this.#random(2_000_000).toString(36)}`;
        if (!this.records.has(path)) edits.set(path, { action: "create", path, cid: this.#record() });
      } else if (dice % 2 === 0) {
        edits.set(old, { action: "update", path: old, cid: this.#record() });
      } else {
        edits.set(old, { action: "delete", path: old });
      }
    }
    return [...edits.values()];
  }

  /** Applies edits to both trees. Theirs gets the deletes last: emptied on the way, it keeps its height. */
  async apply(edits: MstEdit[]): Promise<MstResult> {
    this.#rev = nextTid(0, this.#rev);
    const result = editMst(this.store, edits, this.#rev);
    this.store.apply(result);
    let theirs = this.#theirs ?? (await MST.create(new MemoryBlockstore()));
    const deletesLast = edits.toSorted(
      (a, b) => Number(a.action === "delete") - Number(b.action === "delete"),
    );
    for (const edit of deletesLast) {
      if (edit.action === "delete") {
        theirs = await theirs.delete(edit.path);
        this.records.delete(edit.path);
      } else {
        const value = valueOf(edit.cid);
        theirs = await (edit.action === "create"
          ? theirs.add(edit.path, value)
          : theirs.update(edit.path, value));
        this.records.set(edit.path, edit.cid);
      }
    }
    this.#theirs = this.records.size === 0 ? null : theirs;
    return result;
  }

  async checkRoot(): Promise<void> {
    const theirs = this.#theirs ?? (await MST.create(new MemoryBlockstore()));
    expect(this.store.root()).toBe((await theirs.getPointer()).toString());
  }

  /** The new blocks and the proof together equal what `@atproto/repo` calls the covering proofs. */
  async checkProof(edits: MstEdit[], result: MstResult): Promise<void> {
    const theirs = this.#theirs ?? (await MST.create(new MemoryBlockstore()));
    const wanted = new Set<string>();
    for (const { path } of edits)
      for (const cid of (await theirs.getCoveringProof(path)).cids()) wanted.add(cid.toString());
    const ours = [...result.newBlocks, ...result.proof].map(({ cid }) => cidFromBytes(cid));
    expect(ours.toSorted()).toEqual([...wanted].sort());
  }

  /** The nodes that the reference sends with a commit, by CID. */
  async sentByReference(edits: MstEdit[]): Promise<Map<string, Uint8Array>> {
    const theirs = this.#theirs ?? (await MST.create(new MemoryBlockstore()));
    const sent = new BlockMap();
    for (const { path } of edits) sent.addMap(await theirs.getCoveringProof(path));
    return new Map(sent.entries().map(({ cid, bytes }) => [cid.toString(), bytes]));
  }

  checkRows(): void {
    const sorted = [...this.records].sort(([a], [b]) => (a < b ? -1 : 1));
    const built = new MemoryRows();
    built.fill(buildMst(sorted, this.#rev));
    expect([...this.store.rows.keys()].sort()).toEqual([...built.rows.keys()].sort());
    const walked = [...walkMst(this.store)].flatMap((step) =>
      step.kind === "record" ? [[step.path, cidFromBytes(step.cid)]] : [],
    );
    expect(walked).toEqual(sorted.map(([path, cid]) => [path, cidFromBytes(cid)]));
  }
}

/** The edits as a commit's event tells them. */
const opsOf = (edits: MstEdit[], { previous }: MstResult): RepoOp[] =>
  edits.map(({ action, path, cid }, i) => {
    const before = previous[i] ?? null;
    return {
      action,
      path,
      cid: cid ? cidFromBytes(cid) : null,
      ...(before === null ? {} : { prev: cidFromBytes(before) }),
    };
  });

/** Undoes the edits with `@atproto/repo`'s code, using only our blocks; returns the root. */
async function invert(edits: MstEdit[], result: MstResult): Promise<string> {
  const blocks = new BlockMap();
  for (const { cid, bytes } of [...result.newBlocks, ...result.proof]) blocks.set(valueOf(cid), bytes);
  let tree = MST.load(new MemoryBlockstore(blocks), valueOf(result.root));
  for (const [i, edit] of [...edits.entries()].reverse()) {
    const before = result.previous[i];
    if (edit.action === "create") tree = await tree.delete(edit.path);
    else if (edit.action === "delete") tree = await tree.add(edit.path, valueOf(must(before, "previous")));
    else tree = await tree.update(edit.path, valueOf(must(before, "previous")));
  }
  return (await tree.getPointer()).toString();
}

describe("random edits", () => {
  test("of small repos give the root, proof and rows that the reference and a rebuild give", async () => {
    const run = async (seed: number, size: number, batch: number) => {
      const pair = new Pair(seed);
      await pair.apply(pair.edits(size, 10));
      for (let step = 0; step < 6; step++) {
        const edits = pair.edits(batch, step % 2 === 0 ? 6 : 2);
        if (edits.length === 0) continue;
        const result = await pair.apply(edits);
        await pair.checkRoot();
        await pair.checkProof(edits, result);
      }
      pair.checkRows();
    };
    await fc.assert(fc.asyncProperty(fc.nat(), fc.nat(120), fc.integer({ min: 1, max: 12 }), run), {
      numRuns: 25,
    });
  });

  test("invert, by the reference's code and from our blocks alone, to the previous root", async () => {
    const run = async (seed: number, size: number, batch: number) => {
      const pair = new Pair(seed);
      await pair.apply(pair.edits(size, 10));
      for (let step = 0; step < 5; step++) {
        const edits = pair.edits(batch, 5);
        if (edits.length === 0) continue;
        const result = await pair.apply(edits);
        if (pair.records.size === 0) continue;
        expect(await invert(edits, result)).toBe(cidFromBytes(result.previousRoot));
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 2, max: 200 }), fc.integer({ min: 1, max: 8 }), run),
      { numRuns: 25 },
    );
  });

  test("undone by the host itself, on what the reference sends, lead to the root before, or to none", async () => {
    const run = async (seed: number, size: number, batch: number) => {
      const pair = new Pair(seed);
      await pair.apply(pair.edits(size, 10));
      for (let step = 0; step < 5; step++) {
        const edits = pair.edits(batch, 5);
        const result = await pair.apply(edits);
        const blocks = await pair.sentByReference(edits);
        const ops = opsOf(edits, result);
        const root = cidFromBytes(result.root);
        const before = { kind: "root", cid: cidFromBytes(result.previousRoot) };
        expect(undo(root, ops, (cid) => blocks.get(cid))).toEqual(before);
        // Without any one operation the root is another: nothing can be left out.
        for (const op of ops) {
          const others = ops.filter((each) => each !== op);
          expect(undo(root, others, (cid) => blocks.get(cid))).not.toEqual(before);
        }
        // Without any one block it is the same, or cannot be told.
        for (const missing of blocks.keys()) {
          const found = undo(root, ops, (cid) => (cid === missing ? undefined : blocks.get(cid)));
          if (found.kind === "root") expect(found).toEqual(before);
          else expect(found).toEqual({ kind: "incomplete" });
        }
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 2, max: 200 }), fc.integer({ min: 1, max: 8 }), run),
      { numRuns: 50 },
    );
  });

  test("down to nothing, and up again", async () => {
    const pair = new Pair(7);
    for (let round = 0; round < 3; round++) {
      await pair.apply(pair.edits(90, 10));
      const all = [...pair.records.keys()].map((path): MstEdit => ({ action: "delete", path }));
      for (let i = 0; i < all.length; i += 7) {
        await pair.apply(all.slice(i, i + 7));
        await pair.checkRoot();
        pair.checkRows();
      }
      expect(pair.records.size).toBe(0);
    }
  });

  test("of a repo of 5,000 records", async () => {
    const pair = new Pair(11);
    await pair.apply(pair.edits(5000, 10));
    await pair.checkRoot();
    for (let step = 0; step < 20; step++) {
      const edits = pair.edits(step % 4 === 0 ? 50 : 1, 4);
      const result = await pair.apply(edits);
      await pair.checkRoot();
      await pair.checkProof(edits, result);
    }
    pair.checkRows();
  });
});
