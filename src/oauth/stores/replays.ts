/**
 * Values that may be used once. The authorization server gets few requests, and a replay there would be worth
 * something, so it keeps a row in D1: once means once over all isolates. The resource server sees a proof
 * with every request, so the isolate's memory has to do (`verifier.ts`): a proof there is bound to method,
 * address, token, key and a nonce of minutes.
 */
import type { ReplayStore } from "@atproto/oauth-provider/store";
import { digestOf } from "../digest.ts";

const keyOf = (namespace: string, nonce: string) => digestOf(`${namespace}:${nonce}`);

/** Most proofs that an isolate remembers; the oldest are forgotten first. */
export const PROOFS_MAX = 20_000;

/** Proofs that this isolate has seen. Anybody can send some, so their number and size are bounded. */
export class SeenProofs implements ReplayStore {
  readonly #until = new Map<string, number>();

  /** True for the first use within `timeFrame` milliseconds. */
  unique(namespace: string, nonce: string, timeFrame: number): boolean {
    const key = keyOf(namespace, nonce);
    const now = Date.now();
    if ((this.#until.get(key) ?? 0) >= now) return false;
    this.#until.delete(key);
    this.#until.set(key, now + timeFrame);
    const oldest = this.#until.keys().next();
    if (this.#until.size > PROOFS_MAX && !oldest.done) this.#until.delete(oldest.value);
    return true;
  }
}

/**
 * Slots of the table, and how many neighbours a value may choose from. A live value keeps its slot; the table
 * grows no further, and when it is full, values are refused as if they had been used.
 */
export const REPLAY_SLOTS = 65_536;
const NEIGHBOURS = 8;

/** Takes a free slot, unless one of the neighbours has the key. `?1` is JSON, the neighbours' slots. */
const TAKE = `
  INSERT INTO oauth_replay (slot, key, expires_at)
  SELECT j.value, ?2, ?3 FROM json_each(?1) AS j LEFT JOIN oauth_replay AS r ON r.slot = j.value
  WHERE (r.slot IS NULL OR r.expires_at < ?4) AND NOT EXISTS (
    SELECT 1 FROM json_each(?1) AS k CROSS JOIN oauth_replay AS o ON o.slot = k.value
    WHERE o.key = ?2 AND o.expires_at >= ?4)
  LIMIT 1
  ON CONFLICT (slot) DO UPDATE SET key = excluded.key, expires_at = excluded.expires_at`;

export class Replays implements ReplayStore {
  readonly #database: D1Database;

  constructor(database: D1Database) {
    this.#database = database;
  }

  /** True for the first use within `timeFrame` milliseconds; of concurrent callers, only one gets true. */
  async unique(namespace: string, nonce: string, timeFrame: number): Promise<boolean> {
    const now = Date.now();
    const key = keyOf(namespace, nonce);
    const first = Number.parseInt(key.slice(0, 8), 16);
    const slots = Array.from({ length: NEIGHBOURS }, (_, i) => (first + i) % REPLAY_SLOTS);
    const { meta } = await this.#database
      .prepare(TAKE)
      .bind(JSON.stringify(slots), key, now + timeFrame, now)
      .run();
    return meta.changes > 0;
  }
}
