/** An account's repo as a file: what it holds, checked before anything is made elsewhere. It is also the member's backup. */
import { readFileSync } from "node:fs";
import { readCar } from "../../src/protocol/car.ts";
import { decodeToJson } from "../../src/protocol/cbor.ts";
import { cidFromBytes } from "../../src/protocol/cid.ts";
import { decodeCommit } from "../../src/protocol/commit.ts";
import { readMst } from "../../src/protocol/mst/build.ts";

export interface ArchiveFacts {
  did: string;
  rev: string;
  records: number;
  /** CIDs of the blobs that records name. */
  blobs: number;
  /** Bytes of the largest and of all blobs, as records say. */
  largestBlob: number;
  blobBytes: number;
  bytes: number;
}

/** Throws where the archive is broken, lacks a block, or holds a record that does not read. */
export function inspectArchive(file: string): ArchiveFacts {
  const bytes = readFileSync(file);
  const { roots, blocks } = readCar(bytes);
  const head = blocks.get(roots[0] ?? "");
  if (head === undefined) throw new Error("The archive has no commit.");
  const { did, rev, data } = decodeCommit(head);
  const sizes = new Map<string, number>();
  let records = 0;
  for (const [path, cid] of readMst(data, (each) => blocks.get(each))) {
    const record = blocks.get(cidFromBytes(cid));
    if (record === undefined) throw new Error(`The archive lacks the record ${path}.`);
    collectBlobs(decodeToJson(record), sizes);
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

/** Blob CID → bytes, from the JSON form of a record; the form of before 2023 states no size. */
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
