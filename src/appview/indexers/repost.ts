/** app.bsky.feed.repost → repost, notifications. Feed entry, count and duplicates are the triggers'. */
import { mainSchema } from "@atcute/bluesky/types/app/feed/repost";
import { columns, overRows } from "../statements.ts";
import { REPOST } from "../uris.ts";
import { goneRow, type Indexer } from "./indexer.ts";
import { interactionNotices, interactionRow } from "./interaction.ts";

const INSERT = `INSERT INTO repost (subject, actor, rkey, cid, sort, indexed, subject_cid, created, via, via_cid, record)
  SELECT ${columns("subject", "actor", "rkey", "cid", "sort", "indexed", "subject_cid", "created", "via", "via_cid", "record")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (subject, actor) DO NOTHING`;

const NOTIFY = `INSERT INTO notification (did, sort, uri, reason, subject, author, indexed)
  SELECT value ->> 0, r.sort, value ->> 1, value ->> 2, value ->> 3, r.actor, r.indexed
  FROM json_each(?1) CROSS JOIN repost AS r
    ON r.subject = value ->> 4 AND r.actor = value ->> 5 AND r.rkey = value ->> 6
  WHERE true
  ON CONFLICT DO NOTHING`;

/** A repost is found by its feed entry: scanning one actor's is cheaper than a key more for every repost. */
const REMOVE = `DELETE FROM repost WHERE (subject, actor) IN (
  SELECT r.subject, r.actor
  FROM json_each(?1)
    CROSS JOIN feed_item AS i ON i.actor = value ->> 0 AND i.rkey = value ->> 1 AND i.subject IS NOT NULL
    JOIN repost AS r ON r.subject = i.subject AND r.actor = i.actor AND r.rkey = i.rkey
  WHERE (r.cid, r.indexed) IS NOT (value ->> 3, value ->> 4))`;
const REMOVE_DUPLICATE = `DELETE FROM duplicate WHERE (actor, collection, rkey) IN (
  SELECT value ->> 0, '${REPOST}', value ->> 1 FROM json_each(?1))`;

export const repost: Indexer = {
  collection: REPOST,
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
      puts.flatMap((put) => interactionNotices(put, "repost", "repost-via-repost")),
    ),
  ],
  existing: `SELECT rkey FROM feed_item WHERE actor = ?1 AND subject IS NOT NULL
    UNION ALL SELECT rkey FROM duplicate WHERE actor = ?1 AND collection = '${REPOST}'`,
};
