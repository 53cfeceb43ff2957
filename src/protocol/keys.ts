/**
 * Keys (cryptography spec): K-256 for signing, K-256 and P-256 for verifying. `@atproto/crypto` reads and
 * writes did:keys, signs and verifies; this file adds what strangers' input needs: a bound, and refusals.
 *
 * Only commits are signed here: one is part of a synchronous transaction, and the library's `sign` is not
 * synchronous. The signature comes from `@noble/curves`, as the library's does.
 */
import {
  SECP256K1_JWT_ALG,
  Secp256k1Keypair,
  formatDidKey,
  parseDidKey,
  verifySignature,
} from "@atproto/crypto";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { sha256 } from "./cid.ts";

/** Longest did:key that is read. Those of both curves have 57 characters; base58 takes quadratic time. */
const MAX_LENGTH = 100;

/** Makes a K-256 private key (32 bytes). */
export const generateKey = async (): Promise<Uint8Array> =>
  (await Secp256k1Keypair.create({ exportable: true })).export();

/** A K-256 key pair from its private key in hex. Throws when that is no key. */
export const importKey = (hex: string): Promise<Secp256k1Keypair> =>
  Secp256k1Keypair.import(hex.toLowerCase());

/** Signs the SHA-256 of `bytes` with a K-256 private key: 64 bytes, low-S, deterministic (RFC 6979). */
export const sign = (privateKey: Uint8Array, bytes: Uint8Array): Uint8Array =>
  secp256k1.sign(sha256(bytes), privateKey, { prehash: false, lowS: true }).toBytes("compact");

/** The did:key of a K-256 private key. */
export const didKey = (privateKey: Uint8Array): string =>
  formatDidKey(SECP256K1_JWT_ALG, secp256k1.getPublicKey(privateKey));

/** Whether a string is a did:key that `verify` can use: a known curve, and a point on it. */
export function isDidKey(key: string): boolean {
  if (key.length > MAX_LENGTH) return false;
  try {
    parseDidKey(key);
    return true;
  } catch {
    return false;
  }
}

export interface VerifyOptions {
  /** The only algorithm to accept, by its JWT name; absent: the key's own. */
  jwtAlg?: "ES256K" | "ES256";
  /** Whether high-S is accepted as well. */
  allowMalleableSig?: boolean;
}

/**
 * Whether `sig` (64 bytes, low-S) is the key's signature over the SHA-256 of `bytes`; false also when the
 * did:key is none.
 */
export async function verify(
  key: string,
  bytes: Uint8Array,
  sig: Uint8Array,
  options?: VerifyOptions,
): Promise<boolean> {
  if (key.length > MAX_LENGTH || sig.length !== 64) return false;
  try {
    return await verifySignature(key, bytes, sig, options);
  } catch {
    // The library throws for a bad key or algorithm, and for a component out of range.
    return false;
  }
}
