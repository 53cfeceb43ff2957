/**
 * Inspects an account's repo as a file, before anything is created elsewhere. The file is also the member's
 * backup.
 */
import { readFileSync } from "node:fs";
import { readCar } from "../../src/protocol/car.ts";
import { cidFromBytes } from "../../src/protocol/cid.ts";
import { decodeForeignCommit } from "../../src/protocol/commit.ts";
import { readForeign } from "../../src/protocol/foreign-cbor.ts";
import { readMst } from "../../src/protocol/mst/build.ts";

export interface ArchiveFacts {
  did: string;
  rev: string;
  records: number;
  /** How many different blobs the records name. */
  blobs: number;
  /** Bytes of the largest blob and of all blobs, as stated in the records. */
  largestBlob: number;
  blobBytes: number;
  bytes: number;
}

/** Throws if the archive is broken, lacks a block, or contains a record that no host can read. */
export function inspectArchive(file: string): ArchiveFacts {
  const bytes = readFileSync(file);
  const { roots, blocks } = readCar(bytes);
  const head = blocks.get(roots[0] ?? "");
  if (head === undefined) throw new Error("The archive has no commit.");
  const { did, rev, data } = decodeForeignCommit(head);
  const sizes = new Map<string, number>();
  let records = 0;
  for (const [path, cid] of readMst(data, (each) => blocks.get(each))) {
    const record = blocks.get(cidFromBytes(cid));
    if (record === undefined) throw new Error(`The archive lacks the record ${path}.`);
    collectBlobs(readForeign(record).value, sizes);
    records++;
  }
  const all = [...sizes.values()];
  return {
    did,
    rev,
    records,
    blobs: sizes.size,
    largestBlob: all.reduce((most, size) => Math.max(most, size), 0),
    blobBytes: all.reduce((sum, size) => sum + size, 0),
    bytes: bytes.byteLength,
  };
}

/**
 * Collects blob CID → bytes from the JSON form of a record. The blob form of before 2023 states no size and
 * counts as 0.
 */
function collectBlobs(value: unknown, into: Map<string, number>): void {
  if (Array.isArray(value)) {
    for (const each of value) collectBlobs(each, into);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const { $type, ref, size, cid, mimeType } = value as Record<string, unknown>;
  if ($type === "blob" && typeof ref === "object" && ref !== null && "$link" in ref) {
    into.set(String(ref.$link), typeof size === "number" && size > 0 ? size : 0);
  } else if (typeof cid === "string" && typeof mimeType === "string" && $type === undefined) {
    if (!into.has(cid)) into.set(cid, 0);
  }
  for (const each of Object.values(value)) collectBlobs(each, into);
}
