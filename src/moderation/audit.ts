/** Every act of the admin, of a role, or of a moderation service: who did what to whom, and whether it came to pass. */
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
   * Logs an act, then does it. In this order, a crash in between leaves an act in the log that may not have come to
   * pass, never one that nobody knows of. What fails is marked so, with `failed` in its detail.
   */
  async around<Outcome>(act: AuditAct, work: () => Promise<Outcome>): Promise<Outcome> {
    const { actor, action, subject, detail = {} } = act;
    const at = new Date(this.#clock()).toISOString();
    const [row] = await this.#db
      .insert(auditLog)
      .values({ at, actor, action, subject: subject ?? null, detail: JSON.stringify(detail) })
      .returning({ id: auditLog.id });
    try {
      return await work();
    } catch (thrown) {
      const failed = isRefusal(thrown) ? thrown.error : "InternalServerError";
      await this.#db
        .update(auditLog)
        .set({ detail: JSON.stringify({ ...detail, failed }) })
        .where(eq(auditLog.id, row?.id ?? 0));
      throw thrown;
    }
  }

  /** Newest first. Refuses InvalidRequest for a bad cursor. */
  async list({
    actor,
    subject,
    limit,
    cursor,
  }: AuditQuery): Promise<{ acts: AuditEntry[]; cursor?: string }> {
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
      ...(about === null ? {} : { subject: about }),
      detail: JSON.parse(detail ?? "{}") as Record<string, unknown>,
    }));
    const last = rows.at(-1);
    return last !== undefined && rows.length === limit ? { acts, cursor: String(last.id) } : { acts };
  }
}

/** A cursor that is a row's number. */
export function idOf(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor)) throw invalidRequest("Malformed cursor");
  return Number(cursor);
}
