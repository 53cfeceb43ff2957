/**
 * Announcements of owners to all members: by a post, which everybody finds among their notifications and
 * which costs no row for each of them, or by mail, which the schedule sends.
 */
import type { Did } from "@atcute/lexicons";
import { Refusal } from "../../protocol/refusal.ts";

export interface Announcement {
  id: number;
  /** ISO 8601 */
  at: string;
  /** The owner: a DID, or `admin`. */
  by: string;
  /** The post; null: it goes by mail. */
  uri: string | null;
  /** Empty for a post. */
  subject: string;
  text: string;
  /** The last member whose mail was begun, `""` before the first; null: nobody is to be written to any more. */
  after: string | null;
  /** Members to be written to when it began. */
  total: number;
  /** Mails begun that did not fail. */
  sent: number;
  failed: number;
  /** Turns of the schedule that ended since no mail went out. */
  tries: number;
}

/** Those that are kept; the oldest make way. */
const KEPT = 100;

/** SQL for the members who are written to: `?1` is the last one, `?2` when the announcement was made. */
export const READERS = `a.did > ?1 AND a.created_at <= ?2 AND a.state = 'active' AND a.takedown IS NULL
  AND a.email IS NOT NULL AND a.did NOT IN (SELECT did FROM quiet_member)`;

const PRUNE = `DELETE FROM announcement WHERE after IS NULL AND id <= (SELECT max(id) FROM announcement) - ${KEPT}`;

export class Announcements {
  readonly #database: D1Database;

  constructor(database: D1Database) {
    this.#database = database;
  }

  /** Notes a post that every member shall find among their notifications. Returns its number. */
  async notePost(by: Did, uri: string, text: string): Promise<number> {
    const [made] = await this.#database.batch<{ id: number }>([
      this.#database
        .prepare(
          "INSERT INTO announcement (at, by, uri, subject, text, total) VALUES (?1, ?2, ?3, '', ?4, 0) RETURNING id",
        )
        .bind(new Date().toISOString(), by, uri, text),
      this.#database.prepare(PRUNE),
    ]);
    return made?.results[0]?.id ?? 0;
  }

  async forget(id: number): Promise<void> {
    await this.#database.prepare("DELETE FROM announcement WHERE id = ?1").bind(id).run();
  }

  /** Begins to write to all members. Refuses InvalidRequest while another one is under way. */
  async begin(by: string, { subject, text }: { subject: string; text: string }): Promise<void> {
    const [made] = await this.#database.batch([
      this.#database
        .prepare(
          `INSERT INTO announcement (at, by, subject, text, after, total)
            SELECT ?2, ?3, ?4, ?5, ?1, (SELECT count(*) FROM account a WHERE ${READERS})
            WHERE NOT EXISTS (SELECT 1 FROM announcement WHERE after IS NOT NULL)`,
        )
        .bind("", new Date().toISOString(), by, subject, text),
      this.#database.prepare(PRUNE),
    ]);
    if (made?.meta.changes === 0)
      throw new Refusal("InvalidRequest", "Another announcement is under way", 400);
  }

  /** Writes to nobody else. Refuses NotFound if it is not under way. */
  async stop(id: number): Promise<void> {
    const { meta } = await this.#database
      .prepare("UPDATE announcement SET after = NULL WHERE id = ?1 AND after IS NOT NULL")
      .bind(id)
      .run();
    if (meta.changes === 0) throw new Refusal("NotFound", "No announcement under way has this number", 404);
  }

  /** The newest first, before a number. */
  async list(limit: number, before = Number.MAX_SAFE_INTEGER): Promise<Announcement[]> {
    const { results } = await this.#database
      .prepare("SELECT * FROM announcement WHERE id < ?1 ORDER BY id DESC LIMIT ?2")
      .bind(before, limit)
      .all<Announcement>();
    return results;
  }

  /** Whether a member gets announcements by mail. */
  async isQuiet(did: Did): Promise<boolean> {
    const row = await this.#database.prepare("SELECT 1 FROM quiet_member WHERE did = ?1").bind(did).first();
    return row !== null;
  }

  /** For members alone: nothing is kept for anybody else. */
  async setQuiet(did: Did, quiet: boolean): Promise<void> {
    const sql = quiet
      ? "INSERT INTO quiet_member (did) SELECT did FROM account WHERE did = ?1 ON CONFLICT DO NOTHING"
      : "DELETE FROM quiet_member WHERE did = ?1";
    await this.#database.prepare(sql).bind(did).run();
  }
}
