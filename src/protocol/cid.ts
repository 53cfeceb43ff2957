/**
 * CIDs in the blessed format of atproto (data model spec, "Link and CID Formats"): version 1, SHA-256, codec
 * dag-cbor for data or raw for blobs; `@atcute/cid` knows no others. Interfaces use strings (base32, 59 characters). Code that builds trees
 * and archives uses 36 bytes (`CidBytes`), because copying them costs a tenth of encoding base32.
 */
import { createHash } from "node:crypto";
import {
  CODEC_DCBOR as DAG_CBOR,
  CODEC_RAW as RAW,
  decode,
  fromDigest,
  fromString,
  toString,
} from "@atcute/cid";
import { sha256 as sha256InScript } from "@noble/hashes/sha2.js";
import { base32 } from "multiformats/bases/base32";
import { invalidRequest } from "./refusal.ts";

/** `b` and 58 characters of lower-case base32. */
export type Cid = string;
/** 0x01, codec, 0x12, 0x20, then 32 bytes of SHA-256. */
export type CidBytes = Uint8Array;

export { DAG_CBOR, RAW };
export type Codec = typeof DAG_CBOR | typeof RAW;

/** Length of a CID in bytes. */
export const CID_LENGTH = 36;

/** SHA-256, synchronous. */
export const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

/** Bytes up to which the library hashes about as fast as the runtime. */
const SMALL = 1024;

/**
 * SHA-256 of one input among very many. The runtime's hash leaves an object behind that is collected late:
 * 400,000 of them take 110 MB. The library's leaves next to nothing.
 */
export const sha256OfMany = (bytes: Uint8Array): Uint8Array =>
  bytes.length > SMALL ? sha256(bytes) : sha256InScript(bytes);

/** The CID (36 bytes) of a 32-byte digest. */
export const cidBytesFromDigest = (codec: Codec, digest: Uint8Array): CidBytes =>
  fromDigest(codec, digest).bytes;

/** The CID of a blob, from its SHA-256. */
export const rawCidFromDigest = (digest: Uint8Array): Cid => cidFromDigest(RAW, digest);

export const cidFromDigest = (codec: Codec, digest: Uint8Array): Cid => toString(fromDigest(codec, digest));

/** The CID of a DAG-CBOR block, as bytes. */
export const cidBytesOfCbor = (block: Uint8Array): CidBytes => cidBytesFromDigest(DAG_CBOR, sha256(block));

/** The CID of a DAG-CBOR block. */
export const cidOfCbor = (block: Uint8Array): Cid => cidFromBytes(cidBytesOfCbor(block));

/** The CID of a blob. */
export const cidOfRaw = (blob: Uint8Array): Cid => cidFromDigest(RAW, sha256(blob));

/** Whether the 36 bytes at `at` are a blessed CID. */
export function isCidBytes(bytes: Uint8Array, at = 0): boolean {
  return (
    bytes.length >= at + CID_LENGTH &&
    bytes[at] === 1 &&
    (bytes[at + 1] === DAG_CBOR || bytes[at + 1] === RAW) &&
    bytes[at + 2] === 0x12 &&
    bytes[at + 3] === 32
  );
}

/** A CID of any codec and hash as text; one of version 0 as its like of version 1 (codec dag-pb). */
export const showCid = (bytes: Uint8Array): string =>
  base32.encode(bytes[0] === 0x12 ? Uint8Array.of(1, 0x70, ...bytes) : bytes);

/** Encodes 36 bytes as base32. Refuses InvalidRequest when they are not a CID. */
export function cidFromBytes(bytes: Uint8Array): Cid {
  try {
    return toString(decode(bytes));
  } catch {
    throw invalidRequest("Invalid CID bytes");
  }
}

/** Decodes a CID to 36 bytes; null when the text is not a blessed CID in canonical base32. */
export function tryCidToBytes(text: string): CidBytes | null {
  try {
    return fromString(text).bytes;
  } catch {
    return null;
  }
}

/** Decodes a CID to 36 bytes. Refuses InvalidRequest when the text is not a blessed CID. */
export function cidToBytes(text: Cid): CidBytes {
  const bytes = tryCidToBytes(text);
  if (bytes === null) throw invalidRequest(`Invalid CID: ${text.slice(0, 100)}`);
  return bytes;
}

/** Whether the text is a blessed CID (sha-256; dag-cbor or raw). */
export const isCid = (text: unknown): text is Cid => typeof text === "string" && tryCidToBytes(text) !== null;

/** Converts either form to bytes. */
export const asCidBytes = (cid: Cid | CidBytes): CidBytes =>
  typeof cid === "string" ? cidToBytes(cid) : cid;

/** Whether two CIDs (or any two byte strings) are equal. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}
