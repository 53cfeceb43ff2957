/**
 * Decisions on requests to join, each in one transaction with its entry in the audit log. An approval makes an
 * invite; a refusal stops it. Either may follow the other, as long as nobody signed up.
 */
import { invalidRequest } from "../protocol/refusal.ts";
import { CHOSEN, COLUMNS, type JoinRequest, LASTS_MS, taken } from "./join-requests.ts";

export interface Decision {
  ids: readonly number[];
  /** A DID, or `admin`. */
  actor: string;
  /** The text that the applicants get with it; may be empty. */
  word: string;
}

/** Longest word to an applicant. */
export const WORD_MAX = 500;

const APPROVABLE = "'waiting', 'refused'";
const REFUSABLE = "'waiting', 'approved'";

/** Takes the place in the log of `ModerationAudit.around`: in the transaction of the act, for what it changes. */
const noted = (action: string, from: string) =>
  `INSERT INTO audit_log (at, actor, action, detail)
    SELECT ?2, ?3, '${action}', json_object('request', id, 'handle', handle, 'word', nullif(?4, ''))
    FROM join_request WHERE ${CHOSEN} AND state IN (${from})`;

export class JoinDecisions {
  readonly #database: D1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number = Date.now) {
    this.#database = database;
    this.#clock = clock;
  }

  /**
   * Approves requests, and makes each an invite from `newCode`, with entries in the audit log, in one
   * transaction. Returns those that it changed: of two calls at once, one changes a request. Refuses
   * InvalidRequest if another request has the handle or address of a refused one meanwhile.
   */
  async approve({ ids, actor, word }: Decision, newCode: () => string): Promise<JoinRequest[]> {
    const [now, endsAt] = [this.#at(0), this.#at(LASTS_MS.approved)];
    const codes = JSON.stringify(Object.fromEntries(ids.map((id) => [id, newCode()])));
    const chosen = JSON.stringify(ids);
    const approve = this.#database.prepare(
      `UPDATE join_request SET state = 'approved', decided_at = ?2, decided_by = ?3, word = nullif(?4, ''),
          ends_at = ?5, code = (SELECT value FROM json_each(?6) WHERE key = CAST(join_request.id AS TEXT))
        WHERE ${CHOSEN} AND state IN (${APPROVABLE}) RETURNING ${COLUMNS}`,
    );
    const invite = this.#database.prepare(
      `INSERT INTO invite_code (code, available_uses, disabled, for_account, created_by, created_at, expires_at)
        SELECT code, 1, 0, 'admin', 'admin', ?2, ?3 FROM join_request
        WHERE code IN (SELECT value FROM json_each(?1))`,
    );
    const results = await this.#database
      .batch<JoinRequest>([
        this.#database.prepare(noted("approveJoinRequest", APPROVABLE)).bind(chosen, now, actor, word),
        approve.bind(chosen, now, actor, word, endsAt, codes),
        invite.bind(codes, now, endsAt),
      ])
      .catch((thrown: unknown) => {
        if (taken(thrown) === null) throw thrown;
        throw invalidRequest("Another request has this name or address");
      });
    return results[1]?.results ?? [];
  }

  /** Refuses requests, approved ones among them whose applicant has not signed up; like `approve`. */
  async refuse({ ids, actor, word }: Decision): Promise<JoinRequest[]> {
    const [now, endsAt] = [this.#at(0), this.#at(LASTS_MS.refused)];
    const chosen = JSON.stringify(ids);
    const stop = this.#database.prepare(
      `UPDATE invite_code SET disabled = 1
        WHERE code IN (SELECT code FROM join_request WHERE ${CHOSEN} AND state = 'approved')`,
    );
    const refuse = this.#database.prepare(
      `UPDATE join_request SET state = 'refused', decided_at = ?2, decided_by = ?3, word = nullif(?4, ''),
          ends_at = ?5, code = NULL WHERE ${CHOSEN} AND state IN (${REFUSABLE}) RETURNING ${COLUMNS}`,
    );
    const results = await this.#database.batch<JoinRequest>([
      this.#database.prepare(noted("refuseJoinRequest", REFUSABLE)).bind(chosen, now, actor, word),
      stop.bind(chosen),
      refuse.bind(chosen, now, actor, word, endsAt),
    ]);
    return results[2]?.results ?? [];
  }

  #at(later: number): string {
    return new Date(this.#clock() + later).toISOString();
  }
}
