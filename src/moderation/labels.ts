/**
 * Labels that this host issues as a labeler, numbered for com.atproto.label.subscribeLabels. A label never
 * changes.
 */
import type { Cid, Did, GenericUri } from "@atcute/lexicons";
import { and, asc, desc, eq, gt, inArray, lt, max, or, sql } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { label } from "../../schema/directory.ts";
import { base64, bytesFromBase64 } from "../protocol/data-model.ts";
import type { SignedLabel } from "../protocol/label.ts";
import { invalidRequest } from "../protocol/refusal.ts";
import { idOf } from "./audit.ts";

type LabelRow = typeof label.$inferSelect;

export interface NumberedLabel {
  seq: number;
  label: SignedLabel;
}

export interface LabelQuery {
  /** Whole URIs, or prefixes that end in `*`. */
  patterns: readonly string[];
  sources: readonly string[];
  limit: number;
  cursor?: string | undefined;
}

export class ModerationLabels {
  readonly #db: DrizzleD1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number = Date.now) {
    this.#db = drizzle(database);
    this.#clock = clock;
  }

  /**
   * The first label's seq is a number from the clock, so that a host set up anew goes on above the seqs of its
   * earlier life, whose cursors consumers still have.
   */
  async add(labels: readonly SignedLabel[]): Promise<void> {
    const next = sql<number>`(SELECT coalesce(max(${label.seq}) + 1, ${this.#clock()}) FROM ${label})`;
    const rows = labels.map((each) => ({
      seq: next,
      src: each.src,
      uri: each.uri,
      cid: each.cid ?? null,
      val: each.val,
      neg: each.neg === true,
      cts: each.cts,
      exp: each.exp ?? null,
      sig: base64(each.sig),
    }));
    const [first, ...others] = rows.map((row) => this.#db.insert(label).values(row));
    if (first !== undefined) await this.#db.batch([first, ...others]);
  }

  /**
   * Labels in force that match the patterns: the newest of each value, unless it is a negation or has
   * expired. Refuses InvalidRequest: an invalid pattern or cursor.
   */
  async query(wanted: LabelQuery): Promise<{ labels: SignedLabel[]; cursor?: string }> {
    const patterns = wanted.patterns.map((pattern) => {
      const star = pattern.indexOf("*");
      if (star < 0) return eq(label.uri, pattern);
      if (star < pattern.length - 1) throw invalidRequest(`invalid pattern: ${pattern}`);
      const prefix = pattern.slice(0, -1);
      return sql`substr(${label.uri}, 1, ${prefix.length}) = ${prefix}`;
    });
    const superseded = sql`EXISTS (SELECT 1 FROM label n WHERE n.uri = ${label.uri} AND n.src = ${label.src}
      AND n.val = ${label.val} AND n.cid IS ${label.cid} AND n.seq > ${label.seq})`;
    const now = new Date(this.#clock()).toISOString();
    const rows = await this.#db
      .select()
      .from(label)
      .where(
        and(
          or(...patterns),
          inArray(label.src, sql`(SELECT value FROM json_each(${JSON.stringify(wanted.sources)}))`),
          eq(label.neg, false),
          sql`(${label.exp} IS NULL OR ${label.exp} > ${now})`,
          sql`NOT ${superseded}`,
          wanted.cursor === undefined ? undefined : gt(label.seq, idOf(wanted.cursor)),
        ),
      )
      .orderBy(asc(label.seq))
      .limit(wanted.limit);
    const labels = rows.map(asLabel);
    const last = rows.at(-1);
    return last !== undefined && rows.length === wanted.limit
      ? { labels, cursor: String(last.seq) }
      : { labels };
  }

  /** Labels after `seq`, in order. */
  async after(seq: number, limit: number): Promise<NumberedLabel[]> {
    const rows = await this.#db
      .select()
      .from(label)
      .where(gt(label.seq, seq))
      .orderBy(asc(label.seq))
      .limit(limit);
    return rows.map((row) => ({ seq: row.seq, label: asLabel(row) }));
  }

  /** Labels before a cursor, newest first, negations included: for the admin's list. */
  async before(cursor: string | undefined, limit: number): Promise<NumberedLabel[]> {
    const rows = await this.#db
      .select()
      .from(label)
      .where(cursor === undefined ? undefined : lt(label.seq, idOf(cursor)))
      .orderBy(desc(label.seq))
      .limit(limit);
    return rows.map((row) => ({ seq: row.seq, label: asLabel(row) }));
  }

  /** The newest seq; 0 before the first. */
  async head(): Promise<number> {
    const row = await this.#db
      .select({ head: max(label.seq) })
      .from(label)
      .get();
    return row?.head ?? 0;
  }
}

function asLabel(row: LabelRow): SignedLabel {
  return {
    src: row.src,
    uri: row.uri,
    ...(row.cid === null ? {} : { cid: row.cid }),
    val: row.val,
    ...(row.neg ? { neg: true } : {}),
    cts: row.cts,
    ...(row.exp === null ? {} : { exp: row.exp }),
    sig: bytesFromBase64(row.sig),
  };
}

/** com.atproto.label.defs#label as JSON. The casts are safe, because rows are written from checked input. */
export function labelView({ sig, ...each }: SignedLabel) {
  return {
    ver: 1,
    src: each.src as Did,
    uri: each.uri as GenericUri,
    ...(each.cid === undefined ? {} : { cid: each.cid as Cid }),
    val: each.val,
    ...(each.neg ? { neg: true } : {}),
    cts: each.cts,
    ...(each.exp === undefined ? {} : { exp: each.exp }),
    sig: { $bytes: base64(sig) },
  };
}
