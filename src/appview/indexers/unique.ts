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

/** What follows the key where the record is kept whole. */
export const WHOLE_COLUMNS = "rkey, cid, sort, indexed, record";
export const wholeRow = ({ rkey, cid, sort, indexed, record }: Put) =>
  [rkey, cid, sort, indexed, JSON.stringify(record)] as const;

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
