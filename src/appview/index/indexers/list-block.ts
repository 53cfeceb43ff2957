/** app.bsky.graph.listblock → list_block: blocks everyone on a moderation list. */
import { mainSchema } from "@atcute/bluesky/types/app/graph/listblock";
import { textOf } from "../../../protocol/json.ts";
import { LIST_BLOCK } from "../../uris.ts";
import type { Indexer } from "./indexer.ts";
import { putWhole, removeUnique, unique } from "./unique.ts";

export const listBlock: Indexer = {
  ...unique({
    collection: LIST_BLOCK,
    remove: [removeUnique("list_block", "actor", "list")],
    existing: `SELECT rkey, cid, indexed FROM list_block WHERE actor = ?1`,
  }),
  schema: mainSchema,
  put: putWhole("list_block", "actor, list", ({ did, record }) => [did, textOf(record.subject) ?? ""]),
};
