/**
 * Collections of which one record counts for each subject: the first of an actor's has the row, and later ones wait in
 * `duplicate`, where the triggers put them and whence they fetch them.
 */
import { columns, overRows } from "../statements.ts";
import { goneRow, type Indexer, type Put } from "./indexer.ts";

/** The row goes to who comes first. The first two of its columns (`a, b, c …`) are its key. */
export function insertUnique(table: string, list: string): string {
  const names = list.split(", ");
  return `INSERT INTO ${table} (${list})
  SELECT ${columns(...names)}
  FROM json_each(?1) WHERE true
  ON CONFLICT (${names.slice(0, 2).join(", ")}) DO NOTHING`;
}

/**
 * Takes rows away, found by who wrote them and their rkey, unless they are to be kept. `first` and `second` are the key,
 * `author` whichever of its columns has the writer.
 */
export const removeUnique = (table: string, first: string, second: string, author = "actor"): string =>
  `DELETE FROM ${table} WHERE (${first}, ${second}) IN (
  SELECT r.${first}, r.${second} FROM json_each(?1) CROSS JOIN ${table} AS r ON r.${author} = value ->> 0 AND r.rkey = value ->> 1
  WHERE (r.cid, r.indexed) IS NOT (value ->> 3, value ->> 4))`;

/** Puts records that are kept whole, under a key of two columns (`a, b`). */
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
  /** Statements over the rows of `Gone`, for those that count. */
  remove: string[];
  /** The keys of those that count, as of `Indexer`. */
  existing: string;
}

export function unique({ collection, remove, existing }: Unique) {
  // Runs first: where a row goes, the triggers put in its place one that waits, even if that is gone as well.
  const removeDuplicates = `DELETE FROM duplicate WHERE (actor, collection, rkey) IN (
  SELECT value ->> 0, '${collection}', value ->> 1 FROM json_each(?1))`;
  return {
    collection,
    remove(db, gone) {
      const rows = gone.map(goneRow);
      return [removeDuplicates, ...remove].flatMap((sql) => overRows(db, sql, rows));
    },
    existing: `${existing}
    UNION ALL SELECT rkey FROM duplicate WHERE actor = ?1 AND collection = '${collection}'`,
  } satisfies Partial<Indexer>;
}
