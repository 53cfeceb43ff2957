/**
 * The log of every act of the admin, a role, or a moderation service: actor, action, subject, and whether it
 * failed.
 */
import { and, desc, eq, lt } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { auditLog } from "../../schema/directory.ts";
import { invalidRequest, isRefusal } from "../protocol/refusal.ts";

export interface AuditAct {
  /** A DID, or `admin`. */
  actor: string;
  /** The method's name, without its group. */
  action: string;
  /** A DID, an at-uri, or `<did>/<blob's cid>`. */
  subject?: string | undefined;
  /** Never a password, a code or an e-mail address. */
  detail?: Record<string, unknown> | undefined;
}

export interface AuditEntry extends AuditAct {
  id: number;
  /** ISO 8601 */
  at: string;
  detail: Record<string, unknown>;
}

export interface AuditQuery {
  actor?: string | undefined;
  subject?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

export class ModerationAudit {
  readonly #db: DrizzleD1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number = Date.now) {
    this.#db = drizzle(database);
    this.#clock = clock;
  }

  /**
   * Logs an act, then performs it. In this order, a crash in between may log an act that never happened, but
   * never hides one that did. An act that fails gets `failed` in its detail.
   */
  async around<Outcome>(act: AuditAct, work: () => Promise<Outcome>): Promise<Outcome> {
    const { actor, action, subject, detail = {} } = act;
    const at = new Date(this.#clock()).toISOString();
    const [row] = await this.#db
      .insert(auditLog)
      .values({ at, actor, action, subject: subject ?? null, detail })
      .returning({ id: auditLog.id });
    try {
      return await work();
    } catch (thrown) {
      const failed = isRefusal(thrown) ? thrown.error : "InternalServerError";
      await this.#db
        .update(auditLog)
        .set({ detail: { ...detail, failed } })
        .where(eq(auditLog.id, row?.id ?? 0));
      throw thrown;
    }
  }

  /** Acts, newest first. Refuses InvalidRequest for an invalid cursor. */
  async list({
    actor,
    subject,
    limit,
    cursor,
  }: AuditQuery): Promise<{ acts: AuditEntry[]; cursor?: string | undefined }> {
    const rows = await this.#db
      .select()
      .from(auditLog)
      .where(
        and(
          actor === undefined ? undefined : eq(auditLog.actor, actor),
          subject === undefined ? undefined : eq(auditLog.subject, subject),
          cursor === undefined ? undefined : lt(auditLog.id, idOf(cursor)),
        ),
      )
      .orderBy(desc(auditLog.id))
      .limit(limit);
    const acts = rows.map(({ subject: about, detail, ...row }) => ({
      ...row,
      subject: about ?? undefined,
      detail: detail ?? {},
    }));
    const last = rows.at(-1);
    return last !== undefined && rows.length === limit ? { acts, cursor: String(last.id) } : { acts };
  }
}

/** Parses a cursor that is a row's number. Refuses InvalidRequest. */
export function idOf(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor)) throw invalidRequest("Malformed cursor");
  return Number(cursor);
}
