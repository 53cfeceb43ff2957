/** app.bsky.graph.follow → follow, notification. Counts and duplicates are the triggers'. */
import { mainSchema } from "@atcute/bluesky/types/app/graph/follow";
import { at, textOf } from "../json.ts";
import { columns, overRows } from "../statements.ts";
import { FOLLOW } from "../uris.ts";
import { goneRow, type Indexer, type Put } from "./indexer.ts";
import { surplus } from "./interaction.ts";

const INSERT = `INSERT INTO follow (actor, subject, rkey, cid, sort, indexed, created, via, via_cid, record)
  SELECT ${columns("actor", "subject", "rkey", "cid", "sort", "indexed", "created", "via", "via_cid", "record")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (actor, subject) DO NOTHING`;

const NOTIFY = `INSERT INTO notification (did, sort, uri, reason, subject, author, indexed)
  SELECT f.subject, f.sort, value ->> 0, 'follow', NULL, f.actor, f.indexed
  FROM json_each(?1) CROSS JOIN follow AS f ON f.actor = value ->> 1 AND f.subject = value ->> 2 AND f.rkey = value ->> 3
  WHERE true
  ON CONFLICT DO NOTHING`;

const REMOVE = `DELETE FROM follow WHERE (actor, subject) IN (
  SELECT f.actor, f.subject FROM json_each(?1) CROSS JOIN follow AS f ON f.actor = value ->> 0 AND f.rkey = value ->> 1
  WHERE (f.cid, f.indexed) IS NOT (value ->> 3, value ->> 4))`;
const REMOVE_DUPLICATE = `DELETE FROM duplicate WHERE (actor, collection, rkey) IN (
  SELECT value ->> 0, '${FOLLOW}', value ->> 1 FROM json_each(?1))`;

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
  collection: FOLLOW,
  schema: mainSchema,
  remove(db, gone) {
    const rows = gone.map(goneRow);
    return [...overRows(db, REMOVE_DUPLICATE, rows), ...overRows(db, REMOVE, rows)];
  },
  put: (db, puts) => [
    ...overRows(db, INSERT, puts.map(followRow)),
    ...overRows(
      db,
      NOTIFY,
      puts.map(({ uri, did, record, rkey }) => [uri, did, textOf(record.subject) ?? "", rkey]),
    ),
  ],
  existing: `SELECT rkey FROM follow WHERE actor = ?1
    UNION ALL SELECT rkey FROM duplicate WHERE actor = ?1 AND collection = '${FOLLOW}'`,
};
