/**
 * The directory's part of codes sent by mail: the owner of a reset code, and mail that could not be sent. The
 * codes themselves live in their account.
 */
import { createHash } from "node:crypto";
import type { Did } from "@atcute/lexicons";
import { and, desc, eq, gt, lt, sql } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { resetCode, unsentMail } from "../../../schema/mail.ts";
import type { Mail } from "./mailer.ts";

/**
 * Longer than the account accepts a code (15 minutes), so that an expired code is told apart from a wrong
 * one.
 */
const KEPT_MS = 60 * 60 * 1000;

/** Mail that could not be sent, as the owner sees it. `at` is ISO 8601. */
export interface UnsentMail {
  did: Did;
  purpose: string;
  subject: string;
  text: string;
  at: string;
}

const digestOf = (code: string) => createHash("sha256").update(code.toUpperCase()).digest("hex");

export class MailCodes {
  readonly #db: DrizzleD1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number = Date.now) {
    this.#db = drizzle(database);
    this.#clock = clock;
  }

  /** Stores the owner of this reset code. Deletes older codes of the account. */
  async own(code: string, did: Did): Promise<void> {
    const now = this.#clock();
    await this.#db.batch([
      this.#db.delete(resetCode).where(eq(resetCode.did, did)),
      this.#db
        .insert(resetCode)
        .values({ digest: digestOf(code), did, at: now })
        .onConflictDoNothing(),
    ]);
  }

  /** The account that this code was sent to; null when there is none. */
  async ownerOf(code: string): Promise<Did | null> {
    const row = await this.#db
      .select()
      .from(resetCode)
      .where(eq(resetCode.digest, digestOf(code)))
      .get();
    return row?.did ?? null;
  }

  async forget(did: Did): Promise<void> {
    await this.#db.delete(resetCode).where(eq(resetCode.did, did));
  }

  /**
   * Keeps a mail that could not be sent; replaces the account's earlier one for the same purpose. Does nothing
   * for an account that is gone.
   */
  async keepUnsent(
    did: Did,
    purpose: string,
    { subject, text }: Pick<Mail, "subject" | "text">,
  ): Promise<void> {
    const at = new Date(this.#clock()).toISOString();
    await this.#db.run(sql`
      INSERT INTO unsent_mail (did, purpose, subject, text, at)
      SELECT did, ${purpose}, ${subject}, ${text}, ${at} FROM account WHERE did = ${did}
      ON CONFLICT (did, purpose) DO UPDATE SET subject = excluded.subject, text = excluded.text, at = excluded.at`);
  }

  /** Deletes codes and mails that are too old to be used. */
  async sweep(): Promise<void> {
    const before = this.#clock() - KEPT_MS;
    await this.#db.batch([
      this.#db.delete(resetCode).where(lt(resetCode.at, before)),
      this.#db.delete(unsentMail).where(lt(unsentMail.at, new Date(before).toISOString())),
    ]);
  }

  /** Mail that the owner may still pass on, at most 100, newest first. It can be read for an hour. */
  async unsent(did?: Did): Promise<UnsentMail[]> {
    const since = new Date(this.#clock() - KEPT_MS).toISOString();
    return this.#db
      .select()
      .from(unsentMail)
      .where(and(gt(unsentMail.at, since), did === undefined ? undefined : eq(unsentMail.did, did)))
      .orderBy(desc(unsentMail.at))
      .limit(100);
  }
}
