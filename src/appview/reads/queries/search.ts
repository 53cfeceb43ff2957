/** Accounts by the beginnings of the words of their names. */
import type { Did } from "@atcute/lexicons";
import { wordsOf } from "../../folding.ts";

/** How many of the best matches are ranked by followers: a search finds no more. */
const CANDIDATES = 100;
const WORDS = 10;

/**
 * An FTS5 query: every word's beginning, where characters without spaces between them are one word. Empty when
 * the text has no word.
 */
export function prefixQuery(text: string): string {
  return text
    .split(/\s+/)
    .map(wordsOf)
    .filter((words) => words.length > 0)
    .slice(0, WORDS)
    .map((words) => `"${words.slice(0, WORDS).join(" ")}" *`)
    .join(" ");
}

/** ?1 the query, ?2 the text itself, ?3 rows, ?4 rows to skip. The account with exactly that handle or DID comes first. */
const BY_NAME = `SELECT a.did, a.known FROM (
    SELECT did FROM (SELECT did FROM actor_search WHERE actor_search MATCH ?1 ORDER BY rank LIMIT ${CANDIDATES})
    UNION SELECT did FROM actor WHERE handle = ?2 UNION SELECT did FROM actor WHERE did = ?2) AS s
  JOIN actor AS a ON a.did = s.did AND a.known IS NOT NULL
  ORDER BY a.handle IS ?2 OR a.did = ?2 DESC, a.followers DESC, a.known DESC, a.did LIMIT ?3 OFFSET ?4`;

/** The newest members: ?1 and ?2 cursor, ?3 rows. */
const NEWEST = `SELECT did, known FROM actor INDEXED BY actor_newest
  WHERE known IS NOT NULL AND handle IS NOT NULL AND home IS NULL AND (known, did) < (?1, ?2) ORDER BY known DESC, did DESC LIMIT ?3`;

export interface FoundActor {
  did: Did;
  known: number;
}

/** Where a page begins: after a number of accounts (by name), or after an account (the newest first). */
export type ActorCursor = { offset: number } | { known: number; did: string };

/** Whether a text has something to search names by. */
export const hasWords = (text: string): boolean => prefixQuery(text) !== "";

/** One row more than the limit if there are more. */
export function selectActorsByName(
  db: D1Database,
  text: string,
  cursor: ActorCursor,
  limit: number,
): D1PreparedStatement {
  return "offset" in cursor
    ? db.prepare(BY_NAME).bind(prefixQuery(text), text.toLowerCase(), limit + 1, cursor.offset)
    : db.prepare(NEWEST).bind(cursor.known, cursor.did, limit + 1);
}
