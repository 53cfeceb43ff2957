/** app.bsky.graph.verification → verification, notification. It counts while its issuer is a trusted verifier. */
import { mainSchema } from "@atcute/bluesky/types/app/graph/verification";
import { textOf } from "../json.ts";
import { columns, overRows } from "../statements.ts";
import { VERIFICATION } from "../uris.ts";
import { goneRow, type Indexer, type Put } from "./indexer.ts";

const INSERT = `INSERT INTO verification (subject, issuer, rkey, cid, sort, indexed, handle, display_name, record)
  SELECT ${columns("subject", "issuer", "rkey", "cid", "sort", "indexed", "handle", "display_name", "record")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (subject, issuer) DO NOTHING`;

const NOTIFY = `INSERT INTO notification (did, sort, uri, reason, subject, author, indexed)
  SELECT value ->> 0, value ->> 4, 'at://' || (value ->> 1) || '/${VERIFICATION}/' || (value ->> 2), 'verified', NULL,
    value ->> 1, value ->> 5
  FROM json_each(?1) WHERE true
  ON CONFLICT DO NOTHING`;

const FOUND = `FROM json_each(?1) CROSS JOIN verification AS v ON v.issuer = value ->> 0 AND v.rkey = value ->> 1
  WHERE (v.cid, v.indexed) IS NOT (value ->> 3, value ->> 4)`;
const REMOVE = `DELETE FROM verification WHERE (subject, issuer) IN (SELECT v.subject, v.issuer ${FOUND})`;

const REMOVE_DUPLICATE = `DELETE FROM duplicate WHERE (actor, collection, rkey) IN (
  SELECT value ->> 0, '${VERIFICATION}', value ->> 1 FROM json_each(?1))`;
/** Told at once, and by nothing that remains: a rebuild forgets it. */
const NOTIFY_GONE = `INSERT INTO notification (did, sort, uri, reason, subject, author, indexed)
  SELECT v.subject, t.now, 'at://' || v.issuer || '/${VERIFICATION}/' || v.rkey, 'unverified', NULL, v.issuer, t.now
  FROM (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now) AS t CROSS JOIN json_each(?1)
    CROSS JOIN verification AS v ON v.issuer = value ->> 0 AND v.rkey = value ->> 1
  WHERE value ->> 3 IS NULL
  ON CONFLICT DO NOTHING`;

const row = ({ did, record, rkey, cid, sort, indexed }: Put) => [
  textOf(record.subject) ?? "",
  did,
  rkey,
  cid,
  sort,
  indexed,
  textOf(record.handle) ?? "",
  textOf(record.displayName) ?? "",
  JSON.stringify(record),
];

export const verification: Indexer = {
  collection: VERIFICATION,
  schema: mainSchema,
  // A table of a few rows, made by a few verifiers: scanned, not keyed, when one is withdrawn.
  remove(db, gone) {
    const rows = gone.map(goneRow);
    return [REMOVE_DUPLICATE, NOTIFY_GONE, REMOVE].flatMap((sql) => overRows(db, sql, rows));
  },
  put: (db, puts) => [...overRows(db, INSERT, puts.map(row)), ...overRows(db, NOTIFY, puts.map(row))],
  existing: `SELECT rkey FROM verification WHERE issuer = ?1
    UNION ALL SELECT rkey FROM duplicate WHERE actor = ?1 AND collection = '${VERIFICATION}'`,
};
