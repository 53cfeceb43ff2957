/** Secrets are stored as digests only, and keys for different uses are derived apart from each other. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

export const digestOf = (secret: string) => createHash("sha256").update(secret).digest("hex");

/** A key for one use, from the host's own secret: what is signed for one use is nothing in another. 32 bytes. */
export const derivedKey = (secret: string, use: string): Uint8Array =>
  createHmac("sha256", secret).update(`atoll oauth ${use}`).digest();

export const macOf = (key: Uint8Array, text: string) =>
  createHmac("sha256", key).update(text).digest("base64url");

/** In time that tells nothing of where they differ. */
export function sameText(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => createHash("sha256").update(text).digest());
  return x !== undefined && y !== undefined && timingSafeEqual(x, y);
}

/** Hex. */
export const randomHex = (bytes: number) =>
  [...crypto.getRandomValues(new Uint8Array(bytes))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
