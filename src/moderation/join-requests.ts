/**
 * Requests to join a host whose new members are approved. A request is a row and nothing else: no account, no
 * DID, no password. It holds its handle (triggers of `join_request`) until it ends. An approval makes an invite
 * for one person, with which the applicant signs up like anybody who was invited.
 */
import type { joinRequest } from "../../schema/joining.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";

/** Times are ISO 8601. */
export type JoinRequest = Omit<typeof joinRequest.$inferSelect, "keyDigest">;

export interface NewJoinRequest {
  /** Of the key that opens the applicant's page. */
  keyDigest: string;
  /** Normalised. */
  handle: string;
  email: string;
  reason: string;
}

/** Longest reason, in UTF-16 units as forms count. */
export const REASON_MAX = 1_000;
/** How many may wait. Whoever comes later is asked to come back. */
export const WAITING_MAX = 500;

const DAY = 24 * 60 * 60 * 1000;
/** How long a request lasts without a decision, and after one. */
export const LASTS_MS = { waiting: 30 * DAY, approved: 14 * DAY, refused: 30 * DAY } as const;

export const COLUMNS = `id, handle, email, reason, state, asked_at AS askedAt, ends_at AS endsAt, decided_by AS decidedBy,
  decided_at AS decidedAt, word, code, did`;
const OVER = "DELETE FROM join_request WHERE ends_at IS NOT NULL AND ends_at < ?1";
/** Once somebody signs up with the invite, nothing is left to decide. */
export const CHOSEN = `id IN (SELECT value FROM json_each(?1))
  AND NOT EXISTS (SELECT 1 FROM invite_use u WHERE u.code = join_request.code)`;

/** The field that another request under way has already. */
export const taken = (thrown: unknown): "handle" | "email" | null => {
  const column = /UNIQUE constraint failed: join_request\.(handle|email)/.exec(String(thrown))?.[1];
  return column === "handle" || column === "email" ? column : null;
};

export class JoinRequests {
  readonly #database: D1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number = Date.now) {
    this.#database = database;
    this.#clock = clock;
  }

  /**
   * Stores a request. What has ended makes way first. Refuses HandleNotAvailable; InvalidRequest if a request
   * with this e-mail address is under way; TooManyRequests (503) if too many wait.
   */
  async ask({ keyDigest, handle, email, reason }: NewJoinRequest): Promise<void> {
    const [now, endsAt] = [this.#at(0), this.#at(LASTS_MS.waiting)];
    const store = this.#database.prepare(
      `INSERT INTO join_request (key_digest, handle, email, reason, state, asked_at, ends_at)
        SELECT ?1, ?2, ?3, ?4, 'waiting', ?5, ?6
        WHERE (SELECT count(*) FROM (SELECT 1 FROM join_request WHERE state = 'waiting' LIMIT ${WAITING_MAX})) < ${WAITING_MAX}`,
    );
    const stored = await this.#database
      .batch([
        this.#database.prepare(OVER).bind(now),
        store.bind(keyDigest, handle, email.toLowerCase(), reason, now, endsAt),
      ])
      .catch((thrown: unknown) => {
        const column = taken(thrown);
        if (column === "handle") throw new Refusal("HandleNotAvailable", `Handle already taken: ${handle}`);
        if (column === "email") throw invalidRequest("A request with this address is under way");
        throw thrown;
      });
    if (stored[1]?.meta.changes === 0)
      throw new Refusal("TooManyRequests", "Too many requests to join are waiting", 503);
  }

  /** The request that a key opens; null if there is none any more. */
  async byKey(keyDigest: string): Promise<JoinRequest | null> {
    return this.#database
      .prepare(`SELECT ${COLUMNS} FROM join_request WHERE key_digest = ?1 AND coalesce(ends_at, '~') > ?2`)
      .bind(keyDigest, this.#at(0))
      .first<JoinRequest>();
  }

  /** The approved request whose applicant signs up with this invite; null for any other invite. */
  async byCode(code: string): Promise<JoinRequest | null> {
    return this.#database
      .prepare(`SELECT ${COLUMNS} FROM join_request WHERE code = ?1 AND state = 'approved' AND ends_at > ?2`)
      .bind(code, this.#at(0))
      .first<JoinRequest>();
  }

  /** Deletes a request that waits, at its applicant's wish. False if it was decided meanwhile. */
  async withdraw(keyDigest: string): Promise<boolean> {
    const { meta } = await this.#database
      .prepare("DELETE FROM join_request WHERE key_digest = ?1 AND state = 'waiting'")
      .bind(keyDigest)
      .run();
    return meta.changes > 0;
  }

  /** Requests in one of the states, after a number: those that wait from the first on, others from the last. */
  async list(state: JoinRequest["state"], after: number | null, limit: number): Promise<JoinRequest[]> {
    const order = state === "waiting" ? "ASC" : "DESC";
    const [sign, start] = state === "waiting" ? [">", 0] : ["<", Number.MAX_SAFE_INTEGER];
    const { results } = await this.#database
      .prepare(
        `SELECT ${COLUMNS} FROM join_request WHERE state = ?1 AND id ${sign} ?2 AND coalesce(ends_at, '~') > ?3
          ORDER BY id ${order} LIMIT ?4`,
      )
      .bind(state, after ?? start, this.#at(0), limit)
      .all<JoinRequest>();
    return results;
  }

  /** Those among these that can still be decided, in their order. */
  async undecided(ids: readonly number[]): Promise<JoinRequest[]> {
    const { results } = await this.#database
      .prepare(`SELECT ${COLUMNS} FROM join_request WHERE ${CHOSEN} AND ends_at > ?2 ORDER BY id`)
      .bind(JSON.stringify(ids), this.#at(0))
      .all<JoinRequest>();
    return results;
  }

  /** How many wait, `WAITING_MAX` at most, and how many of them came since a time (ms). */
  async waiting(since: number): Promise<{ all: number; recent: number }> {
    const found = await this.#database
      .prepare(
        `SELECT count(*) AS "all", coalesce(sum(asked_at > ?1), 0) AS recent
          FROM (SELECT asked_at FROM join_request WHERE state = 'waiting' AND ends_at > ?2 LIMIT ${WAITING_MAX})`,
      )
      .bind(new Date(since).toISOString(), this.#at(0))
      .first<{ all: number; recent: number }>();
    return found ?? { all: 0, recent: 0 };
  }

  /** Deletes what has ended: handles are free again. */
  async sweep(): Promise<void> {
    await this.#database.prepare(OVER).bind(this.#at(0)).run();
  }

  #at(later: number): string {
    return new Date(this.#clock() + later).toISOString();
  }
}
