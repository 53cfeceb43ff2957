/** Builds a whole tree at once, in O(n): for imports, and to restore lost rows. */
import { DAG_CBOR, cidBytesFromDigest, cidFromBytes, sha256OfMany, type Cid, type CidBytes } from "../cid.ts";
import {
  decodeNode,
  EMPTY_BLOCK,
  EMPTY_ROOT,
  encodeNode,
  isMstKey,
  keyLayer,
  type NodeContent,
} from "./node.ts";
import { bandOf, headsRow, Node, packRow, revBytes, type MstRow } from "./row.ts";
import { invalidRequest, must } from "../refusal.ts";

/** The result of a build. */
export interface BuiltMst {
  root: CidBytes;
  /** The row at TOP, to be written with `withExtra`. */
  top: Uint8Array;
  /** Number of records. */
  count: number;
}

/** The node under construction on one layer, and the finished subtree that will become its next kid. */
interface Layer {
  node: Node;
  pending: Node | null;
}

function newLayer(layer: number, left: string): Layer {
  const node = new Node(layer, left, null);
  node.kids = [];
  return { node, pending: null };
}

/**
 * Builds the rows of a tree from its records in path order. Rows are finished as records are added;
 * `takeRows` may be called at any time. Memory is the open path and one band's row.
 * Refuses InvalidRequest: a path that is not a key or is out of order, a row that would exceed MAX_ROW_BYTES.
 */
export class MstBuilder {
  readonly #rev: Uint8Array;
  readonly #layers: Layer[] = [];
  #rows: MstRow[] = [];
  #last = "";
  #count = 0;

  /** @param rev TID of the commit that the nodes will belong to */
  constructor(rev: string) {
    this.#rev = revBytes(rev);
  }

  add(path: string, cid: CidBytes): void {
    if (!isMstKey(path)) throw invalidRequest(`Invalid record path: ${path.slice(0, 200)}`);
    if (path <= this.#last) throw invalidRequest(`Records out of order at ${path}`);
    const layer = keyLayer(path);
    this.#closeBelow(layer, path);
    const { node, pending } = this.#layer(layer);
    node.kids.push(pending);
    node.keys.push(path);
    node.values.push(cid);
    this.#layer(layer).pending = null;
    this.#last = path;
    this.#count++;
  }

  /** Returns the rows finished since the last call, each once. */
  takeRows(): MstRow[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  /** Closes the tree. Call `takeRows` once more afterwards. */
  finish(): BuiltMst {
    const height = this.#layers.length - 1;
    this.#closeBelow(height, this.#last);
    const open = this.#layers[height];
    const root = open === undefined ? emptyRoot() : must(this.#close(open), "root");
    return {
      root: must(root.cid, "root"),
      top: packRow(root, this.#rev),
      count: this.#count,
    };
  }

  #layer(index: number): Layer {
    // No higher key precedes a new layer, so it begins at the left edge.
    return (this.#layers[index] ??= newLayer(index, ""));
  }

  /**
   * Finishes the nodes on the layers below `layer`. The next nodes there stand to the right of `separator`.
   */
  #closeBelow(layer: number, separator: string): void {
    for (let i = 0; i < layer; i++) {
      const node = this.#close(this.#layer(i));
      this.#layers[i] = newLayer(i, separator);
      if (node !== null) this.#layer(i + 1).pending = headsRow(i) ? this.#store(node) : node;
    }
  }

  /** Packs the row that a node heads, and keeps only what the node's parent needs. */
  #store(node: Node): Node {
    const { layer, left } = node;
    this.#rows.push({ band: bandOf(layer), left, bytes: packRow(node, this.#rev) });
    return new Node(layer, left, node.cid);
  }

  #close({ node, pending }: Layer): Node | null {
    node.kids.push(pending);
    if (node.isEmpty) return null;
    node.block = encodeNode(node.keys, node.values, (i) => node.kid(i)?.cid ?? null);
    node.cid = cidBytesFromDigest(DAG_CBOR, sha256OfMany(node.block));
    return node;
  }
}

function emptyRoot(): Node {
  const node = new Node(0, "", null);
  node.block = EMPTY_BLOCK;
  node.cid = EMPTY_ROOT;
  return node;
}

/** Builds the rows of a tree from its sorted records; returns root and top row at the end. */
export function* buildMst(
  entries: Iterable<readonly [path: string, cid: CidBytes]>,
  rev: string,
): Generator<MstRow, BuiltMst, undefined> {
  const builder = new MstBuilder(rev);
  for (const [path, cid] of entries) {
    builder.add(path, cid);
    yield* builder.takeRows();
  }
  const built = builder.finish();
  yield* builder.takeRows();
  return built;
}

/** The row at TOP of an empty repo. */
export const emptyTop = (rev: string): Uint8Array => new MstBuilder(rev).finish().top;

/** Deeper than any valid tree: a SHA-256 allows only 128 layers. */
const MAX_LAYERS = 130;

/**
 * Reads the records of a foreign tree from its blocks, in path order. Refuses InvalidRequest: a block that is
 * missing or not a node, keys out of order. To check that the tree has the canonical shape, rebuild it and
 * compare the roots.
 * @param block returns a block by its CID, with its hash verified
 */
export function* readMst(
  root: Cid,
  block: (cid: Cid) => Uint8Array | null | undefined,
): Generator<readonly [path: string, cid: CidBytes], void, undefined> {
  const open = (cid: Cid): { content: NodeContent; index: number } => {
    const bytes = block(cid);
    if (bytes === null || bytes === undefined) throw invalidRequest(`Missing block ${cid}`);
    return { content: decodeNode(bytes), index: 0 };
  };
  const stack = [open(root)];
  let last = "";
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const { content, index } = top;
    const link = content.links[index] ?? null;
    if (link !== null) {
      content.links[index] = null;
      if (stack.length >= MAX_LAYERS) throw invalidRequest("Invalid MST: too deep");
      stack.push(open(cidFromBytes(link)));
      continue;
    }
    const path = content.keys[index];
    const cid = content.values[index];
    top.index++;
    if (path === undefined || cid === undefined) {
      stack.pop();
      continue;
    }
    if (path <= last) throw invalidRequest("Invalid MST: keys out of order");
    last = path;
    yield [path, cid];
  }
}
