/** app.bsky.graph.listitem → list_item: members of a list, put there by its owner. */
import { mainSchema } from "@atcute/bluesky/types/app/graph/listitem";
import { textOf } from "../json.ts";
import { columns, overRows } from "../statements.ts";
import { LIST_ITEM, didOf } from "../uris.ts";
import { goneRow, type Indexer } from "./indexer.ts";

const INSERT = `INSERT INTO list_item (list, subject, rkey, cid, sort, indexed, record)
  SELECT ${columns("list", "subject", "rkey", "cid", "sort", "indexed", "record")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (list, subject) DO NOTHING`;

/** Items stand in lists of their own author only, so his lists are where to look. */
const REMOVE = `DELETE FROM list_item WHERE (list, subject) IN (
  SELECT i.list, i.subject FROM json_each(?1) CROSS JOIN list_item AS i
    ON i.list > 'at://' || (value ->> 0) || '/' AND i.list < 'at://' || (value ->> 0) || '0' AND i.rkey = value ->> 1
  WHERE (i.cid, i.indexed) IS NOT (value ->> 3, value ->> 4))`;

const REMOVE_DUPLICATE = `DELETE FROM duplicate WHERE (actor, collection, rkey) IN (
  SELECT value ->> 0, '${LIST_ITEM}', value ->> 1 FROM json_each(?1))`;

export const listItem: Indexer = {
  collection: LIST_ITEM,
  schema: mainSchema,
  accepts: ({ did, record }) => didOf(textOf(record.list) ?? "") === did,
  remove(db, gone) {
    const rows = gone.map(goneRow);
    return [...overRows(db, REMOVE_DUPLICATE, rows), ...overRows(db, REMOVE, rows)];
  },
  put: (db, puts) =>
    overRows(
      db,
      INSERT,
      puts.map(({ record, rkey, cid, sort, indexed }) => [
        textOf(record.list) ?? "",
        textOf(record.subject) ?? "",
        rkey,
        cid,
        sort,
        indexed,
        JSON.stringify(record),
      ]),
    ),
  existing: `SELECT rkey FROM list_item WHERE list > 'at://' || ?1 || '/' AND list < 'at://' || ?1 || '0'
    UNION ALL SELECT rkey FROM duplicate WHERE actor = ?1 AND collection = '${LIST_ITEM}'`,
};
