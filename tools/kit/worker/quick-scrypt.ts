/** Replaces `node:crypto` for `password.ts` in a test: scrypt with the lowest cost. */
import { scrypt as slow } from "node:crypto";

export { createHash, randomBytes, timingSafeEqual } from "node:crypto";

type Done = (error: Error | null, key: Uint8Array) => void;

export function scrypt(password: string, salt: Uint8Array, bytes: number, _cost: unknown, done: Done): void {
  slow(password, salt, bytes, { N: 2, r: 1, p: 1 }, done);
}
