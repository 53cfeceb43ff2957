/** The parts of a tree of which only some nodes are known. */
import { cidBytesOfCbor, type CidBytes } from "../cid.ts";
import { encodeNode } from "./node.ts";

/** A subtree: closed, it is only its CID. */
export type Subtree = CidBytes | Branch | null;

export interface Branch {
  layer: number;
  keys: string[];
  values: CidBytes[];
  /** One more than keys. */
  kids: Subtree[];
  /** Null once it has changed. */
  cid: CidBytes | null;
}

export const isClosed = (tree: Subtree): tree is CidBytes => tree instanceof Uint8Array;

export const leaf = (layer: number, path: string, cid: CidBytes, left: Subtree, right: Subtree): Branch => ({
  layer,
  keys: [path],
  values: [cid],
  kids: [left, right],
  cid: null,
});

/** Wraps a subtree of the layer `from` in keyless nodes up to `layer`; null stays null. */
export function raise(tree: Subtree, from: number, layer: number): Subtree {
  let top = tree;
  if (top !== null)
    for (let at = from + 1; at <= layer; at++)
      top = { layer: at, keys: [], values: [], kids: [top], cid: null };
  return top;
}

/** The kids come first: `encodeNode` writes one node at a time. */
export function cidOf(tree: CidBytes | Branch): CidBytes {
  if (isClosed(tree)) return tree;
  if (tree.cid !== null) return tree.cid;
  const links = tree.kids.map((kid) => (kid === null ? null : cidOf(kid)));
  tree.cid = cidBytesOfCbor(encodeNode(tree.keys, tree.values, (i) => links[i] ?? null));
  return tree.cid;
}
