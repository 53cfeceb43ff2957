/**
 * CIDs in the blessed format of atproto (data model spec, "Link and CID Formats"): version 1, SHA-256, codec
 * dag-cbor for data or raw for blobs. Interfaces use strings (base32, 59 characters). Code that builds trees
 * and archives uses 36 bytes (`CidBytes`), because copying them costs a tenth of encoding base32.
 */
import { createHash } from "node:crypto";
import { invalidRequest } from "./refusal.ts";

/** `b` and 58 characters of lower-case base32. */
export type Cid = string;
/** 0x01, codec, 0x12, 0x20, then 32 bytes of SHA-256. */
export type CidBytes = Uint8Array;

export const DAG_CBOR = 0x71;
export const RAW = 0x55;
export type Codec = typeof DAG_CBOR | typeof RAW;

/** Length of a CID in bytes. */
export const CID_LENGTH = 36;

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const STRING_LENGTH = 59;

/** SHA-256, synchronous. */
export const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

/** The CID (36 bytes) of a 32-byte digest. */
export function cidBytesFromDigest(codec: Codec, digest: Uint8Array): CidBytes {
  if (digest.length !== 32) throw new Error(`digest of ${digest.length} bytes`);
  const cid = new Uint8Array(CID_LENGTH);
  cid[0] = 1;
  cid[1] = codec;
  cid[2] = 0x12;
  cid[3] = 32;
  cid.set(digest, 4);
  return cid;
}

/** The CID of a blob, from its SHA-256. */
export const rawCidFromDigest = (digest: Uint8Array): Cid => cidFromDigest(RAW, digest);

export const cidFromDigest = (codec: Codec, digest: Uint8Array): Cid =>
  cidFromBytes(cidBytesFromDigest(codec, digest));

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
  encodeBase32(bytes[0] === 0x12 ? Uint8Array.of(1, 0x70, ...bytes) : bytes);

/** Encodes 36 bytes as base32. Refuses InvalidRequest when they are not a CID. */
export function cidFromBytes(bytes: Uint8Array): Cid {
  if (bytes.length !== CID_LENGTH || !isCidBytes(bytes)) throw invalidRequest("Invalid CID bytes");
  return encodeBase32(bytes);
}

function encodeBase32(bytes: Uint8Array): string {
  let out = "b";
  let buffer = 0;
  let bits = 0;
  for (let i = 0; i < bytes.length; i++) {
    buffer = ((buffer << 8) | (bytes[i] ?? 0)) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += ALPHABET[(buffer >>> bits) & 31];
    }
  }
  return bits === 0 ? out : out + ALPHABET[(buffer << (5 - bits)) & 31];
}

const VALUES = new Uint8Array(128).fill(255);
for (let i = 0; i < 32; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

/** Decodes a CID to 36 bytes; null when the text is not a blessed CID in canonical base32. */
export function tryCidToBytes(text: string): CidBytes | null {
  if (text.length !== STRING_LENGTH || text.charCodeAt(0) !== 0x62) return null;
  const bytes = new Uint8Array(CID_LENGTH);
  let buffer = 0;
  let bits = 0;
  let at = 0;
  for (let i = 1; i < STRING_LENGTH; i++) {
    const value = VALUES[text.charCodeAt(i)] ?? 255;
    if (value === 255) return null;
    buffer = ((buffer << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = buffer >>> bits;
    }
  }
  // The last character has two unused bits. They must be zero, or one CID would have several spellings.
  if ((buffer & ((1 << bits) - 1)) !== 0 || !isCidBytes(bytes)) return null;
  return bytes;
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
