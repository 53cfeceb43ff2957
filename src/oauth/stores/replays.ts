/**
 * What may be used once. At the authorization server, where a replay would be worth something and requests are few, once
 * means once over all isolates: a row in D1. At the resource server, which sees a proof with every request, the memory of
 * the isolate has to do (`verifier.ts`): there a proof is bound to method, address, token, key and a nonce of minutes.
 */
import type { ReplayStore } from "@atproto/oauth-provider/store";
import { digestOf } from "../digest.ts";

export class Replays implements ReplayStore {
  readonly #database: D1Database;

  constructor(database: D1Database) {
    this.#database = database;
  }

  /** True the first time within `timeFrame` milliseconds, for one caller of many. */
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
