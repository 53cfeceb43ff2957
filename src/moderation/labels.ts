/**
 * Labels that this host issues as a labeler, numbered for com.atproto.label.subscribeLabels. A label never
 * changes.
 */
import type { GenericUri } from "@atcute/lexicons";
import { and, asc, desc, gt, lt, max, notExists, sql, type SQL } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { label } from "../../schema/directory.ts";
import { fromBytes, toBytes } from "../protocol/cbor.ts";
import type { SignedLabel } from "../protocol/label.ts";
import { idOf } from "./audit.ts";
import { type LabelQuery, type LabelRow, labelsInForce } from "./label-query.ts";

export interface NumberedLabel {
  seq: number;
  label: SignedLabel;
}

export class ModerationLabels {
  readonly #database: D1Database;
  readonly #db: DrizzleD1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number = Date.now) {
    this.#database = database;
    this.#db = drizzle(database);
    this.#clock = clock;
  }

  /**
   * The statements that store labels. The first label's seq is a number from the clock, so that a host set up
   * anew goes on above the seqs of its earlier life, whose cursors consumers still have.
   */
  adding(labels: readonly SignedLabel[]) {
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
      sig: toBytes(each.sig).$bytes,
    }));
    return rows.map((row) => this.#db.insert(label).values(row));
  }

  /** All labels of these subjects, in order. */
  async of(uris: readonly string[]): Promise<NumberedLabel[]> {
    const rows = await this.#db.select().from(label).where(isOneOf(uris)).orderBy(asc(label.seq));
    return rows.map((row) => ({ seq: row.seq, label: asLabel(row) }));
  }

  /** Whether these subjects have no label after `seq`. */
  none(uris: readonly string[], seq: number): SQL {
    const one = this.#db.select({ seq: label.seq }).from(label);
    return notExists(one.where(and(isOneOf(uris), gt(label.seq, seq))));
  }

  /** Labels in force that match the patterns. Refuses InvalidRequest: an invalid pattern or cursor. */
  async query(wanted: LabelQuery): Promise<{ labels: SignedLabel[]; cursor?: string | undefined }> {
    const now = new Date(this.#clock()).toISOString();
    const { rows, ...page } = await labelsInForce(this.#database, wanted, now);
    return { labels: rows.map(asLabel), ...page };
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

const isOneOf = (uris: readonly string[]): SQL =>
  sql`${label.uri} IN (SELECT value FROM json_each(${JSON.stringify(uris)}))`;

function asLabel(row: LabelRow): SignedLabel {
  return {
    src: row.src,
    uri: row.uri,
    cid: row.cid ?? undefined,
    val: row.val,
    neg: row.neg || undefined,
    cts: row.cts,
    exp: row.exp ?? undefined,
    sig: fromBytes({ $bytes: row.sig }),
  };
}

/** com.atproto.label.defs#label as JSON. The casts are safe, because rows are written from checked input. */
export function labelView({ sig, ...each }: SignedLabel) {
  return {
    ver: 1,
    src: each.src,
    uri: each.uri as GenericUri,
    cid: each.cid,
    val: each.val,
    neg: each.neg || undefined,
    cts: each.cts,
    exp: each.exp,
    sig: { $bytes: toBytes(sig).$bytes },
  };
}
