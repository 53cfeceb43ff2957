/** Replaces `ioredis` (`ALIASES` in `bundle.ts`): this host has no Redis. */
export class Redis {}
