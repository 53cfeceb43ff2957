/**
 * Reports by members, and by others who use this host as their labeler (com.atproto.moderation.createReport).
 */
import type { Did } from "@atcute/lexicons";
import { and, desc, eq, lt } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { report } from "../../schema/directory.ts";
import { Refusal, must } from "../protocol/refusal.ts";
import { idOf } from "./audit.ts";

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

export interface ReportQuery {
  state?: ReportState | undefined;
  /** A DID. */
  subject?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

export class ModerationReports {
  readonly #db: DrizzleD1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number = Date.now) {
    this.#db = drizzle(database);
    this.#clock = clock;
  }

  /** Stores a report. Duplicates are kept, because the number of reports is a signal. */
  async create(wanted: NewReport): Promise<{ id: number; createdAt: string }> {
    const createdAt = new Date(this.#clock()).toISOString();
    const [row] = await this.#db
      .insert(report)
      .values({
        reasonType: wanted.reasonType,
        reason: wanted.reason ?? null,
        subjectDid: wanted.subjectDid,
        subjectUri: wanted.subjectUri ?? null,
        subjectCid: wanted.subjectCid ?? null,
        reportedBy: wanted.reportedBy,
        createdAt,
      })
      .returning({ id: report.id });
    return { id: must(row, "the report").id, createdAt };
  }

  /** Reports, newest first. Refuses InvalidRequest for an invalid cursor. */
  async list({
    state,
    subject,
    limit,
    cursor,
  }: ReportQuery): Promise<{ reports: Report[]; cursor?: string }> {
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

  /** Closes a report or reopens it. Refuses NotFound. */
  async setState(id: number, state: ReportState, by: string, note?: string): Promise<void> {
    const closed = state !== "open";
    const { meta } = await this.#db
      .update(report)
      .set({
        state,
        closedBy: closed ? by : null,
        closedAt: closed ? new Date(this.#clock()).toISOString() : null,
        ...(note === undefined ? {} : { note }),
      })
      .where(eq(report.id, id));
    if (meta.changes === 0) throw new Refusal("NotFound", "No such report");
  }
}
