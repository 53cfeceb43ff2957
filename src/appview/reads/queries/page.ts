/** Pages of rows by (sort, cid, key), newest first. */
import type { Cursor } from "../cursors.ts";

/** Columns by which a list is ordered; `key` is an SQL expression that no two of its rows share. */
export interface Order {
  sort: string;
  cid: string;
  key: string;
}

export const orderOf = (table: string, key: string): Order => ({
  sort: `${table}.sort`,
  cid: `${table}.cid`,
  key,
});

/** Whether a row comes after the cursor (?2, ?3, ?4). */
export const after = ({ sort, cid, key }: Order): string => `(${sort}, ${cid}, ${key}) < (?2, ?3, ?4)`;

export const newestFirst = ({ sort, cid, key }: Order): string =>
  `ORDER BY ${sort} DESC, ${cid} DESC, ${key} DESC`;

/** The condition and order of a page: ?2 to ?4 the cursor, ?5 rows. */
export const pageOrder = (order: Order): string => `${after(order)} ${newestFirst(order)} LIMIT ?5`;

/** The values ?2 to ?5 of a page, and of one row more. */
export const pageValues = ({ sort, cid, key }: Cursor, limit: number) => [sort, cid, key, limit + 1] as const;
