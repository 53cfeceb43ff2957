/**
 * Cursors over (sort, cid, key), newest first: `<milliseconds>__<cid>__<key>`, the reference's form with a key
 * that no two items of the list share. Items of one time are many where clients write whole seconds, and equal
 * records of two people have one CID.
 */
import { invalidRequest } from "../../protocol/refusal.ts";

export interface Cursor {
  /** Milliseconds. */
  sort: number;
  /** Empty where the key alone breaks ties. */
  cid: string;
  key: string;
}

/** Before the first item. */
export const LATEST: Cursor = { sort: Number.MAX_SAFE_INTEGER, cid: "", key: "" };

export const formatCursor = ({ sort, cid, key }: Cursor): string => `${sort}__${cid}__${key}`;

/**
 * Parses a cursor; one without a key, as earlier versions wrote it, continues after all items of its CID.
 * Refuses `Malformed cursor`. Returns null, which ends paging, for a cursor of a long obsolete format (`::`).
 */
export function parseCursor(cursor: string | undefined): Cursor | null {
  if (cursor === undefined || cursor === "") return LATEST;
  if (cursor.includes("::")) return null;
  const found = /^(-?\d{1,16})__([^_]*)(?:__(.*))?$/.exec(cursor);
  const [, sort, cid = "", key = ""] = found ?? [];
  if (sort === undefined || cid + key === "") throw invalidRequest("Malformed cursor");
  return { sort: Number(sort), cid, key };
}

/**
 * Parses a cursor over a short list that is ranked again on each request: the number of items before it.
 * Returns null, which ends paging, for anything else.
 */
export function parseOffset(cursor: string | undefined): number | null {
  if (cursor === undefined || cursor === "") return 0;
  return /^\d{1,9}$/.test(cursor) ? Number(cursor) : null;
}
