/** Finds posts by their text, with everything that their views need, in one trip. */
import type { Did } from "@atcute/lexicons";
import { FIRST_INSTANT, LAST_INSTANT, firstRowOf, sortOfRow, tieOfRow } from "../../search-rows.ts";
import type { MatchPiece } from "../match-expression.ts";
import type { PostRow } from "./posts.ts";
import { CLOSURE } from "./posts.ts";

export interface PostSearch {
  /** An FTS5 expression; null: any post. */
  match: readonly MatchPiece[] | null;
  /** Milliseconds: from `since` (inclusive) to `until` (exclusive). */
  since?: number | undefined;
  until?: number | undefined;
  /** Whether the best come first instead of the newest. */
  top: boolean;
  /** How many of the newest matches are ranked, if not the usual number. */
  ranked?: number | undefined;
  /** Only authors that this account follows, which the full-text index does not cover. */
  followedBy?: Did | undefined;
}

/** Where a page begins: after a post (newest first), or after a number of posts (best first). */
export type SearchCursor = { sort: number; tie: number } | { offset: number };

/** How many of the newest matches are ranked. */
const RANKED = 500;
/** How many of the newest matches are looked at for those by followed authors, for one page. */
const LOOKED_AT = 1000;

export const scoreOf = ({ likes, reposts, quotes, replies }: PostRow): number =>
  likes + 2 * reposts + 2 * quotes + replies;
const SCORE = "(p.likes + 2 * p.reposts + 2 * p.quotes + p.replies)";

/** Collects bound values; `add` returns each one's placeholder. */
class Values {
  readonly list: (string | number)[] = [];

  add(value: string | number): string {
    this.list.push(value);
    // D1 binds every number as a real; row numbers must be integers.
    return typeof value === "number" ? `CAST(?${this.list.length} AS INTEGER)` : `?${this.list.length}`;
  }
}

/**
 * How many words with one beginning are looked up one by one. Beyond that, FTS5's own prefix search is used.
 */
const BEGUN = 64;

/**
 * An SQL expression for an FTS5 expression: the existing phrases whose last word begins with `beginning`,
 * joined by OR. FTS5's own prefix search gathers all entries of all such words before it returns the first.
 * It reads entries of whole words on demand, which for a common word is a tenth of the work.
 */
function begun({ before, beginning }: Exclude<MatchPiece, string>, values: Values): string {
  const [start, word] = [values.add(before), values.add(beginning)];
  const begins = `substr(term, 1, length(${word})) = ${word}`;
  const next = (from: string) => `(SELECT term FROM post_word WHERE term >= ${from} LIMIT 1)`;
  return `(WITH RECURSIVE begun (term) AS (
      SELECT ${next(word)}
      UNION ALL
      SELECT ${next("begun.term || char(1)")} FROM begun WHERE ${begins} LIMIT ${BEGUN + 2})
    SELECT CASE
        WHEN count(*) > ${BEGUN} THEN '"' || ${start} || ${word} || '" *'
        WHEN count(*) = 0 THEN '"' || ${start} || ${word} || '"'
        ELSE '(' || group_concat('"' || ${start} || term || '"', ' OR ') || ')' END
      FROM begun WHERE ${begins})`;
}

/** How many words of one search are looked up. Each binds values, and a statement takes a hundred. */
const LOOKED_UP = 8;

/** An SQL expression for an FTS5 expression. */
function matchOf(pieces: readonly MatchPiece[], values: Values): string {
  const terms: string[] = [];
  let text = "";
  let lookedUp = 0;
  for (const piece of pieces) {
    if (typeof piece === "string") text += piece;
    else if (++lookedUp > LOOKED_UP) text += `"${piece.before}${piece.beginning}" *`;
    else {
      terms.push(values.add(text), begun(piece, values));
      text = "";
    }
  }
  return [...terms, values.add(text)].join(" || ");
}

/** The matches before a place, newest first: their conditions on `post_search`. */
function conditionsOf(search: PostSearch, cursor: SearchCursor, values: Values): string {
  const row = (instant: number) =>
    firstRowOf(values.add(Math.min(Math.max(instant, FIRST_INSTANT), LAST_INSTANT)));
  const conditions = [
    search.match === null ? "" : `post_search MATCH (${matchOf(search.match, values)})`,
    search.since === undefined ? "" : `post_search.rowid >= ${row(search.since)}`,
    search.until === undefined ? "" : `post_search.rowid < ${row(search.until)}`,
    "sort" in cursor ? `post_search.rowid < ${row(cursor.sort)} + ${values.add(cursor.tie)}` : "",
  ].filter((condition) => condition !== "");
  return conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
}

/**
 * Selects a page of posts and one more, marked `asked`, in no particular order, with the posts that they
 * refer to. A second statement, for a search that filters matches by their authors, selects how far down it
 * looked: a `SearchedRow`, or none if it looked at all.
 */
export function selectFoundPosts(
  db: D1Database,
  search: PostSearch,
  cursor: SearchCursor,
  limit: number,
): D1PreparedStatement[] {
  const values = new Values();
  const where = conditionsOf(search, cursor, values);
  const matches = (count: string) =>
    `SELECT post_search.rowid AS place, post_search.uri AS uri FROM post_search ${where}
      ORDER BY post_search.rowid DESC LIMIT ${count}`;
  const { followedBy } = search;
  const wanted = values.add(limit + 1);
  const newest = (count: string) =>
    followedBy === undefined
      ? matches(count)
      : `SELECT m.place, m.uri FROM (${matches(String(LOOKED_AT))}) AS m CROSS JOIN post AS p ON p.uri = m.uri
          CROSS JOIN follow AS f ON f.actor = ${values.add(followedBy)} AND f.subject = p.author
          ORDER BY m.place DESC LIMIT ${count}`;
  const asked = search.top
    ? `found AS (${newest(String(search.ranked ?? RANKED))}),
      asked (uri) AS (
        SELECT p.uri FROM found CROSS JOIN post AS p ON p.uri = found.uri
        ORDER BY ${SCORE} DESC, p.sort DESC, p.tie DESC
        LIMIT ${wanted} OFFSET ${values.add("offset" in cursor ? cursor.offset : 0)})`
    : `asked (uri) AS (SELECT uri FROM (${newest(wanted)}))`;
  const page = db.prepare(CLOSURE(false, asked)).bind(...values.list);
  return followedBy === undefined || search.top ? [page] : [page, selectDepth(db, search, cursor)];
}

/** The last match that a page of followed authors' posts may have looked at. */
export interface SearchedRow {
  sort: number;
  tie: number;
}

function selectDepth(db: D1Database, search: PostSearch, cursor: SearchCursor): D1PreparedStatement {
  const values = new Values();
  const where = conditionsOf(search, cursor, values);
  return db
    .prepare(
      `SELECT ${sortOfRow("rowid")} AS sort, ${tieOfRow("rowid")} AS tie FROM post_search ${where}
        ORDER BY rowid DESC LIMIT 1 OFFSET ${LOOKED_AT - 1}`,
    )
    .bind(...values.list);
}
