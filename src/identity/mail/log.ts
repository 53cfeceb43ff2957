/**
 * The log of mail that went out or failed: the newest, without addresses, subjects and texts. For owners
 * alone.
 */
import { lt, sql } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { mailLog } from "../../../schema/mail.ts";

export type MailLine = typeof mailLog.$inferSelect;

const KEPT = 2_000;
const KEPT_MS = 30 * 24 * 60 * 60 * 1000;

export class MailLog {
  readonly #db: DrizzleD1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number = Date.now) {
    this.#db = drizzle(database);
    this.#clock = clock;
  }

  /** @param failure why it was not sent; null if it was */
  async note(
    { kind, did }: Pick<typeof mailLog.$inferInsert, "kind" | "did">,
    failure: string | null,
  ): Promise<void> {
    const at = new Date(this.#clock()).toISOString();
    await this.#db.batch([
      this.#db.insert(mailLog).values({ at, kind, did, failure }),
      this.#db.delete(mailLog).where(sql`${mailLog.id} <= (SELECT max(id) FROM mail_log) - ${KEPT}`),
    ]);
  }

  async sweep(): Promise<void> {
    const before = new Date(this.#clock() - KEPT_MS).toISOString();
    await this.#db.delete(mailLog).where(lt(mailLog.at, before));
  }
}
