/** app.bsky.graph.follow → follow, notification. Triggers maintain counts and duplicates. */
import { mainSchema } from "@atcute/bluesky/types/app/graph/follow";
import { at, textOf } from "../../../protocol/json.ts";
import { livesHere, overRows } from "../statements.ts";
import { FOLLOW } from "../../uris.ts";
import type { Indexer, Put } from "./indexer.ts";
import { surplus } from "./interaction.ts";
import { insertUnique, removeUnique, unique } from "./unique.ts";

const INSERT = insertUnique(
  "follow",
  "actor, subject, rkey, cid, sort, indexed, created, via, via_cid, record",
);

const NOTIFY = `INSERT INTO notification (did, sort, uri, reason, subject, author, indexed)
  SELECT f.subject, f.sort, value ->> 0, 'follow', NULL, f.actor, f.indexed
  FROM json_each(?1) CROSS JOIN follow AS f ON f.actor = value ->> 1 AND f.subject = value ->> 2 AND f.rkey = value ->> 3
  WHERE ${livesHere("f.subject")}
  ON CONFLICT DO NOTHING`;

const followRow = ({ did, rkey, cid, sort, indexed, record }: Put) =>
  [
    did,
    textOf(record.subject) ?? "",
    rkey,
    cid,
    sort,
    indexed,
    textOf(record.createdAt) ?? "",
    textOf(at(record, "via", "uri")) ?? null,
    textOf(at(record, "via", "cid")) ?? null,
    surplus(record),
  ] as const;

export const follow: Indexer = {
  ...unique({
    collection: FOLLOW,
    remove: [removeUnique("follow", "actor", "subject")],
    existing: `SELECT rkey, cid, indexed FROM follow WHERE actor = ?1`,
  }),
  schema: mainSchema,
  put: (db, puts) => [
    ...overRows(db, INSERT, puts.map(followRow)),
    ...overRows(
      db,
      NOTIFY,
      puts.map(({ uri, did, record, rkey }) => [uri, did, textOf(record.subject) ?? "", rkey]),
    ),
  ],
};
