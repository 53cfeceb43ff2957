/**
 * Limits on how fast, and how much, a firehose consumer may be sent: pure arithmetic on bytes and
 * milliseconds.
 *
 * workerd does not report what became of a sent message: `send` never waits, `bufferedAmount` is declared but
 * absent, a ping cannot be sent, and memory is not reported. A consumer that reads and one that does not look
 * the same until the closing handshake. So rates bound the work, and a *debt* bounds the memory: the bytes
 * sent on a connection that nothing proves it has read. Debt falls only at a slow, assumed rate, so in effect
 * it is what a replay sent. A consumer over its allowance is cut (ConsumerTooSlow) and comes back with its
 * cursor, which proves what it has read.
 */
export interface SocketLimits {
  /** Bytes a second of one replay, and of all together. */
  socketRate: number;
  totalRate: number;
  /** Bytes of a replay that may go to one reader at once. */
  burst: number;
  /** Bytes that unread sockets may hold between them, shared among the indebted … */
  debtPool: number;
  /** … but never less than this each: a smaller share would cut every reader of a crowd again and again. */
  debtFloor: number;
  /** Bytes a second by which a debt is assumed to fall, so that live traffic never adds up to a cut. */
  drainRate: number;
  /** Milliseconds after which a socket that was closed and has not answered counts as one that never reads. */
  patience: number;
}

const MB = 1_000_000;

/** A full frame, of 2 MB, is always within a reader's share. */
export const DEFAULT_SOCKETS: SocketLimits = {
  socketRate: 8 * MB,
  totalRate: 24 * MB,
  burst: 0.25 * MB,
  debtPool: 64 * MB,
  debtFloor: 2.5 * MB,
  drainRate: 1 * MB,
  patience: 10_000,
};

/** A token bucket: `level` bytes may be sent now; it may go below zero by one frame. */
export class Bucket {
  readonly #rate: number;
  readonly #burst: number;
  #level: number;
  #at: number;

  constructor(rate: number, burst: number, now: number) {
    this.#rate = rate;
    this.#burst = burst;
    this.#level = burst;
    this.#at = now;
  }

  level(now: number): number {
    this.#level = Math.min(this.#burst, this.#level + (this.#rate * Math.max(0, now - this.#at)) / 1000);
    this.#at = now;
    return this.#level;
  }

  take(bytes: number): void {
    this.#level -= bytes;
  }
}

/** Bytes sent on one connection that nothing proves were read. */
export class Debt {
  readonly #drainRate: number;
  #bytes = 0;
  #at: number;

  constructor(drainRate: number, now: number) {
    this.#drainRate = drainRate;
    this.#at = now;
  }

  add(bytes: number, now: number): number {
    this.#bytes = this.at(now) + bytes;
    this.#at = now;
    return this.#bytes;
  }

  at(now: number): number {
    return Math.max(0, this.#bytes - (this.#drainRate * Math.max(0, now - this.#at)) / 1000);
  }
}

/**
 * The most debt one consumer may have, when `indebted` consumers share the pool and closed sockets still hold
 * `stuck` bytes of it.
 */
export function allowance(limits: SocketLimits, indebted: number, stuck: number): number {
  return Math.max(limits.debtFloor, Math.trunc((limits.debtPool - stuck) / Math.max(1, indebted)));
}
