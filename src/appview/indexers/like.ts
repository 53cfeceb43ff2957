/** app.bsky.feed.like → like, notifications. Counts and duplicates are the triggers'. */
import { mainSchema } from "@atcute/bluesky/types/app/feed/like";
import { columns, overRows } from "../statements.ts";
import { LIKE } from "../uris.ts";
import { goneRow, type Indexer } from "./indexer.ts";
import { interactionNotices, interactionRow } from "./interaction.ts";

const INSERT = `INSERT INTO "like" (subject, actor, rkey, cid, sort, indexed, subject_cid, created, via, via_cid, record)
  SELECT ${columns("subject", "actor", "rkey", "cid", "sort", "indexed", "subject_cid", "created", "via", "via_cid", "record")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (subject, actor) DO NOTHING`;

/** Only for the like that counts, not for one that waits as a duplicate. */
const NOTIFY = `INSERT INTO notification (did, sort, uri, reason, subject, author, indexed)
  SELECT value ->> 0, l.sort, value ->> 1, value ->> 2, value ->> 3, l.actor, l.indexed
  FROM json_each(?1) CROSS JOIN "like" AS l
    ON l.subject = value ->> 4 AND l.actor = value ->> 5 AND l.rkey = value ->> 6
  WHERE true
  ON CONFLICT DO NOTHING`;

const REMOVE = `DELETE FROM "like" WHERE (subject, actor) IN (
  SELECT l.subject, l.actor FROM json_each(?1) CROSS JOIN "like" AS l ON l.actor = value ->> 0 AND l.rkey = value ->> 1
  WHERE (l.cid, l.indexed) IS NOT (value ->> 3, value ->> 4))`;
const REMOVE_DUPLICATE = `DELETE FROM duplicate WHERE (actor, collection, rkey) IN (
  SELECT value ->> 0, '${LIKE}', value ->> 1 FROM json_each(?1))`;

export const like: Indexer = {
  collection: LIKE,
  schema: mainSchema,
  remove(db, gone) {
    const rows = gone.map(goneRow);
    return [...overRows(db, REMOVE_DUPLICATE, rows), ...overRows(db, REMOVE, rows)];
  },
  put: (db, puts) => [
    ...overRows(db, INSERT, puts.map(interactionRow)),
    ...overRows(
      db,
      NOTIFY,
      puts.flatMap((put) => interactionNotices(put, "like", "like-via-repost")),
    ),
  ],
  existing: `SELECT rkey FROM "like" WHERE actor = ?1
    UNION ALL SELECT rkey FROM duplicate WHERE actor = ?1 AND collection = '${LIKE}'`,
};
