/** `node:crypto` as `src/account/password.ts` sees it in a test: the same hashes, made with the least work. */
import { scrypt as slow } from "node:crypto";

export { createHash, randomBytes, timingSafeEqual } from "node:crypto";

type Done = (error: Error | null, key: Uint8Array) => void;

export function scrypt(password: string, salt: Uint8Array, bytes: number, _cost: unknown, done: Done): void {
  slow(password, salt, bytes, { N: 2, r: 1, p: 1 }, done);
}
