/** Reads a repo's tree: one record, its proof, or the whole tree in order. */
import type { CidBytes } from "../cid.ts";
import { EMPTY_BLOCK, EMPTY_ROOT, lowerBound, type MstBlock } from "./node.ts";
import { loadRoot, revBytes, type BandStore, type Node } from "./row.ts";

/** One step of a walk: a node's block, or a record's path and CID. */
export type MstStep =
  | { kind: "node"; cid: CidBytes; bytes: Uint8Array }
  | { kind: "record"; path: string; cid: CidBytes };

const EMPTY: MstBlock = { cid: EMPTY_ROOT, bytes: EMPTY_BLOCK };

/**
 * The nodes from the root to the place of `path`, and the record's CID; null when there is no record. Either
 * way, the nodes are the proof of com.atproto.sync.getRecord.
 */
export function nodesOnPath(store: BandStore, path: string): { nodes: MstBlock[]; cid: CidBytes | null } {
  const nodes: MstBlock[] = [];
  let node: Node | null = loadRoot(store);
  if (node.isOpen) return { nodes: [EMPTY], cid: null };
  while (node !== null) {
    nodes.push(node.bytes(store));
    const index = lowerBound(node.open(store).keys, path);
    if (node.keys[index] === path) return { nodes, cid: node.values[index] ?? null };
    node = node.kid(index);
  }
  return { nodes, cid: null };
}

/** The CID of the record at `path`; null when there is none. */
export const lookup = (store: BandStore, path: string): CidBytes | null => nodesOnPath(store, path).cid;

/** Whether a commit after `since` (8 bytes) made this node. */
function isNewer(node: Node, store: BandStore, since: Uint8Array): boolean {
  node.load(store);
  const rev = node.row?.rev(node.index);
  if (rev === undefined) return true;
  for (let i = 0; i < 8; i++) {
    const difference = (rev[i] ?? 0) - (since[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

interface Place {
  node: Node;
  index: number;
}

/** Leads a walk that is at the root past all keys up to `past`. */
function* skipTo(store: BandStore, stack: Place[], past: string): Generator<MstStep, void, undefined> {
  for (let top = stack.at(-1); top !== undefined;) {
    const { keys } = top.node;
    const index = lowerBound(keys, past);
    top.index = keys[index] === past ? index + 1 : index;
    const kid = top.node.kid(top.index);
    if (kid === null) return;
    top.node.kids[top.index] = null;
    yield { kind: "node", ...kid.bytes(store) };
    top = { node: kid.open(store), index: 0 };
    stack.push(top);
  }
}

/**
 * Walks the tree in MST pre-order: a node, then its subtrees and records in key order. An archive can
 * therefore carry records after the nodes that name them, and records come sorted by path. Rows are read when
 * reached, one per band, and released when passed. With a store that answers as of one moment (a snapshot, or
 * pre-images of rows not yet passed), the result is the tree at that moment, however long the walk takes.
 * @param since TID: only nodes made by later commits, with their records. A node is never older than its
 * subtrees, so unchanged subtrees are not read.
 * @param past a path: only the records after it, and the nodes from the root on that lead to them
 */
export function* walkMst(store: BandStore, since?: string, past = ""): Generator<MstStep, void, undefined> {
  const root = loadRoot(store);
  if (root.isOpen) {
    yield { kind: "node", ...EMPTY };
    return;
  }
  const after = since === undefined ? null : revBytes(since);
  if (after !== null && !isNewer(root, store, after)) return;
  yield { kind: "node", ...root.bytes(store) };
  const stack: Place[] = [{ node: root.open(store), index: 0 }];
  if (past !== "") yield* skipTo(store, stack, past);
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const { node, index } = top;
    const kid = node.kid(index);
    if (kid !== null) {
      // Release passed kids: the walk holds one path, not the tree.
      node.kids[index] = null;
      if (after !== null && !isNewer(kid, store, after)) continue;
      yield { kind: "node", ...kid.bytes(store) };
      stack.push({ node: kid.open(store), index: 0 });
      continue;
    }
    const path = node.keys[index];
    const cid = node.values[index];
    if (path === undefined || cid === undefined) stack.pop();
    else yield { kind: "record", path, cid };
    top.index++;
  }
}

/** Walks the nodes of `walkMst` only. */
export function* walkNodes(store: BandStore, since?: string): Generator<MstBlock, void, undefined> {
  for (const step of walkMst(store, since)) if (step.kind === "node") yield step;
}
