/**
 * Replaces `@atproto-labs/fetch-node` (`ALIASES` in `bundle.ts`), which brings three HTTP clients for Node.
 * The provider is always given its fetch; it must never find one of its own.
 */
export * from "@atproto-labs/fetch";

export function safeFetchWrap(): typeof globalThis.fetch {
  return () => Promise.reject(new TypeError("no fetch was given to the provider"));
}
