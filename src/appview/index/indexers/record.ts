/** Collections whose records are stored by URI: lists, gates, generators, packs, labelers. */
import type { BaseSchema } from "@atcute/lexicons/validations";
import { folded } from "../../folding.ts";
import { GENERATOR, STARTER_PACK } from "../../uris.ts";
import { columns, overRows } from "../statements.ts";
import { goneRow, type Indexer, type Put } from "./indexer.ts";

const UPSERT = `INSERT INTO record (uri, did, collection, cid, record, sort, indexed, name)
  SELECT ${columns("uri", "did", "collection", "cid", "record", "sort", "indexed", "name")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (uri) DO UPDATE SET
    cid = excluded.cid, record = excluded.record, sort = excluded.sort, indexed = excluded.indexed,
    name = excluded.name
  WHERE (record.cid, record.record, record.sort, record.indexed, record.name)
    IS NOT (excluded.cid, excluded.record, excluded.sort, excluded.indexed, excluded.name)`;

/** An update replaces the row in place and keeps its counts; only a removed record is deleted. */
const REMOVE = `DELETE FROM record WHERE uri IN (SELECT value ->> 2 FROM json_each(?1) WHERE value ->> 3 IS NULL)`;

/** A feed's or starter pack's name, as it is searched; other records are not searched by name. */
function nameOf({ collection, record }: Put): string | null {
  const name =
    collection === GENERATOR ? record.displayName : collection === STARTER_PACK ? record.name : null;
  return typeof name === "string" ? folded(name) : null;
}

const recordRow = (put: Put) => {
  const { uri, did, collection, cid, record, sort, indexed } = put;
  return [uri, did, collection, cid, JSON.stringify(record), sort, indexed, nameOf(put)] as const;
};

const upsertRecords = (db: D1Database, puts: Put[]) => overRows(db, UPSERT, puts.map(recordRow));

interface Kept {
  accepts?: (put: Put) => boolean;
  limit?: number;
}

export function keptRecord(collection: string, schema: BaseSchema, more: Kept = {}): Indexer {
  return {
    collection,
    schema,
    ...more,
    remove: (db, gone) => overRows(db, REMOVE, gone.map(goneRow)),
    put: upsertRecords,
    existing: `SELECT substr(uri, length(?1) + ${collection.length + 8}) AS rkey, cid, indexed FROM record
      WHERE uri > 'at://' || ?1 || '/${collection}/' AND uri < 'at://' || ?1 || '/${collection}0'`,
  };
}
