/** app.bsky.graph.listitem → list_item: members of a list, added by its owner. */
import { mainSchema } from "@atcute/bluesky/types/app/graph/listitem";
import { textOf } from "../../../protocol/json.ts";
import { LIST_ITEM, didOf } from "../../uris.ts";
import type { Indexer } from "./indexer.ts";
import { WANTED, putWhole, unique } from "./unique.ts";

/** An item is only in lists of its own author, so only those are searched. */
const REMOVE = `${WANTED}
  DELETE FROM list_item WHERE (list, subject) IN (
  SELECT i.list, i.subject FROM author CROSS JOIN list_item AS i
    ON i.list > 'at://' || author.did || '/' AND i.list < 'at://' || author.did || '0'
    CROSS JOIN wanted AS w ON w.did = author.did AND w.rkey = i.rkey
  WHERE (i.cid, i.indexed) IS NOT (w.cid, w.indexed))`;

export const listItem: Indexer = {
  ...unique({
    collection: LIST_ITEM,
    remove: [REMOVE],
    existing: `SELECT rkey, cid, indexed FROM list_item WHERE list > 'at://' || ?1 || '/' AND list < 'at://' || ?1 || '0'`,
  }),
  schema: mainSchema,
  accepts: ({ did, record }) => didOf(textOf(record.list) ?? "") === did,
  put: putWhole("list_item", "list, subject", ({ record }) => [
    textOf(record.list) ?? "",
    textOf(record.subject) ?? "",
  ]),
};
