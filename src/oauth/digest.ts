/** Digests and derived keys. Secrets are stored as digests only, and each use has a key of its own. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

export const digestOf = (secret: string) => createHash("sha256").update(secret).digest("hex");

/**
 * Derives a 32-byte key for one use from the host's own secret: a signature for one use is invalid for any
 * other.
 */
export const derivedKey = (secret: string, use: string): Uint8Array =>
  createHmac("sha256", secret).update(`atoll oauth ${use}`).digest();

export const macOf = (key: Uint8Array, text: string) =>
  createHmac("sha256", key).update(text).digest("base64url");

/** Compares digests, so that the time taken reveals neither length nor content. */
export function sameSecret(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => createHash("sha256").update(text).digest());
  return x !== undefined && y !== undefined && timingSafeEqual(x, y);
}

/** Random bytes as hex. */
export const randomHex = (bytes: number) =>
  [...crypto.getRandomValues(new Uint8Array(bytes))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
