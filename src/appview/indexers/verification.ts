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
  remove: (db, gone) => overRows(db, REMOVE, gone.map(goneRow)),
  put: (db, puts) => [...overRows(db, INSERT, puts.map(row)), ...overRows(db, NOTIFY, puts.map(row))],
  existing: `SELECT rkey FROM verification WHERE issuer = ?1`,
};
