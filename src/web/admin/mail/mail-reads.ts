/** Mail as owners look at it: what could not be sent, and what went out. */
import type { UnsentMail } from "../../../identity/mail/codes.ts";
import type { MailLine } from "../../../identity/mail/log.ts";
import { read, trip } from "../trip.ts";

/** The handle of a member; null for who is gone, and for who is none. */
interface Named {
  handle: string | null;
}

export type NamedMail = MailLine & Named;
export type NamedUnsent = UnsentMail & Named;

const HOUR_MS = 60 * 60 * 1000;

/** `before`: the number of a line. */
export async function readMail(
  database: D1Database,
  before: number,
  limit: number,
): Promise<{ unsent: NamedUnsent[]; lines: NamedMail[] }> {
  return trip(database, {
    unsent: read<NamedUnsent>(
      database
        .prepare(
          `SELECT u.*, a.handle FROM unsent_mail u LEFT JOIN account a ON a.did = u.did
            WHERE u.at > ?1 ORDER BY u.at DESC LIMIT 100`,
        )
        .bind(new Date(Date.now() - HOUR_MS).toISOString()),
    ),
    lines: read<NamedMail>(
      database
        .prepare(
          `SELECT l.*, a.handle FROM mail_log l LEFT JOIN account a ON a.did = l.did
            WHERE l.id < ?1 ORDER BY l.id DESC LIMIT ?2`,
        )
        .bind(before, limit),
    ),
  });
}
