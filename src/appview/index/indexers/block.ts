/** app.bsky.graph.block → block. */
import { mainSchema } from "@atcute/bluesky/types/app/graph/block";
import { textOf } from "../../../protocol/json.ts";
import { BLOCK } from "../../uris.ts";
import type { Indexer } from "./indexer.ts";
import { putWhole, removeUnique, unique } from "./unique.ts";

export const block: Indexer = {
  ...unique({
    collection: BLOCK,
    remove: [removeUnique("block", "actor", "subject")],
    existing: `SELECT rkey, cid, indexed FROM block WHERE actor = ?1`,
  }),
  schema: mainSchema,
  put: putWhole("block", "actor, subject", ({ did, record }) => [did, textOf(record.subject) ?? ""]),
};
