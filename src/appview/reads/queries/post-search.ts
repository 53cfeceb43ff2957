/** Finds posts by their text, with everything that their views need, in one statement. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { HAS_IMAGE, HAS_VIDEO, IS_REPLY } from "../../post-flags.ts";
import type { MatchPiece } from "../search-query.ts";
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
  filters: PostFilters;
}

/** Filters that the full-text index does not cover. */
export interface PostFilters {
  media?: boolean | undefined;
  video?: boolean | undefined;
  replies?: "only" | "none" | undefined;
  parent?: ResourceUri | undefined;
  root?: ResourceUri | undefined;
  /** The post embeds one of `embeds` and none of `embedsNot`. */
  embeds?: readonly string[] | undefined;
  embedsNot?: readonly string[] | undefined;
  /** Only authors that this account follows. */
  followedBy?: Did | undefined;
}

/** Where a page begins: after a post (newest first), or after a number of posts (best first). */
export type SearchCursor = { sort: number; tie: number } | { offset: number };

/** How many of the newest matches are ranked. */
const RANKED = 500;
/** Row numbers of `post_search` are `sort * TIES + tie`. */
const TIES = 2097152;
/** The last millisecond whose row numbers fit 64-bit integers. */
const LAST = 4398046511103;

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

function filterConditions(filters: PostFilters, values: Values): string[] {
  const { media, video, replies, parent, root, embeds = [], embedsNot = [], followedBy } = filters;
  const among = (list: readonly string[]) =>
    `IN (SELECT value FROM json_each(${values.add(JSON.stringify(list))}))`;
  return [
    media ? `p.flags & ${HAS_IMAGE | HAS_VIDEO} <> 0` : "",
    video ? `p.flags & ${HAS_VIDEO} <> 0` : "",
    replies === undefined ? "" : `p.flags & ${IS_REPLY} ${replies === "only" ? "<>" : "="} 0`,
    parent === undefined ? "" : `p.parent = ${values.add(parent)}`,
    root === undefined ? "" : `p.root = ${values.add(root)}`,
    embeds.length === 0 ? "" : `p.embed ${among(embeds)}`,
    embedsNot.length === 0 ? "" : `(p.embed IS NULL OR p.embed NOT ${among(embedsNot)})`,
    followedBy === undefined
      ? ""
      : `EXISTS (SELECT 1 FROM follow WHERE actor = ${values.add(followedBy)} AND subject = p.author)`,
  ].filter((condition) => condition !== "");
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

/**
 * Selects a page of posts and one more, marked `asked`, in no particular order, with the posts that they
 * refer to.
 */
export function selectFoundPosts(
  db: D1Database,
  search: PostSearch,
  cursor: SearchCursor,
  limit: number,
): D1PreparedStatement {
  const values = new Values();
  const row = (instant: number) => `${values.add(Math.min(Math.max(instant, 0), LAST))} * ${TIES}`;
  const filters = filterConditions(search.filters, values);
  const conditions = [
    search.match === null ? "" : `post_search MATCH (${matchOf(search.match, values)})`,
    search.since === undefined ? "" : `post_search.rowid >= ${row(search.since)}`,
    search.until === undefined ? "" : `post_search.rowid < ${row(search.until)}`,
    "sort" in cursor ? `post_search.rowid < ${row(cursor.sort)} + ${values.add(cursor.tie)}` : "",
    ...filters,
  ].filter((condition) => condition !== "");
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const join = filters.length === 0 ? "" : "CROSS JOIN post AS p ON p.uri = post_search.uri";
  const newest = (count: string) =>
    `SELECT post_search.uri AS uri FROM post_search ${join} ${where} ORDER BY post_search.rowid DESC LIMIT ${count}`;
  const wanted = values.add(limit + 1);
  const asked = search.top
    ? `found AS (${newest(String(RANKED))}),
      asked (uri) AS (
        SELECT p.uri FROM found CROSS JOIN post AS p ON p.uri = found.uri
        ORDER BY ${SCORE} DESC, p.sort DESC, p.tie DESC
        LIMIT ${wanted} OFFSET ${values.add("offset" in cursor ? cursor.offset : 0)})`
    : `asked (uri) AS (${newest(wanted)})`;
  return db.prepare(CLOSURE(false, asked)).bind(...values.list);
}
