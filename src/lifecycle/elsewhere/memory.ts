/**
 * This isolate's memory of other hosts: records that nothing here points at, for ten minutes, and for a minute what
 * was not to be had. Plain data, so that any request may use what another one fetched.
 */

const MINUTE = 60_000;
export const LIFETIME = {
  found: 10 * MINUTE,
  missing: MINUTE,
  feed: 5 * MINUTE,
  member: 10 * MINUTE,
} as const;

/** All that is held, in characters of JSON, and of one entry. */
const SIZE_MAX = 4_000_000;
const ENTRY_MAX = 400_000;
/** Bytes that an entry takes besides its value. */
const ENTRY_SIZE = 200;
/** How long (ms) a look-up keeps others from the same: longer than a view waits for it. */
const CLAIM_MS = 5_000;
const POLL_MS = 15;

interface Entry {
  value: unknown;
  until: number;
  size: number;
}

export class Memory {
  readonly #entries = new Map<string, Entry>();
  readonly #claims = new Map<string, number>();
  #size = 0;

  /** Undefined: nothing is known; null: it was not to be had. */
  get<Value>(key: string, now: number): Value | null | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.until > now) return entry.value as Value | null;
    this.#drop(key, entry);
    return undefined;
  }

  set(key: string, value: unknown, until: number): void {
    const before = this.#entries.get(key);
    if (before !== undefined) this.#drop(key, before);
    this.#claims.delete(key);
    const size = ENTRY_SIZE + key.length + (value === null ? 0 : JSON.stringify(value).length);
    if (size > ENTRY_MAX) return;
    this.#entries.set(key, { value, until, size });
    this.#size += size;
    for (const [oldest, entry] of this.#entries) {
      if (this.#size <= SIZE_MAX) break;
      this.#drop(oldest, entry);
    }
  }

  #drop(key: string, { size }: Entry): void {
    this.#entries.delete(key);
    this.#size -= size;
  }

  /** Forgets what was not to be had, or what has changed. */
  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#drop(key, entry);
  }

  /**
   * Looks something up, unless another request is at it: then waits for what that one finds, or for `patience` ms.
   * Requests cannot share a promise, so they look.
   */
  async once(key: string, patience: number, lookUp: () => Promise<void>): Promise<void> {
    const claimed = this.#claims.get(key) ?? 0;
    if (claimed <= Date.now()) {
      this.#claims.set(key, Date.now() + CLAIM_MS);
      try {
        await lookUp();
      } finally {
        this.#claims.delete(key);
      }
      return;
    }
    for (let waited = 0; waited < patience && this.#claims.get(key) === claimed; waited += POLL_MS) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
