/** app.bsky.graph.listblock → list_block: everyone on a moderation list, blocked at once. */
import { mainSchema } from "@atcute/bluesky/types/app/graph/listblock";
import { textOf } from "../json.ts";
import { overRows } from "../statements.ts";
import { LIST_BLOCK } from "../uris.ts";
import type { Indexer } from "./indexer.ts";
import { WHOLE_COLUMNS, insertUnique, unique, wholeRow } from "./unique.ts";

const INSERT = insertUnique("list_block", `actor, list, ${WHOLE_COLUMNS}`);

const REMOVE = `DELETE FROM list_block WHERE (actor, list) IN (
  SELECT b.actor, b.list FROM json_each(?1) CROSS JOIN list_block AS b ON b.actor = value ->> 0 AND b.rkey = value ->> 1
  WHERE (b.cid, b.indexed) IS NOT (value ->> 3, value ->> 4))`;

export const listBlock: Indexer = {
  ...unique({
    collection: LIST_BLOCK,
    remove: [REMOVE],
    existing: `SELECT rkey FROM list_block WHERE actor = ?1`,
  }),
  schema: mainSchema,
  put: (db, puts) =>
    overRows(
      db,
      INSERT,
      puts.map((put) => [put.did, textOf(put.record.subject) ?? "", ...wholeRow(put)]),
    ),
};
