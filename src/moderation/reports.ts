/**
 * Reports by members, and by others who use this host as their labeler (com.atproto.moderation.createReport).
 */
import type { Did } from "@atcute/lexicons";
import { and, desc, eq, gt, isNotNull, isNull, lt, sql } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { report } from "../../schema/directory.ts";
import { Refusal } from "../protocol/refusal.ts";
import { idOf } from "./audit.ts";

/** The reason of an appeal (com.atproto.moderation.defs). */
export const APPEAL = "com.atproto.moderation.defs#reasonAppeal";

/** Whether a report is an appeal; Ozone has a reason of its own for it. */
export const isAppeal = (reasonType: string): boolean => reasonType.endsWith("#reasonAppeal");

export type ReportState = "open" | "resolved" | "dismissed";

export interface NewReport {
  reasonType: string;
  reason?: string | undefined;
  subjectDid: string;
  /** For a record: its URI, and the version that the reporter saw. */
  subjectUri?: string | undefined;
  subjectCid?: string | undefined;
  reportedBy: Did;
}

export type Report = typeof report.$inferSelect;

/** The subject of reports: an account, or one of its records. */
export interface ReportedSubject {
  did: string;
  uri: string | null;
}

const isAbout = ({ did, uri }: ReportedSubject) =>
  and(eq(report.subjectDid, did), uri === null ? isNull(report.subjectUri) : eq(report.subjectUri, uri));

/** The marks that a decision leaves on reports. */
export interface Decision {
  state: Exclude<ReportState, "open">;
  by: string;
  note?: string | undefined;
  /** ISO 8601 */
  at: string;
}

export type OpenReportsChange = Partial<
  Pick<Report, "state" | "closedBy" | "closedAt" | "note" | "assignedTo" | "escalatedBy">
>;

export interface ReportQuery {
  state?: ReportState | undefined;
  /** A DID. */
  subject?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

/** Most open reports at which another one is taken. */
const OPEN_MAX = { member: 50_000, outsider: 5_000 };

const DAY_MS = 24 * 60 * 60 * 1000;
const CLOSED_DAYS = 365;
const UNATTENDED_DAYS = 90;

export class ModerationReports {
  readonly #db: DrizzleD1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number = Date.now) {
    this.#db = drizzle(database);
    this.#clock = clock;
  }

  /**
   * Stores a report. Duplicates are kept, because the number of reports is a signal. Refuses
   * RateLimitExceeded while too many are open: strangers' reports must not crowd out members'.
   */
  async create(wanted: NewReport, from: "member" | "outsider"): Promise<{ id: number; createdAt: string }> {
    const createdAt = new Date(this.#clock()).toISOString();
    const { reasonType, reason = null, subjectDid, subjectUri = null, subjectCid = null } = wanted;
    const row = await this.#db.get<{ id: number } | undefined>(sql`
      INSERT INTO report (reason_type, reason, subject_did, subject_uri, subject_cid, reported_by, created_at)
      SELECT ${reasonType}, ${reason}, ${subjectDid}, ${subjectUri}, ${subjectCid}, ${wanted.reportedBy}, ${createdAt}
      WHERE (SELECT count(*) FROM report WHERE state = 'open') < ${OPEN_MAX[from]} RETURNING id`);
    if (row === undefined) {
      throw new Refusal("RateLimitExceeded", "Too many reports are waiting for a moderator", 429);
    }
    return { id: row.id, createdAt };
  }

  /** How many reports are open, of all and of those made after `since` (milliseconds of the Unix epoch). */
  async open(since: number): Promise<{ all: number; recent: number }> {
    const after = new Date(since).toISOString();
    const row = await this.#db
      .select({
        all: sql<number>`count(*)`,
        recent: sql<number>`coalesce(sum(${gt(report.createdAt, after)}), 0)`,
      })
      .from(report)
      .where(eq(report.state, "open"))
      .get();
    return row ?? { all: 0, recent: 0 };
  }

  /** Deletes reports that were closed a year ago, and strangers' that nobody took up for three months. */
  async sweep(): Promise<void> {
    const before = (days: number) => new Date(this.#clock() - days * DAY_MS).toISOString();
    await this.#db.batch([
      this.#db.delete(report).where(lt(report.closedAt, before(CLOSED_DAYS))),
      this.#db
        .delete(report)
        .where(
          and(
            eq(report.state, "open"),
            lt(report.createdAt, before(UNATTENDED_DAYS)),
            sql`${report.reportedBy} NOT IN (SELECT did FROM account)`,
          ),
        ),
    ]);
  }

  /** Reports, newest first. Refuses InvalidRequest for an invalid cursor. */
  async list({
    state,
    subject,
    limit,
    cursor,
  }: ReportQuery): Promise<{ reports: Report[]; cursor?: string | undefined }> {
    const reports = await this.#db
      .select()
      .from(report)
      .where(
        and(
          state === undefined ? undefined : eq(report.state, state),
          subject === undefined ? undefined : eq(report.subjectDid, subject),
          cursor === undefined ? undefined : lt(report.id, idOf(cursor)),
        ),
      )
      .orderBy(desc(report.id))
      .limit(limit);
    const last = reports.at(-1);
    return last !== undefined && reports.length === limit
      ? { reports, cursor: String(last.id) }
      : { reports };
  }

  /**
   * Changes every open report of a subject. Returns whom to tell: those who made them, each once. Refuses
   * NotFound if there is no open report of it.
   */
  async changeOpen(subject: ReportedSubject, change: OpenReportsChange): Promise<string[]> {
    const rows = await this.#db
      .update(report)
      .set(change)
      .where(and(isAbout(subject), sql`${report.state} = 'open'`))
      .returning({ by: report.reportedBy });
    if (rows.length === 0) throw new Refusal("NotFound", "No open report of this");
    return [...new Set(rows.map(({ by }) => by))];
  }

  /** Closes every open report of a subject, as `changeOpen`. `at` tells the reports of one decision apart. */
  async closeAll(subject: ReportedSubject, { state, by, note, at }: Decision): Promise<string[]> {
    return this.changeOpen(subject, { state, closedBy: by, closedAt: at, ...(note ? { note } : {}) });
  }

  /** Opens the reports again that one decision closed. Refuses NotFound. */
  async reopenAll(subject: ReportedSubject, closedAt: string): Promise<void> {
    const { meta } = await this.#db
      .update(report)
      .set({ state: "open", closedBy: null, closedAt: null })
      .where(and(isAbout(subject), eq(report.closedAt, closedAt)));
    if (meta.changes === 0) throw new Refusal("NotFound", "No such decision");
  }

  /** Whether there is a report about an account, or about anything of it. */
  async isReported(did: Did): Promise<boolean> {
    const row = await this.#db
      .select({ id: report.id })
      .from(report)
      .where(eq(report.subjectDid, did))
      .limit(1)
      .get();
    return row !== undefined;
  }

  /** Whether a member's appeal waits. */
  async isAppealOpen(did: Did): Promise<boolean> {
    const row = await this.#db
      .select({ id: report.id })
      .from(report)
      .where(
        and(
          eq(report.subjectDid, did),
          eq(report.reportedBy, did),
          sql`${report.state} = 'open'`,
          sql`${report.reasonType} LIKE '%#reasonAppeal'`,
        ),
      )
      .limit(1)
      .get();
    return row !== undefined;
  }

  /** The one who closed a report, a DID or `admin`; null while it is open, and if it is gone. */
  async closedBy(id: number): Promise<string | null> {
    const row = await this.#db.select({ by: report.closedBy }).from(report).where(eq(report.id, id)).get();
    return row?.by ?? null;
  }

  /** The moderator who takes care of a subject's open reports; null if nobody does. */
  async assigneeOf(subject: ReportedSubject): Promise<string | null> {
    const row = await this.#db
      .select({ did: report.assignedTo })
      .from(report)
      .where(and(isAbout(subject), sql`${report.state} = 'open'`, isNotNull(report.assignedTo)))
      .limit(1)
      .get();
    return row?.did ?? null;
  }

  /** The DID that a report is about. Refuses NotFound. */
  async subjectOf(id: number): Promise<string> {
    const row = await this.#db.select({ did: report.subjectDid }).from(report).where(eq(report.id, id)).get();
    if (row === undefined) throw new Refusal("NotFound", "No such report");
    return row.did;
  }

  /** Closes a report or reopens it. Refuses NotFound. */
  async setState(id: number, state: ReportState, by: string, note?: string): Promise<void> {
    const closed = state !== "open";
    const { meta } = await this.#db
      .update(report)
      .set({
        state,
        closedBy: closed ? by : null,
        closedAt: closed ? new Date(this.#clock()).toISOString() : null,
        note,
      })
      .where(eq(report.id, id));
    if (meta.changes === 0) throw new Refusal("NotFound", "No such report");
  }
}
