/** Display names of many accounts: by DID, or by the beginnings of the words of a name. */
import { prefixQuery } from "./search.ts";

export interface NamedRow {
  did: string;
  name: string | null;
  /** CID of the picture. */
  picture: string | null;
  posts: number;
  followers: number;
  /** When they last wrote a post or a follow (ms); null: never. */
  written: number | null;
}

const COLUMNS = `a.did, a.profile ->> 'displayName' AS name, a.profile ->> '$.avatar.ref."$link"' AS picture,
  a.posts, a.followers, a.written`;

export const selectNames = (db: D1Database, dids: readonly string[]): D1PreparedStatement =>
  db
    .prepare(`SELECT ${COLUMNS} FROM json_each(?1) AS wanted JOIN actor AS a ON a.did = wanted.value`)
    .bind(JSON.stringify(dids));

/** The newest; ranked, a word that thousands have would cost as many. Null if the text has no word to search by. */
export function selectNamedLike(db: D1Database, text: string, limit: number): D1PreparedStatement | null {
  const query = prefixQuery(text);
  if (query === "") return null;
  return db
    .prepare(
      `SELECT ${COLUMNS} FROM (SELECT did FROM actor_search WHERE actor_search MATCH ?1 ORDER BY rowid DESC LIMIT ?2) AS s
        JOIN actor AS a ON a.did = s.did`,
    )
    .bind(query, limit);
}
