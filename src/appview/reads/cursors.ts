/** Cursors over (sort, cid), newest first: `<milliseconds>__<cid>`, as the reference writes them. */
import { invalidRequest } from "../../protocol/refusal.ts";

export interface Cursor {
  sort: number;
  cid: string;
}

/** Before the first item. */
export const LATEST: Cursor = { sort: Number.MAX_SAFE_INTEGER, cid: "" };

export const formatCursor = ({ sort, cid }: Cursor): string => `${sort}__${cid}`;

/**
 * Refuses `Malformed cursor`. Returns null, which ends paging, for a cursor of a long obsolete format (`::`).
 */
export function parseCursor(cursor: string | undefined): Cursor | null {
  if (cursor === undefined || cursor === "") return LATEST;
  if (cursor.includes("::")) return null;
  const [sort = "", cid = "", ...rest] = cursor.split("__");
  if (!/^-?\d{1,16}$/.test(sort) || cid === "" || rest.length > 0) throw invalidRequest("Malformed cursor");
  return { sort: Number(sort), cid };
}

/** Parses a cursor over time alone, an ISO instant. Refuses `Malformed cursor`. */
export function parseTimeCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined || cursor === "") return undefined;
  const instant = Date.parse(cursor);
  if (Number.isNaN(instant)) throw invalidRequest("Malformed cursor");
  return instant;
}

/**
 * Parses a cursor over a short list that is ranked again on each request: the number of items before it.
 * Returns null, which ends paging, for anything else.
 */
export function parseOffset(cursor: string | undefined): number | null {
  if (cursor === undefined || cursor === "") return 0;
  return /^\d{1,9}$/.test(cursor) ? Number(cursor) : null;
}
