/**
 * Values that may be used once. The authorization server gets few requests, and a replay there would be worth
 * something, so it keeps a row in D1: once means once over all isolates. The resource server sees a proof
 * with every request, so the isolate's memory has to do (`verifier.ts`): a proof there is bound to method,
 * address, token, key and a nonce of minutes.
 */
import type { ReplayStore } from "@atproto/oauth-provider/store";
import { digestOf } from "../digest.ts";

export class Replays implements ReplayStore {
  readonly #database: D1Database;

  constructor(database: D1Database) {
    this.#database = database;
  }

  /** True for the first use within `timeFrame` milliseconds; of concurrent callers, only one gets true. */
  async unique(namespace: string, nonce: string, timeFrame: number): Promise<boolean> {
    const now = Date.now();
    const { meta } = await this.#database
      .prepare(
        `INSERT INTO oauth_replay (key, expires_at) VALUES (?1, ?2)
         ON CONFLICT (key) DO UPDATE SET expires_at = ?2 WHERE expires_at < ?3`,
      )
      .bind(digestOf(`${namespace}:${nonce}`), now + timeFrame, now)
      .run();
    return meta.changes > 0;
  }
}
