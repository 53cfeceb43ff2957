/**
 * The part of a rebuild that concerns accounts of other hosts, whose repos are not here to be read: what the index
 * has of them is derived anew from itself. What it lacks is looked up again when somebody asks for it.
 */
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { Json } from "../../protocol/json.ts";
import { POST, rkeyOf } from "../uris.ts";
import type { Part, Spell } from "./backfill.ts";
import { statementsOf } from "./batch.ts";
import { NO_VERSION, addPut, noChanges } from "./changes.ts";
import type { Put } from "./indexers/indexer.ts";
import { refreshSearch } from "./indexers/profile.ts";

/** Posts per batch. */
const POSTS = 200;

interface PostRow {
  uri: ResourceUri;
  cid: string;
  record: string;
  sort: number;
  indexed: number;
}

/** ?1 the author, ?2 the post after which to begin. */
const NEXT = `SELECT uri, cid, record, sort, indexed FROM post
  WHERE uri > max(?2, 'at://' || ?1 || '/') AND uri < 'at://' || ?1 || '0' ORDER BY uri LIMIT ${POSTS}`;

const putOf = (did: Did, { uri, record, ...row }: PostRow): Put => ({
  ...row,
  uri,
  did,
  collection: POST,
  rkey: rkeyOf(uri),
  record: JSON.parse(record) as Json,
  fresh: false,
  elsewhere: true,
});

/**
 * Derives a part of an account anew. The place of a spell is a post's URI.
 * @returns whether all of it is done
 */
export async function deriveAgain(db: D1Database, did: Did, spell: Spell, part: Part): Promise<boolean> {
  if (!part.collections.has(POST)) {
    await db.batch(refreshSearch(db, [did]));
    return true;
  }
  for (let place = spell.place ?? ""; ;) {
    const { results } = await db.prepare(NEXT).bind(did, place).all<PostRow>();
    const changes = noChanges();
    for (const put of results.map((row) => putOf(did, row))) {
      if (part.accepts?.(put) ?? true) addPut(changes, put, NO_VERSION);
    }
    if (changes.records.size > 0) await db.batch(statementsOf(db, changes));
    const last = results.at(-1);
    if (last === undefined || results.length < POSTS) return true;
    place = last.uri;
    await spell.keep(place);
    if (spell.isOver()) return false;
  }
}
