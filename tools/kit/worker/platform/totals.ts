/**
 * The host's use of all that Cloudflare bills, since its runtime started. Counted only while a plan's
 * rules hold. Bytes and time are not counted.
 */
import { PLAN } from "./invocation.ts";
import type { Totals } from "../../network/kit-request.ts";

const counted: Totals = {
  requests: 0,
  objectRequests: 0,
  databaseRowsRead: 0,
  databaseRowsWritten: 0,
  objectRowsRead: 0,
  objectRowsWritten: 0,
  fileReads: 0,
  fileWrites: 0,
};

type Cursor = Pick<SqlStorageCursor<Record<string, SqlStorageValue>>, "rowsRead" | "rowsWritten">;

/** Cursors of objects that may still be read. */
let cursors: Cursor[] = [];
/** More cursors than this are not kept: the older half has been read. */
const CURSORS = 2_000;

export function add(resource: keyof Totals, number = 1): void {
  if (PLAN !== null) counted[resource] += number;
}

/** Counts what a statement of an object reads and writes, once it has been read to its end. */
export function addCursor(cursor: Cursor): void {
  cursors.push(cursor);
  if (cursors.length > CURSORS) settleCursors(cursors.splice(0, CURSORS / 2));
}

function settleCursors(read: readonly Cursor[]): void {
  for (const { rowsRead, rowsWritten } of read) {
    counted.objectRowsRead += rowsRead;
    counted.objectRowsWritten += rowsWritten;
  }
}

export function totals(): Totals {
  settleCursors(cursors);
  cursors = [];
  return { ...counted };
}
