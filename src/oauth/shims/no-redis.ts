/** Stands in for `ioredis` (wrangler.toml, `[alias]`): this host has none. */
export class Redis {}
