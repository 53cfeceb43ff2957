/**
 * app.bsky.graph.verification → verification, notification. It counts while its issuer is a trusted verifier.
 */
import { mainSchema } from "@atcute/bluesky/types/app/graph/verification";
import { textOf } from "../../../protocol/json.ts";
import { livesHere, overRows } from "../statements.ts";
import { VERIFICATION } from "../../uris.ts";
import type { Indexer, Put } from "./indexer.ts";
import { insertUnique, removeUnique, unique } from "./unique.ts";

const INSERT = insertUnique(
  "verification",
  "subject, issuer, rkey, cid, sort, indexed, handle, display_name, record",
);

const NOTIFY = `INSERT INTO notification (did, sort, uri, reason, subject, author, indexed)
  SELECT value ->> 0, value ->> 4, 'at://' || (value ->> 1) || '/${VERIFICATION}/' || (value ->> 2), 'verified', NULL,
    value ->> 1, value ->> 5
  FROM json_each(?1) WHERE ${livesHere("value ->> 0")}
  ON CONFLICT DO NOTHING`;

/** Notifies at once. No stored record says that it happened, so a rebuild cannot restore it. */
const NOTIFY_GONE = `INSERT INTO notification (did, sort, uri, reason, subject, author, indexed)
  SELECT v.subject, t.now, 'at://' || v.issuer || '/${VERIFICATION}/' || v.rkey, 'unverified', NULL, v.issuer, t.now
  FROM (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now) AS t CROSS JOIN json_each(?1)
    CROSS JOIN verification AS v ON v.issuer = value ->> 0 AND v.rkey = value ->> 1
  WHERE value ->> 3 IS NULL AND ${livesHere("v.subject")}
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
  // The table has few rows, from a few verifiers: a withdrawal scans it instead of using an index.
  ...unique({
    collection: VERIFICATION,
    remove: [NOTIFY_GONE, removeUnique("verification", "subject", "issuer", "issuer")],
    existing: `SELECT rkey, cid, indexed FROM verification WHERE issuer = ?1`,
  }),
  schema: mainSchema,
  put: (db, puts) => [...overRows(db, INSERT, puts.map(row)), ...overRows(db, NOTIFY, puts.map(row))],
};
