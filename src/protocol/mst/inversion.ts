/**
 * Undoes a commit's operations on the part of a tree that came with it, to see that they are all that the
 * commit did (sync spec, "operation inversion"). Subtrees that no operation touches stay closed: their CIDs
 * are enough.
 */
import { cidFromBytes, cidToBytes, type Cid } from "../cid.ts";
import type { RepoOp } from "../events.ts";
import { isRefusal } from "../refusal.ts";
import { PartialTree, Stop } from "./partial-tree.ts";

/**
 * `root`: that of the tree before the operations. `contradicted`: the tree does not have what an operation says
 * it made. `incomplete`: a node that is needed is missing, or is none.
 */
export type Inversion = { kind: "root"; cid: Cid } | { kind: "contradicted" } | { kind: "incomplete" };

/**
 * The root before `ops`, each of another path, in a tree of which `block` has a part. `block` returns a block
 * by its CID, with its hash verified.
 */
export function invert(
  root: Cid,
  ops: readonly RepoOp[],
  block: (cid: Cid) => Uint8Array | undefined,
): Inversion {
  // Such a commit changes no node, and so brings none.
  if (ops.length === 0) return { kind: "root", cid: root };
  try {
    const tree = new PartialTree(cidToBytes(root), block);
    for (const op of ops) tree.undo(op);
    return { kind: "root", cid: cidFromBytes(tree.root()) };
  } catch (thrown) {
    if (thrown instanceof Stop) return { kind: thrown.kind };
    // A block that is no node, or a CID that is none.
    if (isRefusal(thrown)) return { kind: "incomplete" };
    throw thrown;
  }
}
