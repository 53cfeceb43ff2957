/**
 * Password hashes. A member's password is hashed with scrypt. The hash contains its parameters, so they can
 * rise without a migration: `scrypt$<N>$<r>$<p>$<salt hex>$<hash hex>`. An app password has 80 random bits of
 * its own, so one SHA-256 is enough, and a sign-in finds it by its digest.
 */
import { createHash, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { HASHES_CHEAPLY } from "../protocol/test-kit.ts";

/** 31 ms of CPU. */
const COST = HASHES_CHEAPLY ? { N: 2, r: 1, p: 1 } : { N: 16384, r: 8, p: 1 };
const BYTES = 32;

type Parameters = typeof COST;

/** Long enough for any passphrase, short enough that hashing stays cheap. */
export const PASSWORD_MAX_LENGTH = 256;

function derive(password: string, salt: Uint8Array, bytes: number, cost: Parameters): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, bytes, cost, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, BYTES, COST);
  return ["scrypt", COST.N, COST.r, COST.p, salt.toString("hex"), Buffer.from(hash).toString("hex")].join(
    "$",
  );
}

export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [kind, n, r, p, salt = "", hash = ""] = stored.split("$");
  if (kind !== "scrypt") return false;
  const expected = Buffer.from(hash, "hex");
  const cost = { N: Number(n), r: Number(r), p: Number(p) };
  const found = await derive(password, Buffer.from(salt, "hex"), expected.length, cost);
  return timingSafeEqual(found, expected);
}

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** `length` characters of base32, 5 random bits each. */
export function randomBase32(length: number): string {
  return Array.from(randomBytes(length), (byte) => BASE32[byte & 31]).join("");
}

/** `abcd-efgh-ijkl-mnop` */
export const newAppPassword = () => Array.from({ length: 4 }, () => randomBase32(4)).join("-");

const APP_PASSWORD = /^[a-z2-7]{4}(-[a-z2-7]{4}){3}$/;

/** The digest of an app password, or null when `password` does not have the form of one. */
export function appPasswordDigest(did: string, password: string): Uint8Array | null {
  if (!APP_PASSWORD.test(password)) return null;
  return createHash("sha256").update(did).update("\0").update(password).digest();
}
