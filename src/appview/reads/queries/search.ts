/** Accounts by the beginnings of their names. */
import type { Did } from "@atcute/lexicons";

/** How many of the best matches are ranked by followers. */
const CANDIDATES = 100;

/** An FTS5 query for every word as a prefix. Empty when the text has no word. */
function prefixQuery(text: string): string {
  const words = text.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
  return words
    .slice(0, 10)
    .map((word) => `"${word}"*`)
    .join(" ");
}

/** ?1 the query, ?2 the text itself, ?3 limit. The account with exactly that handle comes first. */
const BY_NAME = `SELECT a.did FROM (
    SELECT did FROM actor_search WHERE actor_search MATCH ?1 ORDER BY rank LIMIT ${CANDIDATES}) AS s
  JOIN actor AS a ON a.did = s.did AND a.known IS NOT NULL
  ORDER BY a.handle = ?2 DESC, a.followers DESC, a.known DESC, a.did LIMIT ?3`;
const NEWEST = `SELECT did FROM actor WHERE known IS NOT NULL AND handle IS NOT NULL
  ORDER BY known DESC, did DESC LIMIT ?1`;

export function selectActorsByName(db: D1Database, text: string, limit: number): D1PreparedStatement {
  const term = text.trim().replace(/^@/, "").toLowerCase();
  const query = prefixQuery(term);
  return query === "" ? db.prepare(NEWEST).bind(limit) : db.prepare(BY_NAME).bind(query, term, limit);
}

export interface FoundActor {
  did: Did;
}
