/**
 * Replaces `@atproto-labs/simple-store-memory` (`ALIASES` in `bundle.ts`), the provider's default for caches. It
 * is given others (`clients.ts`).
 */
export class SimpleStoreMemory {
  constructor() {
    throw new Error("the provider is given its caches");
  }
}
