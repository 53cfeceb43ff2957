/** Archives as other hosts export them: any records, any commit. */
import type { Did } from "@atcute/lexicons";
import { writeCar, type CarBlock } from "../../src/protocol/car.ts";
import { encode, toBytes } from "../../src/protocol/cbor.ts";
import { cidBytesOfCbor, cidFromBytes, cidOfCbor } from "../../src/protocol/cid.ts";
import type { LexMap } from "../../src/protocol/data-model.ts";
import { buildMst } from "../../src/protocol/mst/build.ts";
import { walkNodes } from "../../src/protocol/mst/walk.ts";
import { MemoryRows } from "./memory-rows.ts";

/** Records by path: values, or the bytes of their blocks. */
export type ArchivedRecords = Record<string, LexMap | Uint8Array>;

export interface ArchiveOptions {
  /** Fields of the commit to set, or to leave out (undefined). */
  commit?: LexMap;
  /** Blocks that nothing names. */
  junk?: Uint8Array[];
}

/** An archive of these records, with a commit of version 3 that nobody signed. */
export function archiveOf(did: Did, records: ArchivedRecords, options: ArchiveOptions = {}): Uint8Array {
  const leaves = Object.entries(records)
    .map(([path, value]) => ({ path, bytes: value instanceof Uint8Array ? value : encode(value) }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const { root, nodes } = treeOf(leaves);
  const commit = encode({
    did,
    version: 3,
    data: { $link: root },
    rev: "3kn2222222222",
    prev: null,
    sig: toBytes(new Uint8Array(64)),
    ...options.commit,
  });
  const blocks = [commit, ...leaves.map(({ bytes }) => bytes), ...(options.junk ?? [])];
  return writeCar(
    [cidOfCbor(commit)],
    [...blocks.map((bytes) => ({ cid: cidOfCbor(bytes), bytes })), ...nodes],
  );
}

function treeOf(leaves: { path: string; bytes: Uint8Array }[]): { root: string; nodes: CarBlock[] } {
  const rows = new MemoryRows();
  const entries = leaves.map(({ path, bytes }) => [path, cidBytesOfCbor(bytes)] as const);
  const { root } = rows.fill(buildMst(entries, "3kn2222222222"));
  return { root: cidFromBytes(root), nodes: [...walkNodes(rows)] };
}

export const streamOf = (bytes: Uint8Array): ReadableStream<Uint8Array> => new Blob([bytes]).stream();
