/**
 * Signing keys (cryptography spec): K-256 for signing, K-256 and P-256 for verifying. Signatures are compact
 * (64 bytes) and low-S. Public keys are did:keys, which contain a Multikey (a varint curve code and the
 * compressed point, in base58btc).
 */
import type { ECDSA } from "@noble/curves/abstract/weierstrass.js";
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { sha256 } from "./cid.ts";
import { invalidRequest } from "./refusal.ts";

export type KeyType = "ES256K" | "ES256";

/** A public key decoded from its did:key. */
export interface PublicKey {
  /** JWS algorithm: ES256K is K-256, ES256 is P-256. */
  type: KeyType;
  /** Compressed point, 33 bytes. */
  bytes: Uint8Array;
}

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const DID_KEY = "did:key:";

const CURVES: Record<KeyType, { prefix: readonly [number, number]; curve: ECDSA }> = {
  ES256K: { prefix: [0xe7, 0x01], curve: secp256k1 },
  ES256: { prefix: [0x80, 0x24], curve: p256 },
};

/** Encodes bytes as base58btc, without the multibase prefix. */
export function base58Encode(bytes: Uint8Array): string {
  let number = 0n;
  for (const byte of bytes) number = (number << 8n) | BigInt(byte);
  let out = "";
  for (; number > 0n; number /= 58n) out = `${BASE58[Number(number % 58n)]}${out}`;
  for (let i = 0; i < bytes.length && bytes[i] === 0; i++) out = `1${out}`;
  return out;
}

/** Decodes base58btc; null when a character is not in its alphabet. */
export function base58Decode(text: string): Uint8Array | null {
  let number = 0n;
  let zeros = 0;
  for (let i = 0; i < text.length; i++) {
    const value = BASE58.indexOf(text.charAt(i));
    if (value < 0) return null;
    if (value === 0 && number === 0n) zeros++;
    number = number * 58n + BigInt(value);
  }
  const bytes: number[] = [];
  for (; number > 0n; number >>= 8n) bytes.push(Number(number & 255n));
  return new Uint8Array([...Array.from({ length: zeros }, () => 0), ...bytes.toReversed()]);
}

/**
 * Makes a K-256 private key (32 bytes) from 32 random bytes. Throws when they are not a valid key; for random
 * bytes the odds of that are 2^-128.
 */
export function generateKey(random32: Uint8Array): Uint8Array {
  if (!secp256k1.utils.isValidSecretKey(random32)) throw new Error("unfit key bytes");
  return Uint8Array.from(random32);
}

/** Signs the SHA-256 of `bytes` with K-256: 64 bytes, low-S, deterministic (RFC 6979). */
export const sign = (privateKey: Uint8Array, bytes: Uint8Array): Uint8Array =>
  secp256k1.sign(sha256(bytes), privateKey, { prehash: false, lowS: true });

/** The did:key of a public point. */
export function didKeyOf(key: PublicKey): string {
  const bytes = new Uint8Array(2 + key.bytes.length);
  bytes.set(CURVES[key.type].prefix);
  bytes.set(key.bytes, 2);
  return `${DID_KEY}z${base58Encode(bytes)}`;
}

/** The did:key of a K-256 private key. */
export const didKey = (privateKey: Uint8Array): string =>
  didKeyOf({ type: "ES256K", bytes: secp256k1.getPublicKey(privateKey, true) });

/** `publicKeyMultibase` of a Multikey verification method: did:key without its prefix. */
export const multikeyOf = (key: string): string => key.slice(DID_KEY.length);

/**
 * Decodes a did:key. Refuses InvalidRequest: unknown curve, bad encoding, a point that is not on the curve.
 */
export function parseDidKey(key: string): PublicKey {
  const refused = invalidRequest(`Invalid did:key: ${key.slice(0, 100)}`);
  if (!key.startsWith(`${DID_KEY}z`) || key.length > 100) throw refused;
  const bytes = base58Decode(key.slice(DID_KEY.length + 1));
  if (bytes === null || bytes.length !== 35) throw refused;
  for (const type of ["ES256K", "ES256"] as const) {
    const { prefix, curve } = CURVES[type];
    if (bytes[0] !== prefix[0] || bytes[1] !== prefix[1]) continue;
    const point = bytes.slice(2);
    if (curve.utils.isValidPublicKey(point, true)) return { type, bytes: point };
  }
  throw refused;
}

/** Whether a string is a did:key that `verify` can use. */
export function isDidKey(key: string): boolean {
  try {
    parseDidKey(key);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether `sig` (64 bytes, low-S) is the key's signature over the SHA-256 of `bytes`. Refuses InvalidRequest:
 * an invalid did:key.
 */
export function verify(key: string, bytes: Uint8Array, sig: Uint8Array): boolean {
  const { type, bytes: point } = parseDidKey(key);
  if (sig.length !== 64) return false;
  try {
    return CURVES[type].curve.verify(sig, sha256(bytes), point, { prehash: false, lowS: true });
  } catch {
    // The library throws for a component out of range; a verifier treats it as any other bad signature.
    return false;
  }
}

/** A private key and the did:key derived from it. */
export interface SigningKey {
  didKey: string;
  sign(bytes: Uint8Array): Uint8Array;
}

/** Imports a K-256 private key of 32 bytes. Throws when the bytes are not a valid key. */
export function importKey(privateKey: Uint8Array): SigningKey {
  const own = generateKey(privateKey);
  return { didKey: didKey(own), sign: (bytes) => sign(own, bytes) };
}
