/**
 * Flags of the runtime that only local runs set. `experimental` gives workerd an HTTP client for sockets, and so
 * the streams' readers pipes. The published kit takes this file without what reads `wrangler.toml`.
 */
export const LOCAL_FLAGS: readonly string[] = ["experimental"];
