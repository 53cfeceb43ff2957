/**
 * Edits a repo's Merkle Search Tree (repository spec, "MST Structure"; sync spec, "operation inversion").
 * Pure and synchronous: rows in, rows out. It keeps no state between calls, so a transaction that rolls back
 * leaves nothing stale.
 */
import { cidBytesOfCbor, sameBytes, type CidBytes } from "../cid.ts";
import { EMPTY_ROOT, encodeNode, isMstKey, keyLayer, lowerBound, type MstBlock } from "./node.ts";
import {
  bandOf,
  headsRow,
  loadRoot,
  Node,
  packRow,
  revBytes,
  rowKeyOf,
  rowName,
  TOP_NAME,
  type BandStore,
  type MstRow,
  type RowKey,
} from "./row.ts";
import { invalidRequest, must, Refusal } from "../refusal.ts";

/** One edit. `path` is `collection/rkey`; `cid` is the record's (36 bytes), null on delete. */
export type MstEdit =
  | { action: "create" | "update"; path: string; cid: CidBytes }
  | { action: "delete"; path: string; cid?: null };

export interface MstResult {
  root: CidBytes;
  previousRoot: CidBytes;
  /** The row at TOP, which must always be written, followed by `extra` (`withExtra`). */
  top: Uint8Array;
  /** Other rows that changed. */
  puts: MstRow[];
  /** Rows to delete. */
  deletes: RowKey[];
  /** Blocks of nodes that are not in the previous tree. */
  newBlocks: MstBlock[];
  /**
   * The other blocks of the new tree that prove the content of each path and its neighbours. With `newBlocks`
   * and these, a consumer can undo the edits and compute `previousRoot`.
   */
  proof: MstBlock[];
  /** The CID before each edit. */
  previous: (CidBytes | null)[];
}

/**
 * Applies edits in order and returns the rows to write; it only reads the store.
 * @param rev TID of the commit; stamped on new nodes
 * Refuses RecordAlreadyExists (409), RecordNotFound (400), InvalidRequest: a path that is not a key or is
 * edited twice, a row that would exceed MAX_ROW_BYTES.
 */
export function editMst(store: BandStore, edits: readonly MstEdit[], rev: string): MstResult {
  const editor = new Editor(store);
  const previousRoot = editor.root.cid ?? EMPTY_ROOT;
  const paths = new Set<string>();
  const previous = edits.map((edit) => {
    if (!isMstKey(edit.path)) throw invalidRequest(`Invalid record path: ${edit.path.slice(0, 200)}`);
    if (paths.has(edit.path)) throw invalidRequest(`Two writes to one record: ${edit.path}`);
    paths.add(edit.path);
    return editor.apply(edit);
  });
  return editor.finish(paths, previousRoot, previous, revBytes(rev));
}

const missing = (path: string) => new Refusal("RecordNotFound", `Could not locate record: ${path}`);

const hashPrefix = (cid: CidBytes): number =>
  ((cid[4] ?? 0) << 24) | ((cid[5] ?? 0) << 16) | ((cid[6] ?? 0) << 8) | (cid[7] ?? 0);

/** Wraps a subtree in keyless nodes up to `layer`; null stays null. */
function raise(node: Node | null, layer: number): Node | null {
  let top = node;
  while (top !== null && top.layer < layer) {
    const parent = new Node(top.layer + 1, "", null);
    parent.kids = [top];
    top = parent;
  }
  return top;
}

class Editor {
  readonly #store: BandStore;
  root: Node;
  /** Stored rows whose first node changed or moved. */
  readonly #touched = new Set<string>();
  /**
   * Previous CIDs of changed nodes, by four bytes of their hash, to recognise a node that an edit restored.
   */
  readonly #old = new Map<number, CidBytes>();
  readonly #puts = new Map<string, MstRow>();
  readonly #new = new Set<Node>();
  readonly #newBlocks: MstBlock[] = [];

  constructor(store: BandStore) {
    this.#store = store;
    this.root = loadRoot(store);
  }

  /** Returns the CID before the edit. */
  apply(edit: MstEdit): CidBytes | null {
    const layer = keyLayer(edit.path);
    if (edit.action === "create") {
      this.#create(edit.path, edit.cid, layer);
      return null;
    }
    const trail = this.#find(edit.path, layer);
    const node = must(trail.at(-1), "node").node;
    const index = lowerBound(node.keys, edit.path);
    const before = must(node.values[index], "value");
    for (const step of trail) this.#touch(step.node);
    if (edit.action === "update") node.values[index] = edit.cid;
    else this.#remove(trail, index);
    return before;
  }

  /** Marks a node as changed: it and its row will be rewritten, and until then it belongs to no row. */
  #touch(node: Node): void {
    node.open(this.#store);
    if (node.rowName !== null) this.#touched.add(node.rowName);
    if (node.cid !== null) this.#old.set(hashPrefix(node.cid), node.cid);
    node.cid = null;
    node.block = null;
    node.row = null;
  }

  #create(path: string, cid: CidBytes, layer: number): void {
    const root = this.root.open(this.#store);
    const leaf = (left: Node | null, right: Node | null): Node => {
      const node = new Node(layer, "", null);
      node.keys = [path];
      node.values = [cid];
      node.kids = [left, right];
      return node;
    };
    if (root.isEmpty || layer > root.layer) {
      const [left, right] = root.isEmpty ? [null, null] : this.#split(root, path);
      this.root = leaf(raise(left, layer - 1), raise(right, layer - 1));
      return;
    }
    let node = root;
    for (;;) {
      this.#touch(node);
      const index = lowerBound(node.keys, path);
      const kid = node.kid(index);
      if (node.layer === layer) {
        if (node.keys[index] === path)
          throw new Refusal("RecordAlreadyExists", `Record already exists: ${path}`, 409);
        const [left, right] = this.#split(kid, path);
        node.keys.splice(index, 0, path);
        node.values.splice(index, 0, cid);
        node.kids.splice(index, 1, left, right);
        return;
      }
      if (kid === null) {
        node.kids[index] = raise(leaf(null, null), node.layer - 1);
        return;
      }
      node = kid;
    }
  }

  /** The nodes from the root to the one that holds `path`, each with the index of its kid on the path. */
  #find(path: string, layer: number): { node: Node; index: number }[] {
    const trail: { node: Node; index: number }[] = [];
    let node: Node | null = this.root;
    while (node !== null && node.layer >= layer) {
      const index = lowerBound(node.open(this.#store).keys, path);
      trail.push({ node, index });
      if (node.keys[index] === path) return trail;
      node = node.kid(index);
    }
    throw missing(path);
  }

  #remove(trail: { node: Node; index: number }[], index: number): void {
    const { node } = must(trail.at(-1), "node");
    const merged = this.#merge(node.kid(index), node.kid(index + 1));
    node.keys.splice(index, 1);
    node.values.splice(index, 1);
    node.kids.splice(index, 2, merged);
    for (let i = trail.length - 1; i > 0 && must(trail[i], "step").node.isEmpty; i--) {
      const parent = must(trail[i - 1], "step");
      parent.node.kids[parent.index] = null;
    }
    this.#trim();
  }

  /** Replaces a root without keys by its only subtree. */
  #trim(): void {
    let root = this.root;
    while (root.keys.length === 0) {
      const kid = root.kid(0);
      if (kid === null) break;
      root = kid.open(this.#store);
      if (root.rowName !== null) this.#touched.add(root.rowName);
    }
    this.root = root.isEmpty ? new Node(0, "", null) : root;
  }

  /**
   * Splits a subtree into the parts before and after `path`. If one part is the whole, it is returned
   * unchanged.
   */
  #split(node: Node | null, path: string): [Node | null, Node | null] {
    if (node === null) return [null, null];
    node.open(this.#store);
    const index = lowerBound(node.keys, path);
    const [left, right] = this.#split(node.kid(index), path);
    if (index === 0 && left === null) return [null, node];
    if (index === node.keys.length && right === null) return [node, null];
    this.#touch(node);
    const other = new Node(node.layer, "", null);
    other.keys = node.keys.splice(index);
    other.values = node.values.splice(index);
    other.kids = [right, ...node.kids.splice(index + 1)];
    node.kids[index] = left;
    return [node, other];
  }

  /** Joins two neighbouring subtrees of the same layer. */
  #merge(left: Node | null, right: Node | null): Node | null {
    if (left === null || right === null) return left ?? right;
    this.#touch(left);
    this.#touch(right);
    const between = this.#merge(left.kids.pop() ?? null, right.kids.shift() ?? null);
    left.keys = left.keys.concat(right.keys);
    left.values = left.values.concat(right.values);
    left.kids = left.kids.concat([between], right.kids);
    return left;
  }

  /**
   * Computes the CIDs of changed nodes, bottom up, and packs the rows that changed. An unchanged node may
   * still have moved: with a new left separator, the rows down its left edge have new keys.
   */
  #settle(node: Node, left: string, rev: Uint8Array): void {
    const isHead = node !== this.root && headsRow(node.layer);
    const name = isHead ? rowName({ band: bandOf(node.layer), left }) : node.rowName;
    if (node.cid !== null) {
      if (node.left === left && node.rowName === name) return;
      node.open(this.#store);
      node.load(this.#store);
      const first = node.kid(0);
      if (first !== null && node.left !== left) this.#settle(first, left, rev);
    } else {
      for (const [i, kid] of node.kids.entries())
        if (kid !== null) this.#settle(kid, i === 0 ? left : must(node.keys[i - 1], "key"), rev);
      node.block = encodeNode(node.keys, node.values, (i) => node.kid(i)?.cid ?? null);
      node.cid = cidBytesOfCbor(node.block);
      const old = this.#old.get(hashPrefix(node.cid));
      if (old === undefined || !sameBytes(old, node.cid)) {
        this.#new.add(node);
        this.#newBlocks.push({ cid: node.cid, bytes: node.block });
      }
    }
    node.left = left;
    if (!isHead || name === null) return;
    if (node.rowName !== null) this.#touched.add(node.rowName);
    this.#puts.set(name, { ...rowKeyOf(name), bytes: packRow(node, rev) });
  }

  /** Collects the nodes of the settled tree around `path`: its path and those of both neighbours. */
  #prove(path: string, proof: Set<Node>): void {
    let node: Node | null = this.root;
    while (node !== null) {
      proof.add(node.open(this.#store));
      const index = lowerBound(node.keys, path);
      if (node.keys[index] === path) {
        this.#edge(node.kid(index), (kid) => kid.keys.length, proof);
        this.#edge(node.kid(index + 1), () => 0, proof);
        return;
      }
      node = node.kid(index);
    }
  }

  #edge(start: Node | null, side: (node: Node) => number, proof: Set<Node>): void {
    for (let node = start; node !== null; node = node.kid(side(node))) proof.add(node.open(this.#store));
  }

  finish(
    paths: ReadonlySet<string>,
    previousRoot: CidBytes,
    previous: (CidBytes | null)[],
    rev: Uint8Array,
  ): MstResult {
    const { root } = this;
    this.#settle(root, "", rev);
    root.load(this.#store);
    const top = packRow(root, rev);
    const proof = new Set<Node>();
    for (const path of paths) this.#prove(path, proof);
    return {
      root: must(root.cid, "root"),
      previousRoot,
      top,
      puts: [...this.#puts.values()],
      deletes: [...this.#touched].filter((name) => !this.#puts.has(name) && name !== TOP_NAME).map(rowKeyOf),
      newBlocks: this.#newBlocks,
      proof: [...proof].filter((node) => !this.#new.has(node)).map((node) => node.bytes(this.#store)),
      previous,
    };
  }
}
