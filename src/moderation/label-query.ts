/**
 * com.atproto.label.queryLabels: labels in force, by URI. Patterns become ranges of the index on URIs, so that
 * a query reads a bounded number of rows whatever it asks for. Pages follow the index: by URI, then by seq.
 */
import type { label } from "../../schema/directory.ts";
import { invalidRequest } from "../protocol/refusal.ts";
import { idOf } from "./audit.ts";

export type LabelRow = typeof label.$inferSelect;

export interface LabelQuery {
  /** Whole URIs, or prefixes that end in `*`. */
  patterns: readonly string[];
  sources: readonly string[];
  limit: number;
  cursor?: string | undefined;
}

/** URIs from `from` to `to`, both included. */
type Range = readonly [from: string, to: string];

/** Greater than any character of a URI. */
const LAST = "\u{10ffff}";
/** Rows that one page looks at. A page may be short, or empty, and still have a cursor. */
const WINDOW = 300;

/** Refuses InvalidRequest. */
function rangeOf(pattern: string): Range {
  const star = pattern.indexOf("*");
  if (star < 0) return [pattern, pattern];
  if (star < pattern.length - 1) throw invalidRequest(`invalid pattern: ${pattern}`);
  const prefix = pattern.slice(0, -1);
  return [prefix, prefix + LAST];
}

/** Sorted ranges that do not overlap, so that no label is found twice. */
function rangesOf(patterns: readonly string[]): Range[] {
  const merged: Range[] = [];
  // URIs are ASCII, and within it, text compares here as in the index.
  const ascii = patterns.filter((pattern) => /^[ -~]*$/.test(pattern));
  for (const range of ascii.map(rangeOf).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    const last = merged.at(-1);
    if (last === undefined || range[0] > last[1]) merged.push(range);
    else if (range[1] > last[1]) merged[merged.length - 1] = [last[0], range[1]];
  }
  return merged;
}

type Found = LabelRow & { superseded: number };

/**
 * The newest label of each value, unless it is a negation or has expired. Refuses InvalidRequest: an invalid
 * pattern or cursor.
 */
export async function labelsInForce(
  database: D1Database,
  { patterns, sources, limit, cursor }: LabelQuery,
  now: string,
): Promise<{ rows: LabelRow[]; cursor?: string | undefined }> {
  const ranges = rangesOf(patterns);
  const start = cursor === undefined ? null : await placeAt(database, idOf(cursor));
  const left = start === null ? ranges : ranges.flatMap((range) => restOf(range, start.uri));
  const { results } = await database
    .prepare(
      `SELECT *, EXISTS (SELECT 1 FROM label AS n WHERE n.uri = l.uri AND n.seq > l.seq AND n.src = l.src
          AND n.val = l.val AND n.cid IS l.cid) AS superseded
        FROM (SELECT label.* FROM json_each(?1) AS range CROSS JOIN label INDEXED BY label_uri
          ON uri >= range.value ->> 0 AND uri <= range.value ->> 1
          WHERE NOT (uri = ?2 AND seq <= ?3) LIMIT ${WINDOW}) AS l`,
    )
    .bind(JSON.stringify(left), start?.uri ?? "", start?.seq ?? 0)
    .all<Found>();
  const isShown = (row: Found) =>
    sources.includes(row.src) && !row.neg && !row.superseded && (row.exp === null || row.exp > now);
  const shown = results.filter(isShown).slice(0, limit);
  const last = shown.length === limit ? shown.at(-1) : results.length === WINDOW ? results.at(-1) : undefined;
  return { rows: shown, cursor: last === undefined ? undefined : String(last.seq) };
}

/** Refuses InvalidRequest. */
async function placeAt(database: D1Database, seq: number): Promise<{ uri: string; seq: number }> {
  const row = await database
    .prepare("SELECT uri FROM label WHERE seq = ?")
    .bind(seq)
    .first<{ uri: string }>();
  if (row === null) throw invalidRequest("Malformed cursor");
  return { uri: row.uri, seq };
}

/** The part of a range that begins at `uri`. */
const restOf = ([from, to]: Range, uri: string): Range[] => (to < uri ? [] : [[from < uri ? uri : from, to]]);
