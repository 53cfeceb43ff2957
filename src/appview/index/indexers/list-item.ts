/** app.bsky.graph.listitem → list_item: members of a list, added by its owner. */
import { mainSchema } from "@atcute/bluesky/types/app/graph/listitem";
import { textOf } from "../../../protocol/json.ts";
import { LIST_ITEM, didOf } from "../../uris.ts";
import type { Indexer } from "./indexer.ts";
import { putWhole, unique } from "./unique.ts";

/** An item is only in lists of its own author, so only those are searched. */
const REMOVE = `DELETE FROM list_item WHERE (list, subject) IN (
  SELECT i.list, i.subject FROM json_each(?1) CROSS JOIN list_item AS i
    ON i.list > 'at://' || (value ->> 0) || '/' AND i.list < 'at://' || (value ->> 0) || '0' AND i.rkey = value ->> 1
  WHERE (i.cid, i.indexed) IS NOT (value ->> 3, value ->> 4))`;

export const listItem: Indexer = {
  ...unique({
    collection: LIST_ITEM,
    remove: [REMOVE],
    existing: `SELECT rkey FROM list_item WHERE list > 'at://' || ?1 || '/' AND list < 'at://' || ?1 || '0'`,
  }),
  schema: mainSchema,
  accepts: ({ did, record }) => didOf(textOf(record.list) ?? "") === did,
  put: putWhole("list_item", "list, subject", ({ record }) => [
    textOf(record.list) ?? "",
    textOf(record.subject) ?? "",
  ]),
};
