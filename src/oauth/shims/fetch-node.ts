/**
 * Stands in for `@atproto-labs/fetch-node` (wrangler.toml, `[alias]`), which brings three HTTP clients for Node. The
 * provider is always given its fetch; it must never find one of its own.
 */
export * from "@atproto-labs/fetch";

export function safeFetchWrap(): typeof globalThis.fetch {
  return () => Promise.reject(new TypeError("no fetch was given to the provider"));
}
