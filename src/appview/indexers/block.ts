/** app.bsky.graph.block → block. */
import { mainSchema } from "@atcute/bluesky/types/app/graph/block";
import { textOf } from "../json.ts";
import { overRows } from "../statements.ts";
import { BLOCK } from "../uris.ts";
import type { Indexer } from "./indexer.ts";
import { WHOLE_COLUMNS, insertUnique, unique, wholeRow } from "./unique.ts";

const INSERT = insertUnique("block", `actor, subject, ${WHOLE_COLUMNS}`);

const REMOVE = `DELETE FROM block WHERE (actor, subject) IN (
  SELECT b.actor, b.subject FROM json_each(?1) CROSS JOIN block AS b ON b.actor = value ->> 0 AND b.rkey = value ->> 1
  WHERE (b.cid, b.indexed) IS NOT (value ->> 3, value ->> 4))`;

export const block: Indexer = {
  ...unique({
    collection: BLOCK,
    remove: [REMOVE],
    existing: `SELECT rkey FROM block WHERE actor = ?1`,
  }),
  schema: mainSchema,
  put: (db, puts) =>
    overRows(
      db,
      INSERT,
      puts.map((put) => [put.did, textOf(put.record.subject) ?? "", ...wholeRow(put)]),
    ),
};
