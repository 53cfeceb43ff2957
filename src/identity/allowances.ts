/**
 * Limits on how often an account or an address may do something (ask for mail, change its handle). The count
 * is exact, in one row per account and kind. A refusal writes nothing.
 */
import type { Limit, LimitState } from "../protocol/object/limits.ts";

/** The state after a use. `allowed` false: the use was not counted. */
export interface Allowed extends LimitState {
  allowed: boolean;
}

interface CountRow {
  short_start: number;
  short_count: number;
  long_start: number;
  long_count: number;
}

/**
 * One statement, so that two simultaneous uses count as two. It counts the use, or leaves the row unchanged
 * when either window is full.
 */
const USE = `
  INSERT INTO allowance (did, kind, short_start, short_count, long_start, long_count) VALUES (?1, ?2, ?3, 1, ?3, 1)
  ON CONFLICT (did, kind) DO UPDATE SET
    short_start = iif(?3 - short_start >= ?4, ?3, short_start),
    short_count = iif(?3 - short_start >= ?4, 1, short_count + 1),
    long_start = iif(?3 - long_start >= ?6, ?3, long_start),
    long_count = iif(?3 - long_start >= ?6, 1, long_count + 1)
  WHERE (?3 - short_start >= ?4 OR short_count < ?5) AND (?3 - long_start >= ?6 OR long_count < ?7)
  RETURNING short_start, short_count, long_start, long_count`;

/** The prefix that tells names of addresses from those of accounts. These rows are swept daily. */
export const ADDRESS_COUNTERS = "address ";

export class Allowances {
  readonly #database: D1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number = Date.now) {
    this.#database = database;
    this.#clock = clock;
  }

  /** @param who a DID, or another name that is not a DID */
  async consume(who: string, kind: string, short: Limit, long: Limit): Promise<Allowed> {
    const now = this.#clock();
    const counted = await this.#database
      .prepare(USE)
      .bind(who, kind, now, short.windowMs, short.points, long.windowMs, long.points)
      .first<CountRow>();
    const row = counted ?? (await this.#read(who, kind)) ?? NONE;
    const states = [
      { limit: short, used: row.short_count, start: row.short_start },
      { limit: long, used: row.long_count, start: row.long_start },
    ].map(({ limit, used, start }) => ({
      limit,
      remaining: Math.max(0, limit.points - used),
      resetAt: start + limit.windowMs,
    }));
    const [first, second] = states as [LimitState, LimitState];
    // Report the window with fewer uses left; if both have the same, the one that resets later.
    const later = first.resetAt > second.resetAt ? first : second;
    const tighter = first.remaining < second.remaining ? first : second;
    const both = first.remaining === second.remaining;
    return { allowed: counted !== null, ...(both ? later : tighter) };
  }

  #read(who: string, kind: string): Promise<CountRow | null> {
    return this.#database
      .prepare("SELECT * FROM allowance WHERE did = ?1 AND kind = ?2")
      .bind(who, kind)
      .first<CountRow>();
  }
}

const NONE: CountRow = { short_start: 0, short_count: 0, long_start: 0, long_count: 0 };
