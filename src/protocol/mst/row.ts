/**
 * The storage format of a tree. Nodes are stored by position, not by CID, and packed: a row holds the nodes
 * of one subtree that lie within one band of layers (band 0: layers 0 to 2; 1: 3 to 5; 2: 6 and up). Its key
 * is the band and the subtree's left separator, the greatest key before it in the tree ("" for the leftmost).
 * With a fan-out of four, a row holds some 64 records, and a write touches one row per band, whatever the
 * size of the repo.
 *
 * The row at TOP holds the root and the rest of its band, whatever layer the root is on, followed by the
 * caller's `extra`.
 *
 * Layout: version 1 (1 byte); layer of the first node (1); count of nodes (2); length without extra (4); CID
 * of the first node (36); for each node, in pre-order: offset of its block (4), index after its subtree (2),
 * rev of the commit that made it (8, the TID as a number); then the blocks, without gaps. Numbers are
 * big-endian.
 */
import { CID_LENGTH, type CidBytes, sameBytes } from "../cid.ts";
import { decodeNode, type MstBlock } from "./node.ts";
import { invalidRequest, must } from "../refusal.ts";
import { tidToBigInt } from "../tid.ts";

export type Band = 0 | 1 | 2;

/** Key of a row. */
export interface RowKey {
  band: Band;
  left: string;
}

export interface MstRow extends RowKey {
  bytes: Uint8Array;
}

/** Reads rows, synchronously. */
export interface BandStore {
  get(band: Band, left: string): Uint8Array | null;
}

/** The key of the row that holds the root. */
export const TOP: RowKey = { band: 2, left: "" };

/**
 * A row must stay under SQLite's limit of 2 MB per value. An honest row has 5 to 20 kB. Only keys mined to
 * avoid a layer can pile up some 20,000 in one row; then the write is refused.
 */
export const MAX_ROW_BYTES = 1_900_000;

/** The rev of a commit of the year 1971. */
const LEAST_REV = 31_536_000_000_000n << 10n;

const VERSION = 1;
const CID_AT = 8;
const DIRECTORY = CID_AT + CID_LENGTH;
const ENTRY = 14;

export const bandOf = (layer: number): Band => (layer >= 6 ? 2 : layer >= 3 ? 1 : 0);

/** Whether a node of this layer, unless it is the root, is the first node of a row. */
export const headsRow = (layer: number): boolean => layer === 2 || layer === 5;

/** A row key as one string, for sets. */
export const rowName = (key: RowKey): string => `${key.band}${key.left}`;
export const rowKeyOf = (name: string): RowKey => ({
  band: name.startsWith("0") ? 0 : name.startsWith("1") ? 1 : 2,
  left: name.slice(1),
});
export const TOP_NAME = rowName(TOP);

/** Encodes a rev as the 8 bytes stored in rows. */
export function revBytes(rev: string): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, tidToBigInt(rev));
  return bytes;
}

const uint16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
const uint32 = (bytes: Uint8Array, at: number): number => uint16(bytes, at) * 0x10000 + uint16(bytes, at + 2);

function putUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}
function putUint32(bytes: Uint8Array, at: number, value: number): void {
  putUint16(bytes, at, value >>> 16);
  putUint16(bytes, at + 2, value & 0xffff);
}

// ------------------------------------------------------------------------------------------------ reading a row

/** A stored row, decoded only as far as requested. */
export class Row {
  readonly bytes: Uint8Array;
  readonly layer: number;
  readonly count: number;
  readonly length: number;

  constructor(bytes: Uint8Array) {
    if (bytes[0] !== VERSION) throw new Error(`mst row of version ${bytes[0]}`);
    this.bytes = bytes;
    this.layer = must(bytes[1], "layer");
    this.count = uint16(bytes, 2);
    this.length = uint32(bytes, 4);
  }

  get cid(): CidBytes {
    return this.bytes.subarray(CID_AT, DIRECTORY);
  }

  /** The bytes that the caller stored after the row. */
  get extra(): Uint8Array {
    return this.bytes.subarray(this.length);
  }

  offset(index: number): number {
    return index === this.count ? this.length : uint32(this.bytes, DIRECTORY + index * ENTRY);
  }

  /** Index of the node after the subtree that begins at `index`, within this row. */
  next(index: number): number {
    return uint16(this.bytes, DIRECTORY + index * ENTRY + 4);
  }

  block(index: number): Uint8Array {
    return this.bytes.subarray(this.offset(index), this.offset(index + 1));
  }

  /** The rev as 8 bytes, which sort like the TID. */
  rev(index: number): Uint8Array {
    const at = DIRECTORY + index * ENTRY + 6;
    return this.bytes.subarray(at, at + 8);
  }
}

/**
 * A node in memory. At first only its link from the parent is known; then its row is loaded; then it is
 * opened. `#touch` (mst.ts) marks it as changed; `#settle` gives it a CID and block again.
 */
export class Node {
  readonly layer: number;
  /** The greatest key before its subtree, as loaded; `#settle` updates it. */
  left: string;
  /** Null from the first change until settled. */
  cid: CidBytes | null;
  /** The stored row that holds it, and its index there; null when it changed or only its link is known. */
  row: Row | null = null;
  index = 0;
  /** Name of the stored row that it heads; null when it heads none. */
  rowName: string | null = null;
  /** Its new block, once settled. */
  block: Uint8Array | null = null;
  isOpen = false;
  keys: string[] = [];
  values: CidBytes[] = [];
  kids: (Node | null)[] = [null];

  constructor(layer: number, left: string, cid: CidBytes | null) {
    this.layer = layer;
    this.left = left;
    this.cid = cid;
    if (cid === null) this.isOpen = true;
    else if (headsRow(layer)) this.rowName = rowName({ band: bandOf(layer), left });
  }

  get isEmpty(): boolean {
    return this.keys.length === 0 && this.kids[0] === null;
  }

  kid(index: number): Node | null {
    return this.kids[index] ?? null;
  }

  /** The block of a node that is unchanged or settled. */
  bytes(store: BandStore): MstBlock {
    this.load(store);
    const cid = must(this.cid, "cid of a settled node");
    return { cid, bytes: this.block ?? must(this.row, "row").block(this.index) };
  }

  /** Loads the row of a node of which only the link is known. */
  load(store: BandStore): void {
    if (this.row !== null || this.block !== null || this.cid === null) return;
    const bytes = store.get(bandOf(this.layer), this.left);
    const row = new Row(must(bytes, `mst row ${bandOf(this.layer)} after ${this.left}`));
    if (!sameBytes(row.cid, this.cid)) throw new Error(`mst row out of step after ${this.left}`);
    this.row = row;
  }

  /** Decodes keys, values and kids. */
  open(store: BandStore): this {
    if (this.isOpen) return this;
    this.load(store);
    const row = must(this.row, "row");
    const { keys, values, links } = decodeNode(row.block(this.index));
    const inRow = this.layer > 0 && bandOf(this.layer - 1) === bandOf(this.layer);
    let next = this.index + 1;
    this.kids = links.map((link, i) => {
      if (link === null) return null;
      const left = i === 0 ? this.left : (keys[i - 1] ?? "");
      const kid = new Node(this.layer - 1, left, link);
      if (inRow) {
        kid.row = row;
        kid.index = next;
        kid.rowName = null;
        next = row.next(next);
      }
      return kid;
    });
    this.keys = keys;
    this.values = values;
    this.isOpen = true;
    return this;
  }
}

/** The stored root; a new empty one when nothing is stored. */
export function loadRoot(store: BandStore): Node {
  const bytes = store.get(TOP.band, TOP.left);
  if (bytes === null) return new Node(0, "", null);
  const row = new Row(bytes);
  const root = new Node(row.layer, "", row.cid);
  root.row = row;
  root.rowName = TOP_NAME;
  return root;
}

/**
 * A copy of a row, without `extra`, in which no node's rev is later than `rev` (8 bytes). A rev past the last TID loses its top
 * bit when it is stamped on a node, and is then of the first days of 1970: it counts as later, too.
 */
export function capRevs(bytes: Uint8Array, rev: Uint8Array): Uint8Array {
  const row = new Row(bytes.slice(0, new Row(bytes).length));
  const view = new DataView(rev.buffer, rev.byteOffset, 8);
  for (let i = 0; i < row.count; i++) {
    const own = row.rev(i);
    const value = new DataView(own.buffer, own.byteOffset, 8).getBigUint64(0);
    if (value > view.getBigUint64(0) || value < LEAST_REV) own.set(rev);
  }
  return row.bytes;
}

/** Root CID and `extra` of the row at TOP. */
export function readTop(bytes: Uint8Array): { root: CidBytes; extra: Uint8Array } {
  const row = new Row(bytes);
  return { root: row.cid, extra: row.extra };
}

/** The row at TOP followed by the caller's `extra` (rev, head commit: whatever must change with the root). */
export function withExtra(top: Uint8Array, extra: Uint8Array): Uint8Array {
  const out = new Uint8Array(top.length + extra.length);
  out.set(top);
  out.set(extra, top.length);
  return out;
}

// ------------------------------------------------------------------------------------------------ packing a row

interface Size {
  nodes: number;
  bytes: number;
}

function measure(node: Node, size: Size): void {
  if (node.row !== null) {
    const end = node.row.next(node.index);
    size.nodes += end - node.index;
    size.bytes += node.row.offset(end) - node.row.offset(node.index);
    return;
  }
  size.nodes++;
  size.bytes += must(node.block, "block").length;
  if (node.layer === 0 || bandOf(node.layer - 1) !== bandOf(node.layer)) return;
  for (const kid of node.kids) if (kid !== null) measure(kid, size);
}

class Packer {
  readonly out: Uint8Array;
  readonly rev: Uint8Array;
  index = 0;
  at: number;

  constructor(size: Size, rev: Uint8Array) {
    this.at = DIRECTORY + size.nodes * ENTRY;
    this.out = new Uint8Array(this.at + size.bytes);
    this.rev = rev;
  }

  entry(index: number, offset: number, next: number, rev: Uint8Array): void {
    const at = DIRECTORY + index * ENTRY;
    putUint32(this.out, at, offset);
    putUint16(this.out, at + 4, next);
    for (let i = 0; i < 8; i++) this.out[at + 6 + i] = rev[i] ?? 0;
  }

  /** Copies an unchanged subtree as stored, with its entries shifted. */
  copy(row: Row, first: number): void {
    const end = row.next(first);
    const from = row.offset(first);
    const to = row.offset(end);
    const byteShift = this.at - from;
    const indexShift = this.index - first;
    for (let i = first; i < end; i++)
      this.entry(i + indexShift, row.offset(i) + byteShift, row.next(i) + indexShift, row.rev(i));
    this.out.set(row.bytes.subarray(from, to), this.at);
    this.at += to - from;
    this.index += end - first;
  }

  add(node: Node): void {
    if (node.row !== null) return this.copy(node.row, node.index);
    const block = must(node.block, "block");
    const index = this.index++;
    const offset = this.at;
    this.out.set(block, offset);
    this.at += block.length;
    if (node.layer > 0 && bandOf(node.layer - 1) === bandOf(node.layer))
      for (const kid of node.kids) if (kid !== null) this.add(kid);
    this.entry(index, offset, this.index, this.rev);
  }
}

/**
 * Packs the row that begins at a settled node. Refuses InvalidRequest when it would exceed MAX_ROW_BYTES.
 * @param rev 8 bytes, for the new nodes
 */
export function packRow(node: Node, rev: Uint8Array): Uint8Array {
  const size: Size = { nodes: 0, bytes: 0 };
  measure(node, size);
  const total = DIRECTORY + size.nodes * ENTRY + size.bytes;
  if (total > MAX_ROW_BYTES || size.nodes > 0xffff)
    throw invalidRequest("Too many record keys of one hash layer stand side by side in this repo");
  const packer = new Packer(size, rev);
  packer.add(node);
  const { out } = packer;
  out[0] = VERSION;
  out[1] = node.layer;
  putUint16(out, 2, size.nodes);
  putUint32(out, 4, out.length);
  out.set(must(node.cid, "cid of a settled node"), CID_AT);
  return out;
}
