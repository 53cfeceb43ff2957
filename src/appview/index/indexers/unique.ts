/**
 * Collections in which one record per actor and subject counts. The first has the row; triggers keep later
 * ones in `duplicate` and promote one when the row is removed.
 */
import { columns, overRows } from "../statements.ts";
import { goneRow, type Indexer, type Put } from "./indexer.ts";

/** The first record gets the row. The first two columns in `list` (`a, b, c …`) are the key. */
export function insertUnique(table: string, list: string): string {
  const names = list.split(", ");
  return `INSERT INTO ${table} (${list})
  SELECT ${columns(...names)}
  FROM json_each(?1) WHERE true
  ON CONFLICT (${names.slice(0, 2).join(", ")}) DO NOTHING`;
}

/**
 * The rows of `Gone`, to be looked up by author and rkey, and their authors: an author's rows are passed once,
 * however many of them are looked for.
 */
export const WANTED = `WITH
  wanted AS MATERIALIZED (
    SELECT value ->> 0 AS did, value ->> 1 AS rkey, value ->> 3 AS cid, value ->> 4 AS indexed FROM json_each(?1)),
  author AS MATERIALIZED (SELECT DISTINCT did FROM wanted)`;

/**
 * Removes rows, found by author and rkey, unless they are to be kept. `first` and `second` are the key;
 * `author` is the column that has the author.
 */
export const removeUnique = (table: string, first: string, second: string, author = "actor"): string =>
  `${WANTED}
  DELETE FROM ${table} WHERE (${first}, ${second}) IN (
  SELECT r.${first}, r.${second} FROM author CROSS JOIN ${table} AS r ON r.${author} = author.did
    CROSS JOIN wanted AS w ON w.did = r.${author} AND w.rkey = r.rkey
  WHERE (r.cid, r.indexed) IS NOT (w.cid, w.indexed))`;

/** Puts records that are stored whole, under a key of two columns (`a, b`). */
export function putWhole(
  table: string,
  key: string,
  keyOf: (put: Put) => readonly [string, string],
): Indexer["put"] {
  const insert = insertUnique(table, `${key}, rkey, cid, sort, indexed, record`);
  return (db, puts) =>
    overRows(
      db,
      insert,
      puts.map((put) => {
        const { rkey, cid, sort, indexed, record } = put;
        return [...keyOf(put), rkey, cid, sort, indexed, JSON.stringify(record)];
      }),
    );
}

interface Unique {
  collection: string;
  /** Statements over the rows of `Gone` that remove the records that count. */
  remove: string[];
  /** SQL for the keys of the records that count, as in `Indexer`. */
  existing: string;
}

export function unique({ collection, remove, existing }: Unique) {
  // Runs first: when a row is removed, the triggers promote a waiting duplicate, even if that is to be
  // removed too.
  const removeDuplicates = `${WANTED}
  DELETE FROM duplicate WHERE (actor, collection, subject, rkey) IN (
  SELECT d.actor, d.collection, d.subject, d.rkey FROM author
    CROSS JOIN duplicate AS d ON d.actor = author.did AND d.collection = '${collection}'
    CROSS JOIN wanted AS w ON w.did = d.actor AND w.rkey = d.rkey)`;
  return {
    collection,
    remove(db, gone) {
      const rows = gone.map(goneRow);
      return [removeDuplicates, ...remove].flatMap((sql) => overRows(db, sql, rows));
    },
    existing: `${existing}
    UNION ALL SELECT rkey, cid, indexed FROM duplicate WHERE actor = ?1 AND collection = '${collection}'`,
  } satisfies Partial<Indexer>;
}
