/** A tree of which only some nodes are known, and in which operations are undone. Subtrees stay closed until needed. */
import { cidFromBytes, cidToBytes, sameBytes, type Cid, type CidBytes } from "../cid.ts";
import type { RepoOp } from "../events.ts";
import { type Branch, cidOf, isClosed, leaf, raise, type Subtree } from "./branches.ts";
import { decodeNode, EMPTY_ROOT, isMstKey, keyLayer, lowerBound } from "./node.ts";

/** Why an operation cannot be undone: the tree contradicts it, or a node is missing that is needed. */
export class Stop extends Error {
  readonly kind: "contradicted" | "incomplete";

  constructor(kind: Stop["kind"]) {
    super(kind);
    this.kind = kind;
  }
}

export class PartialTree {
  readonly #block: (cid: Cid) => Uint8Array | undefined;
  /** Null: the tree is empty. */
  #root: Branch | null;

  constructor(root: CidBytes, block: (cid: Cid) => Uint8Array | undefined) {
    this.#block = block;
    this.#root = sameBytes(root, EMPTY_ROOT) ? null : this.#open(root, null);
  }

  /** Opens a subtree of a known layer; the layer of the root is that of its keys. */
  #open(tree: CidBytes | Branch, layer: number | null): Branch {
    if (!isClosed(tree)) return tree;
    const bytes = this.#block(cidFromBytes(tree));
    if (bytes === undefined) throw new Stop("incomplete");
    const { keys, values, links } = decodeNode(bytes);
    const [first] = keys;
    const own = layer ?? (first === undefined ? -1 : keyLayer(first));
    // No key has a layer below zero: such a tree has another shape, and may be as deep as it likes.
    if (own < 0) throw new Stop("incomplete");
    return { layer: own, keys, values, kids: links, cid: tree };
  }

  #kid(node: Branch, index: number): Branch | null {
    const kid = node.kids[index] ?? null;
    if (kid === null) return null;
    const open = this.#open(kid, node.layer - 1);
    node.kids[index] = open;
    return open;
  }

  undo({ action, path, cid, prev }: RepoOp): void {
    if (!isMstKey(path) || (action !== "create" && prev === undefined)) throw new Stop("contradicted");
    if (action === "delete") return this.#insert(path, cidToBytes(prev ?? ""));
    const trail = this.#find(path);
    const node = trail.at(-1)?.node;
    const index = node === undefined ? -1 : lowerBound(node.keys, path);
    const value = node?.values[index];
    if (node === undefined || value === undefined || node.keys[index] !== path)
      throw new Stop("contradicted");
    if (cid === null || !sameBytes(value, cidToBytes(cid))) throw new Stop("contradicted");
    for (const step of trail) step.node.cid = null;
    if (action === "update") node.values[index] = cidToBytes(prev ?? "");
    else this.#remove(trail, index);
  }

  /** The nodes from the root to the one that holds the path, or would: each with the index of its kid there. */
  #find(path: string): { node: Branch; index: number }[] {
    const trail: { node: Branch; index: number }[] = [];
    let node = this.#root;
    while (node !== null) {
      const index = lowerBound(node.keys, path);
      trail.push({ node, index });
      if (node.keys[index] === path) break;
      node = this.#kid(node, index);
    }
    return trail;
  }

  #remove(trail: { node: Branch; index: number }[], index: number): void {
    const node = trail.at(-1)?.node;
    if (node === undefined) return;
    const merged = this.#merge(node.layer - 1, node.kids[index] ?? null, node.kids[index + 1] ?? null);
    node.keys.splice(index, 1);
    node.values.splice(index, 1);
    node.kids.splice(index, 2, merged);
    for (let i = trail.length - 1; i > 0; i--) {
      const [step, parent] = [trail[i], trail[i - 1]];
      if (
        step === undefined ||
        parent === undefined ||
        step.node.keys.length > 0 ||
        step.node.kids[0] !== null
      )
        break;
      parent.node.kids[parent.index] = null;
    }
    this.#trim();
  }

  /** Replaces a root without keys by its only subtree. */
  #trim(): void {
    while (this.#root !== null && this.#root.keys.length === 0) this.#root = this.#kid(this.#root, 0);
  }

  #insert(path: string, cid: CidBytes): void {
    const layer = keyLayer(path);
    const root = this.#root;
    if (root === null || layer > root.layer) {
      const [left, right] = root === null ? [null, null] : this.#split(root, root.layer, path);
      const under = root?.layer ?? 0;
      this.#root = leaf(layer, path, cid, raise(left, under, layer - 1), raise(right, under, layer - 1));
      return;
    }
    let node = root;
    for (;;) {
      node.cid = null;
      const index = lowerBound(node.keys, path);
      if (node.keys[index] === path) throw new Stop("contradicted");
      if (node.layer === layer) {
        const [left, right] = this.#split(node.kids[index] ?? null, layer - 1, path);
        node.keys.splice(index, 0, path);
        node.values.splice(index, 0, cid);
        node.kids.splice(index, 1, left, right);
        return;
      }
      const kid = this.#kid(node, index);
      if (kid === null) {
        node.kids[index] = raise(leaf(layer, path, cid, null, null), layer, node.layer - 1);
        return;
      }
      node = kid;
    }
  }

  /** The parts before and after the path. A part that is the whole stays as it is. */
  #split(tree: Subtree, layer: number, path: string): [Subtree, Subtree] {
    if (tree === null) return [null, null];
    const node = this.#open(tree, layer);
    const index = lowerBound(node.keys, path);
    if (node.keys[index] === path) throw new Stop("contradicted");
    const [left, right] = this.#split(node.kids[index] ?? null, layer - 1, path);
    if (index === 0 && left === null) return [null, node];
    if (index === node.keys.length && right === null) return [node, null];
    const other: Branch = {
      layer,
      keys: node.keys.splice(index),
      values: node.values.splice(index),
      kids: [right, ...node.kids.splice(index + 1)],
      cid: null,
    };
    node.kids[index] = left;
    node.cid = null;
    return [node, other];
  }

  /** Joins two neighbouring subtrees of the same layer. */
  #merge(layer: number, left: Subtree, right: Subtree): Subtree {
    if (left === null || right === null) return left ?? right;
    const [a, b] = [this.#open(left, layer), this.#open(right, layer)];
    const between = this.#merge(layer - 1, a.kids.at(-1) ?? null, b.kids[0] ?? null);
    return {
      layer,
      keys: [...a.keys, ...b.keys],
      values: [...a.values, ...b.values],
      kids: [...a.kids.slice(0, -1), between, ...b.kids.slice(1)],
      cid: null,
    };
  }

  root(): CidBytes {
    return this.#root === null ? EMPTY_ROOT : cidOf(this.#root);
  }
}
