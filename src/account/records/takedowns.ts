/**
 * Takedowns of records. They hold for a path, whatever stands there: a record that is deleted and made again
 * at its path, or comes back with an import, is still taken down.
 */
import { cidOfRow } from "./record-reader.ts";
import type { Rows, Sql } from "../../protocol/object/sql.ts";

/**
 * SQL for the takedown of a path (an SQL expression), null if there is none. For statements that add records.
 * Few accounts have any, so those without look it up for no record.
 */
export function takedownOf(rows: Rows, path: string): string {
  const some = rows.first("SELECT 1 FROM record_takedown LIMIT 1") !== null;
  return some ? `(SELECT ref FROM record_takedown WHERE path = ${path})` : "NULL";
}

/** Takes a record down, or restores it with null. Does nothing to a path without a record. */
export function takeRecordDown(sql: Sql, path: string, ref: string | null): void {
  const found = sql.all("UPDATE record SET takedown = ? WHERE path = ? RETURNING path", ref, path).length > 0;
  if (ref === null) sql.run("DELETE FROM record_takedown WHERE path = ?", path);
  else if (found) sql.run("INSERT OR REPLACE INTO record_takedown (path, ref) VALUES (?, ?)", path, ref);
}

/** A record's CID and takedown. Null when there is no such record. */
export function recordTakedown(
  rows: Rows,
  path: string,
): { cid: string; takedown: { applied: boolean; ref?: string } } | null {
  const row = rows.first<{ digest: ArrayBuffer; takedown: string | null }>(
    "SELECT digest, takedown FROM record WHERE path = ?",
    path,
  );
  if (row === null) return null;
  const takedown = row.takedown === null ? { applied: false } : { applied: true, ref: row.takedown };
  return { cid: cidOfRow(row), takedown };
}
