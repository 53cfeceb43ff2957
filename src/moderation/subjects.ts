/**
 * Takedowns of records and blobs, and of accounts of other hosts, as the host's moderation records them. The
 * account's own object enforces them for what the PDS serves, and the index keeps its own copy over a rebuild.
 */
import type { Did } from "@atcute/lexicons";
import { and, asc, eq, exists, notExists, sql, type SQL } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { subjectStatus } from "../../schema/directory.ts";

export interface SubjectTakedown {
  did: Did;
  /** A record's at-uri, a blob's CID, or the DID of an account of another host. */
  subject: string;
  ref: string;
  /** The record's version at the time of the takedown. */
  cid: string | null;
}

export class ModerationSubjects {
  readonly #db: DrizzleD1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number = Date.now) {
    this.#db = drizzle(database);
    this.#clock = clock;
  }

  /** The statement that takes a subject down. */
  takingDown({ did, subject, ref, cid }: SubjectTakedown) {
    const row = { did, subject, takedownRef: ref, cid, createdAt: new Date(this.#clock()).toISOString() };
    return this.#db
      .insert(subjectStatus)
      .values(row)
      .onConflictDoUpdate({ target: [subjectStatus.did, subjectStatus.subject], set: row });
  }

  /** The statement that restores a subject. */
  restoring(did: Did, subject: string) {
    return this.#db.delete(subjectStatus).where(this.#is(did, subject));
  }

  /** Whether this is still the subject's takedown; null: whether it has none. */
  holds(did: Did, subject: string, takedown: SubjectTakedown | null): SQL {
    const one = this.#db
      .select({ ref: subjectStatus.takedownRef })
      .from(subjectStatus)
      .where(
        and(
          this.#is(did, subject),
          takedown === null ? undefined : eq(subjectStatus.takedownRef, takedown.ref),
        ),
      );
    return takedown === null ? notExists(one) : exists(one);
  }

  #is(did: Did, subject: string): SQL | undefined {
    return and(eq(subjectStatus.did, did), eq(subjectStatus.subject, subject));
  }

  async find(did: Did, subject: string): Promise<SubjectTakedown | null> {
    const row = await this.#db.select().from(subjectStatus).where(this.#is(did, subject)).get();
    return row ? { did, subject, ref: row.takedownRef, cid: row.cid } : null;
  }

  /** Whether there is a takedown of anything of an account. */
  async hasAny(did: Did): Promise<boolean> {
    const row = await this.#db
      .select({ did: subjectStatus.did })
      .from(subjectStatus)
      .where(eq(subjectStatus.did, did))
      .limit(1)
      .get();
    return row !== undefined;
  }

  /** Takedowns after one of them, by DID and subject. */
  async after(last: { did: string; subject: string }, limit: number): Promise<SubjectTakedown[]> {
    const rows = await this.#db
      .select()
      .from(subjectStatus)
      .where(sql`(${subjectStatus.did}, ${subjectStatus.subject}) > (${last.did}, ${last.subject})`)
      .orderBy(asc(subjectStatus.did), asc(subjectStatus.subject))
      .limit(limit);
    return rows.map(({ did, subject, takedownRef: ref, cid }) => ({ did, subject, ref, cid }));
  }
}
