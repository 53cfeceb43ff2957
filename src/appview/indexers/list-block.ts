/** app.bsky.graph.listblock → list_block: everyone on a moderation list, blocked at once. */
import { mainSchema } from "@atcute/bluesky/types/app/graph/listblock";
import { textOf } from "../json.ts";
import { columns, overRows } from "../statements.ts";
import { LIST_BLOCK } from "../uris.ts";
import { goneRow, type Indexer } from "./indexer.ts";

const INSERT = `INSERT INTO list_block (actor, list, rkey, cid, sort, indexed, record)
  SELECT ${columns("actor", "list", "rkey", "cid", "sort", "indexed", "record")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (actor, list) DO NOTHING`;

const REMOVE = `DELETE FROM list_block WHERE (actor, list) IN (
  SELECT b.actor, b.list FROM json_each(?1) CROSS JOIN list_block AS b ON b.actor = value ->> 0 AND b.rkey = value ->> 1
  WHERE (b.cid, b.indexed) IS NOT (value ->> 3, value ->> 4))`;

const REMOVE_DUPLICATE = `DELETE FROM duplicate WHERE (actor, collection, rkey) IN (
  SELECT value ->> 0, '${LIST_BLOCK}', value ->> 1 FROM json_each(?1))`;

export const listBlock: Indexer = {
  collection: LIST_BLOCK,
  schema: mainSchema,
  remove(db, gone) {
    const rows = gone.map(goneRow);
    return [...overRows(db, REMOVE_DUPLICATE, rows), ...overRows(db, REMOVE, rows)];
  },
  put: (db, puts) =>
    overRows(
      db,
      INSERT,
      puts.map(({ did, record, rkey, cid, sort, indexed }) => [
        did,
        textOf(record.subject) ?? "",
        rkey,
        cid,
        sort,
        indexed,
        JSON.stringify(record),
      ]),
    ),
  existing: `SELECT rkey FROM list_block WHERE actor = ?1
    UNION ALL SELECT rkey FROM duplicate WHERE actor = ?1 AND collection = '${LIST_BLOCK}'`,
};
