import { describe, expect, test } from "vitest";
import { cidBytesOfCbor, cidFromBytes, cidOfCbor, type CidBytes } from "../../src/protocol/cid.ts";
import { buildMst, emptyTop, MstBuilder, readMst } from "../../src/protocol/mst/build.ts";
import { decodeNode, EMPTY_ROOT, encodeNode, keyLayer } from "../../src/protocol/mst/node.ts";
import { MAX_ROW_BYTES, readTop, TOP_NAME, withExtra } from "../../src/protocol/mst/row.ts";
import { lookup, nodesOnPath, walkMst, walkNodes } from "../../src/protocol/mst/walk.ts";
import { editMst, type MstEdit } from "../../src/protocol/mst/mst.ts";
import { must } from "../../src/protocol/refusal.ts";
import { nextTid } from "../../src/protocol/tid.ts";
import { MemoryRows } from "../support/memory-rows.ts";

const REV = "3jzfcijpj2z2a";
const LATER = "3jzfcijpj2z2b";
const record = (n: number): CidBytes => cidBytesOfCbor(new TextEncoder().encode(`record ${n}`));
const A = record(1);
const B = record(2);

/** Sorted paths with CIDs, distributed like a member's records. */
function entries(count: number): [string, CidBytes][] {
  const collections = ["app.bsky.feed.like", "app.bsky.feed.post", "app.bsky.graph.follow"];
  let last: string | null = null;
  return Array.from({ length: count }, (_, i): [string, CidBytes] => {
    last = nextTid(1.7e15 + i * 7919, last);
    return [`${collections[i % 3]}/${last}`, record(i % 50)];
  }).sort(([a], [b]) => (a < b ? -1 : 1));
}

function filled(count: number): { store: MemoryRows; paths: string[] } {
  const store = new MemoryRows();
  const all = entries(count);
  store.fill(buildMst(all, REV));
  return { store, paths: all.map(([path]) => path) };
}

const create = (path: string, cid = A): MstEdit => ({ action: "create", path, cid });

/** A key of the given layer. */
function keyOn(layer: number, prefix: string): string {
  for (let i = 0; ; i++) if (keyLayer(`${prefix}${i}`) === layer) return `${prefix}${i}`;
}

describe("an edit", () => {
  test("of nothing leaves the root, and writes the top row alone", () => {
    const { store } = filled(300);
    const result = editMst(store, [], LATER);
    expect(result.root).toEqual(result.previousRoot);
    expect([result.puts, result.deletes, result.newBlocks, result.proof]).toEqual([[], [], [], []]);
  });

  test("in an empty repo, and its undoing, lead back to the empty root", () => {
    const store = new MemoryRows();
    store.apply(editMst(store, [create("a.b.c/x")], REV));
    expect(store.root()).not.toBe(cidFromBytes(EMPTY_ROOT));
    const undone = editMst(store, [{ action: "delete", path: "a.b.c/x" }], LATER);
    store.apply(undone);
    expect(store.root()).toBe(cidFromBytes(EMPTY_ROOT));
    expect(undone.previous).toEqual([A]);
    expect([...store.rows.keys()]).toEqual([TOP_NAME]);
  });

  test("tells the CID before it", () => {
    const store = new MemoryRows();
    store.apply(editMst(store, [create("a.b.c/x"), create("a.b.c/y")], REV));
    const edits: MstEdit[] = [
      { action: "update", path: "a.b.c/x", cid: B },
      create("a.b.c/z"),
      { action: "delete", path: "a.b.c/y" },
    ];
    expect(editMst(store, edits, LATER).previous).toEqual([A, null, A]);
  });

  test("reads and writes three rows at 3,000 records, whose size stays small", () => {
    const { store } = filled(3000);
    store.reads = 0;
    let written = 0;
    for (let i = 0; i < 100; i++) {
      const result = editMst(store, [create(`app.bsky.feed.post/self${i}`)], LATER);
      written += 1 + result.puts.length + result.deletes.length;
      store.apply(result);
    }
    expect(store.reads / 100).toBeLessThan(3.2);
    expect(written / 100).toBeLessThan(3.2);
    expect(Math.max(...[...store.rows.values()].map((row) => row.length))).toBeLessThan(40_000);
  });

  test("leaves the rows that a build from the same records would make", () => {
    const { store, paths } = filled(500);
    const removed = paths.filter((_, i) => i % 3 === 0);
    const edits = removed.map((path): MstEdit => ({ action: "delete", path }));
    for (let i = 0; i < edits.length; i += 25) store.apply(editMst(store, edits.slice(i, i + 25), LATER));
    const kept = entries(500).filter(([path]) => !removed.includes(path));
    const built = new MemoryRows();
    built.fill(buildMst(kept, REV));
    expect(store.root()).toBe(built.root());
    expect([...store.rows.keys()].sort()).toEqual([...built.rows.keys()].sort());
    for (const [name, bytes] of built.rows) expect(store.rows.get(name)?.length).toBe(bytes.length);
  });

  test("moves rows when a key of a high layer comes between, and back when it goes", () => {
    const { store } = filled(400);
    const before = new Map(store.rows);
    for (const layer of [2, 3, 5, 6, 7]) {
      const path = keyOn(layer, "app.bsky.feed.post/3j");
      store.apply(editMst(store, [create(path)], LATER));
      expect(lookup(store, path)).toEqual(A);
      store.apply(editMst(store, [{ action: "delete", path }], LATER));
      expect([...store.rows.keys()].sort()).toEqual([...before.keys()].sort());
    }
  });

  test("counts no block as new that the tree had before", () => {
    const { store, paths } = filled(200);
    const had = new Set([...walkNodes(store)].map(({ cid }) => cidFromBytes(cid)));
    const path = must(paths[77], "path");
    const cid = must(lookup(store, path), "cid");
    const same = editMst(store, [{ action: "update", path, cid }], LATER);
    expect(same.newBlocks).toEqual([]);
    const other = editMst(store, [{ action: "update", path, cid: B }], LATER);
    for (const block of other.newBlocks) expect(had.has(cidFromBytes(block.cid))).toBe(false);
    for (const block of other.proof) expect(had.has(cidFromBytes(block.cid))).toBe(true);
  });
});

describe("an edit is refused", () => {
  const { store, paths } = filled(50);
  const taken = must(paths[10], "path");
  const refusal = (edits: MstEdit[]): unknown => {
    try {
      editMst(store, edits, LATER);
    } catch (thrown) {
      return thrown;
    }
    return null;
  };

  test("when it creates what exists", () => {
    expect(refusal([create(taken)])).toMatchObject({ error: "RecordAlreadyExists", status: 409 });
  });

  test("when it updates or deletes what does not exist", () => {
    for (const path of ["a.b.c/x", "app.bsky.feed.post/9adeb165882c"]) {
      expect(refusal([{ action: "delete", path }])).toMatchObject({ error: "RecordNotFound" });
      expect(refusal([{ action: "update", path, cid: A }])).toMatchObject({
        error: "RecordNotFound",
      });
    }
  });

  test("when it writes one record twice", () => {
    expect(refusal([create("a.b.c/x"), { action: "delete", path: "a.b.c/x" }])).toMatchObject({
      error: "InvalidRequest",
    });
  });

  test.each(["", "a", "a/", "/a", "a/b/c", "a/b c", "a/\u00e9", `a/${"x".repeat(1023)}`])(
    "when its path is %j",
    (path) => {
      expect(refusal([create(path)])).toMatchObject({ error: "InvalidRequest", status: 400 });
    },
  );

  test("when keys mined for one layer would outgrow a row, and nothing else is", () => {
    const mined = Array.from(
      { length: 3200 },
      (_, i) => `a.b.c/${String(i).padStart(6, "0")}${"x".repeat(1000)}`,
    ).filter((path) => keyLayer(path) === 0);
    const wide = new MemoryRows();
    let refused = 0;
    for (let i = 0; i < mined.length; i += 200) {
      try {
        wide.apply(
          editMst(
            wide,
            mined.slice(i, i + 200).map((path) => create(path)),
            LATER,
          ),
        );
      } catch (thrown) {
        expect(thrown).toMatchObject({ error: "InvalidRequest", status: 400 });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(0);
    const largest = Math.max(...[...wide.rows.values()].map((row) => row.length));
    expect(largest).toBeLessThanOrEqual(MAX_ROW_BYTES);
    expect(largest).toBeGreaterThan(MAX_ROW_BYTES / 2);
    const all = mined.map((path) => [path, A] as const);
    expect(() => [...buildMst(all, REV)]).toThrow("Too many record keys");
  });
});

describe("the top row", () => {
  test("carries what the caller puts behind it, through edits of its own", () => {
    const extra = new Uint8Array([1, 2, 3]);
    const top = withExtra(emptyTop(REV), extra);
    expect(readTop(top)).toEqual({ root: EMPTY_ROOT, extra });
    const store = new MemoryRows();
    store.rows.set(TOP_NAME, top);
    const result = editMst(store, [create("a.b.c/x")], REV);
    expect(readTop(result.top).extra.length).toBe(0);
    store.apply(result, new Uint8Array([9]));
    expect(readTop(must(store.rows.get(TOP_NAME), "top")).extra).toEqual(new Uint8Array([9]));
  });
});

describe("reading", () => {
  test("finds every record, with the nodes on its path", () => {
    const { store } = filled(300);
    for (const [path, cid] of entries(300)) {
      const found = nodesOnPath(store, path);
      expect(found.cid).toEqual(cid);
      expect(cidFromBytes(must(found.nodes[0], "root").cid)).toBe(store.root());
      for (const { cid: node, bytes } of found.nodes) expect(cidOfCbor(bytes)).toBe(cidFromBytes(node));
    }
  });

  test("proves absence too", () => {
    const { store } = filled(300);
    const { nodes, cid } = nodesOnPath(store, "app.bsky.feed.post/absent");
    expect(cid).toBeNull();
    expect(nodes.length).toBeGreaterThan(1);
    const nothing = nodesOnPath(new MemoryRows(), "a.b.c/x");
    expect(nothing).toMatchObject({ cid: null, nodes: [{ cid: EMPTY_ROOT }] });
  });

  test("walks records in order of path, each behind the node that names it", () => {
    const { store } = filled(300);
    const seen = new Set<string>();
    const named = new Map<string, Set<string>>();
    const records: string[] = [];
    for (const step of walkMst(store)) {
      if (step.kind === "node") {
        seen.add(cidFromBytes(step.cid));
        for (const key of decodeNode(step.bytes).keys) named.set(key, seen);
      } else {
        expect(named.has(step.path)).toBe(true);
        records.push(step.path);
      }
    }
    expect(records).toEqual(entries(300).map(([path]) => path));
  });

  test("reads a row of each band once", () => {
    const { store } = filled(1000);
    store.reads = 0;
    expect([...walkNodes(store)].length).toBeGreaterThan(200);
    expect(store.reads).toBe(store.rows.size);
  });

  test("since a rev gives the nodes of later commits alone, and reads little", () => {
    const { store, paths } = filled(1000);
    const before = new Set([...walkNodes(store)].map(({ cid }) => cidFromBytes(cid)));
    store.apply(editMst(store, [create("app.bsky.feed.post/new")], LATER));
    store.apply(editMst(store, [{ action: "delete", path: must(paths[5], "path") }], nextTid(0, LATER)));
    const now = [...walkNodes(store)].map(({ cid }) => cidFromBytes(cid));
    store.reads = 0;
    const since = [...walkNodes(store, REV)].map(({ cid }) => cidFromBytes(cid));
    expect(store.reads).toBeLessThan(20);
    expect(since).toEqual(now.filter((cid) => !before.has(cid)));
    expect([...walkNodes(store, nextTid(0, nextTid(0, LATER)))]).toEqual([]);
  });

  test("a walk that pauses gives the tree as of its start, given pre-images", () => {
    const { store } = filled(1000);
    const root = store.root();
    const preImages = new Map(store.rows);
    const snapshot = {
      get: (band: 0 | 1 | 2, left: string) => preImages.get(`${band}${left}`) ?? null,
    };
    const walk = walkMst(snapshot);
    const records: [string, CidBytes][] = [];
    let steps = 0;
    for (const step of walk) {
      if (step.kind === "record") records.push([step.path, step.cid]);
      if (steps++ % 100 === 0) store.apply(editMst(store, [create(`a.b.c/n${steps}`)], LATER));
    }
    const again = new MemoryRows();
    again.fill(buildMst(records, REV));
    expect(again.root()).toBe(root);
  });
});

describe("a foreign tree", () => {
  const { store } = filled(400);
  const blocks = new Map([...walkNodes(store)].map(({ cid, bytes }) => [cidFromBytes(cid), bytes]));

  test("gives its records in order", () => {
    expect([...readMst(store.root(), (cid) => blocks.get(cid))]).toEqual(entries(400));
  });

  test("that lacks a block is refused", () => {
    const partial = new Map(blocks);
    partial.delete(must([...blocks.keys()].at(-1), "block"));
    expect(() => [...readMst(store.root(), (cid) => partial.get(cid))]).toThrow(/Missing block/);
  });

  test("of a wrong shape builds to another root", () => {
    const flat = encodeNode(
      entries(40).map(([path]) => path),
      entries(40).map(([, cid]) => cid),
      () => null,
    );
    const read = [...readMst(cidOfCbor(flat), () => flat)];
    const built = new MemoryRows();
    built.fill(buildMst(read, REV));
    expect(built.root()).not.toBe(cidOfCbor(flat));
  });

  test("that loops through one node without end is refused", () => {
    const loop = encodeNode([], [], () => A);
    expect(() => [...readMst(cidOfCbor(loop), () => loop)]).toThrow("too deep");
  });

  test("whose subtrees overlap is refused", () => {
    const low = encodeNode(["a.b.c/x"], [A], () => null);
    const high = encodeNode(["a.b.c/a"], [A], (i) => (i === 0 ? cidBytesOfCbor(low) : null));
    const get = (cid: string) => (cid === cidOfCbor(low) ? low : high);
    expect(() => [...readMst(cidOfCbor(high), get)]).toThrow("out of order");
  });
});

describe("a build", () => {
  test("of nothing is the empty tree", () => {
    expect(new MstBuilder(REV).finish()).toMatchObject({ root: EMPTY_ROOT, count: 0 });
  });

  test("refuses records out of order, twice, or under no key", () => {
    const build = (paths: string[]) => () => [
      ...buildMst(
        paths.map((path) => [path, A] as const),
        REV,
      ),
    ];
    expect(build(["a.b.c/y", "a.b.c/x"])).toThrow("out of order");
    expect(build(["a.b.c/x", "a.b.c/x"])).toThrow("out of order");
    expect(build(["nonsense"])).toThrow("Invalid record path");
  });
});
