/**
 * app.bsky.actor.profile/self → the actor's row and its search entry; notifies the creator of the starter
 * pack through which the actor joined.
 */
import { mainSchema } from "@atcute/bluesky/types/app/actor/profile";
import { slotOf } from "../../hashes.ts";
import { at, textOf } from "../../../protocol/json.ts";
import { columns, overRows } from "../statements.ts";
import { PROFILE, didOf } from "../../uris.ts";
import { goneRow, type Indexer } from "./indexer.ts";

const UPSERT = `INSERT INTO actor (did, profile, profile_cid, profile_sort, profile_indexed, joined_via)
  SELECT ${columns("did", "profile", "profile_cid", "profile_sort", "profile_indexed", "joined_via")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (did) DO UPDATE SET
    profile = excluded.profile, profile_cid = excluded.profile_cid, profile_sort = excluded.profile_sort,
    profile_indexed = excluded.profile_indexed, joined_via = excluded.joined_via
  WHERE (profile_cid, profile_indexed) IS NOT (excluded.profile_cid, excluded.profile_indexed)`;

const REMOVE = `UPDATE actor SET profile = NULL, profile_cid = NULL, profile_sort = NULL, profile_indexed = NULL,
    joined_via = NULL
  WHERE did IN (SELECT value ->> 0 FROM json_each(?1) WHERE value ->> 3 IS NULL)`;

const NOTIFY = `INSERT INTO notification (did, sort, uri, reason, subject, author, indexed)
  SELECT ${columns("did", "sort", "uri", "reason", "subject", "author", "indexed")}
  FROM json_each(?1) WHERE true
  ON CONFLICT DO NOTHING`;

/** Rows: slot, did. Copies the actor's current handle and name. */
const SEARCH = `INSERT OR REPLACE INTO actor_search (rowid, handle, name, did)
  SELECT value ->> 0, coalesce(actor.handle, ''), coalesce(actor.profile ->> 'displayName', ''), actor.did
  FROM json_each(?1) CROSS JOIN actor ON actor.did = value ->> 1`;

export const refreshSearch = (db: D1Database, dids: string[]) =>
  overRows(
    db,
    SEARCH,
    dids.map((did) => [slotOf(did), did]),
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
        ]),
      ),
      ...refreshSearch(
        db,
        puts.map(({ did }) => did),
      ),
      ...overRows(db, NOTIFY, joined),
    ];
  },
  existing: `SELECT 'self' AS rkey FROM actor WHERE did = ?1 AND profile IS NOT NULL`,
};
