/**
 * Limits on how often an account or an address may do something (ask for mail, change its handle). The count
 * is exact, in one row per name and kind. A refusal writes nothing. Strangers' names (addresses, accounts of
 * other hosts) are hashed to one of a fixed number of slots, so that they cannot fill the table.
 */
import { createHmac } from "node:crypto";
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

/** The longest window of any limit. */
const DAY_MS = 24 * 60 * 60 * 1000;

/** Slots of each group of strangers. */
export const STRANGER_SLOTS = 65_536;

/**
 * The name under which a stranger is counted. Two share one by accident alone: without the host's `secret`
 * nobody can tell which name falls where.
 */
export function slotOf(secret: string, group: "address" | "outsider", name: string): string {
  const mac = createHmac("sha256", secret).update(`atoll allowance ${group} ${name}`).digest();
  return `${group} ${mac.readUInt32BE() % STRANGER_SLOTS}`;
}

export class Allowances {
  readonly #database: D1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number = Date.now) {
    this.#database = database;
    this.#clock = clock;
  }

  /** @param who a member's DID, or a name that is not a DID, such as that of a slot */
  async consume(who: string, kind: string, short: Limit, long: Limit): Promise<Allowed> {
    const now = this.#clock();
    const counted = await this.#database
      .prepare(USE)
      .bind(who, kind, now, short.windowMs, short.points, long.windowMs, long.points)
      .first<CountRow>();
    const row = counted ?? (await this.#read(who, kind)) ?? NONE;
    return { allowed: counted !== null, ...stateOf(row, short, long) };
  }

  /** The state as it is, without a use. `allowed` false: a use would not be counted. */
  async look(who: string, kind: string, short: Limit, long: Limit): Promise<Allowed> {
    const now = this.#clock();
    const row = (await this.#read(who, kind)) ?? NONE;
    const current: CountRow = {
      short_start: row.short_start,
      short_count: now - row.short_start >= short.windowMs ? 0 : row.short_count,
      long_start: row.long_start,
      long_count: now - row.long_start >= long.windowMs ? 0 : row.long_count,
    };
    const state = stateOf(current, short, long);
    return { allowed: state.remaining > 0, ...state };
  }

  /** Deletes counts whose windows are over. */
  async sweep(): Promise<void> {
    const before = this.#clock() - DAY_MS;
    await this.#database
      .prepare("DELETE FROM allowance WHERE long_start < ?1 AND short_start < ?1")
      .bind(before)
      .run();
  }

  #read(who: string, kind: string): Promise<CountRow | null> {
    return this.#database
      .prepare("SELECT * FROM allowance WHERE did = ?1 AND kind = ?2")
      .bind(who, kind)
      .first<CountRow>();
  }
}

/** The window with fewer uses left; if both have the same, the one that resets later. */
function stateOf(row: CountRow, short: Limit, long: Limit): LimitState {
  const stateIn = (limit: Limit, used: number, start: number): LimitState => ({
    limit,
    remaining: Math.max(0, limit.points - used),
    resetAt: start + limit.windowMs,
  });
  const first = stateIn(short, row.short_count, row.short_start);
  const second = stateIn(long, row.long_count, row.long_start);
  if (first.remaining !== second.remaining) return first.remaining < second.remaining ? first : second;
  return first.resetAt > second.resetAt ? first : second;
}

const NONE: CountRow = { short_start: 0, short_count: 0, long_start: 0, long_count: 0 };
