/**
 * app.bsky.actor.profile/self → the actor's row and its search entry; notifies the creator of the starter
 * pack through which the actor joined.
 */
import { mainSchema } from "@atcute/bluesky/types/app/actor/profile";
import { tokenizable } from "../../folding.ts";
import { at, textOf } from "../../../protocol/json.ts";
import { columns, livesHere, overRows } from "../statements.ts";
import { PROFILE, didOf } from "../../uris.ts";
import { goneRow, type Indexer } from "./indexer.ts";

const UPSERT = `INSERT INTO actor (did, profile, profile_cid, profile_sort, profile_indexed, joined_via, name)
  SELECT ${columns("did", "profile", "profile_cid", "profile_sort", "profile_indexed", "joined_via", "name")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (did) DO UPDATE SET
    profile = excluded.profile, profile_cid = excluded.profile_cid, profile_sort = excluded.profile_sort,
    profile_indexed = excluded.profile_indexed, joined_via = excluded.joined_via, name = excluded.name
  WHERE (profile, profile_cid, profile_sort, profile_indexed, joined_via, name) IS NOT (excluded.profile,
    excluded.profile_cid, excluded.profile_sort, excluded.profile_indexed, excluded.joined_via, excluded.name)`;

const REMOVE = `UPDATE actor SET profile = NULL, profile_cid = NULL, profile_sort = NULL, profile_indexed = NULL,
    joined_via = NULL, name = NULL
  WHERE did IN (SELECT value ->> 0 FROM json_each(?1) WHERE value ->> 3 IS NULL)`;

const NOTIFY = `INSERT INTO notification (did, sort, uri, reason, subject, author, indexed)
  SELECT ${columns("did", "sort", "uri", "reason", "subject", "author", "indexed")}
  FROM json_each(?1) WHERE ${livesHere("value ->> 0")}
  ON CONFLICT DO NOTHING`;

/** Numbers accounts for the search as they come: no number is ever another's. */
const SEAT = `UPDATE actor SET slot = free.slot
  FROM (
    SELECT did, row_number() OVER (ORDER BY did)
      + coalesce((SELECT rowid FROM actor_search ORDER BY rowid DESC LIMIT 1), 0) AS slot
    FROM json_each(?1) CROSS JOIN actor ON did = value ->> 0 WHERE actor.slot IS NULL) AS free
  WHERE actor.did = free.did`;

/** Copies the account's current handle and name. */
const SEARCH = `INSERT OR REPLACE INTO actor_search (rowid, handle, name, did)
  SELECT slot, coalesce(handle, ''), coalesce(name, profile ->> 'displayName', ''), did
  FROM json_each(?1) CROSS JOIN actor ON did = value ->> 0`;

export const refreshSearch = (db: D1Database, dids: string[]) =>
  overRows(
    db,
    [SEAT, SEARCH],
    dids.map((did) => [did]),
  );

export const profile: Indexer = {
  collection: PROFILE,
  schema: mainSchema,
  accepts: ({ rkey }) => rkey === "self",
  remove(db, gone) {
    const selves = gone.filter(({ rkey }) => rkey === "self");
    const removed = selves.filter(({ keep }) => keep === null).map(({ did }) => did);
    return [...overRows(db, REMOVE, selves.map(goneRow)), ...refreshSearch(db, removed)];
  },
  put(db, puts) {
    const joined = puts.flatMap((put) => {
      const pack = textOf(at(put.record, "joinedViaStarterPack", "uri"));
      return pack === undefined || !put.fresh
        ? []
        : [[didOf(pack), put.sort, put.uri, "starterpack-joined", pack, put.did, put.indexed] as const];
    });
    return [
      ...overRows(
        db,
        UPSERT,
        puts.map(({ did, record, cid, sort, indexed }) => [
          did,
          JSON.stringify(record),
          cid,
          sort,
          indexed,
          textOf(at(record, "joinedViaStarterPack", "uri")) ?? null,
          tokenizable(textOf(record.displayName) ?? ""),
        ]),
      ),
      ...refreshSearch(
        db,
        puts.map(({ did }) => did),
      ),
      ...overRows(db, NOTIFY, joined),
    ];
  },
  existing: `SELECT 'self' AS rkey, profile_cid AS cid, profile_indexed AS indexed FROM actor
    WHERE did = ?1 AND profile IS NOT NULL`,
};
