/** Collections whose records are stored unchanged, by URI: lists, gates, generators, packs, labelers. */
import type { BaseSchema } from "@atcute/lexicons/validations";
import { columns, overRows } from "../statements.ts";
import { goneRow, type Indexer, type Put } from "./indexer.ts";

const UPSERT = `INSERT INTO record (uri, did, collection, cid, record, sort, indexed)
  SELECT ${columns("uri", "did", "collection", "cid", "record", "sort", "indexed")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (uri) DO UPDATE SET
    cid = excluded.cid, record = excluded.record, sort = excluded.sort, indexed = excluded.indexed
  WHERE (record.cid, record.indexed) <> (excluded.cid, excluded.indexed)`;

/** An update replaces the row in place and keeps its counts; only a removed record is deleted. */
const REMOVE = `DELETE FROM record WHERE uri IN (SELECT value ->> 2 FROM json_each(?1) WHERE value ->> 3 IS NULL)`;

const recordRow = ({ uri, did, collection, cid, record, sort, indexed }: Put) =>
  [uri, did, collection, cid, JSON.stringify(record), sort, indexed] as const;

const upsertRecords = (db: D1Database, puts: Put[]) => overRows(db, UPSERT, puts.map(recordRow));

export function keptRecord(
  collection: string,
  schema: BaseSchema | null,
  accepts: (put: Put) => boolean = () => true,
): Indexer {
  return {
    collection,
    schema,
    accepts,
    remove: (db, gone) => overRows(db, REMOVE, gone.map(goneRow)),
    put: upsertRecords,
    existing: `SELECT substr(uri, length(?1) + ${collection.length + 8}) AS rkey FROM record
      WHERE uri > 'at://' || ?1 || '/${collection}/' AND uri < 'at://' || ?1 || '/${collection}0'`,
  };
}
