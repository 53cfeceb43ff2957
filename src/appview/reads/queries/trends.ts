/** The community's trends: hashtags of its newest posts. */
import type { Did } from "@atcute/lexicons";
import { folded } from "../../folding.ts";
import { firstRowOf } from "../../search-rows.ts";

/** How many posts of the last days are considered. */
const POSTS = 1000;
const DAYS = 3;
/** The fewest authors of a trend: one alone does not make one. */
const VOICES = 2;

/** Most uses of tags that are counted; a post may have hundreds. */
const USES = 5000;
/** Accounts that are shown with a trend. */
const SHOWN = 5;

/** ?1 the earliest instant, in milliseconds. Tags of inactive accounts, and of those elsewhere, do not count. */
const TRENDS = `WITH
  recent (uri) AS MATERIALIZED (
    SELECT uri FROM post_search WHERE rowid >= ${firstRowOf("CAST(?1 AS INTEGER)")} ORDER BY rowid DESC LIMIT ${POSTS})
  SELECT DISTINCT json_extract(feature.value, '$.tag') AS tag, p.author, p.sort
  FROM recent CROSS JOIN post AS p ON p.uri = recent.uri
    CROSS JOIN actor AS a ON a.did = p.author AND a.known IS NOT NULL AND a.home IS NULL AND a.status IS NULL
    CROSS JOIN json_each(p.record, '$.facets') AS facet
    CROSS JOIN json_each(facet.value, '$.features') AS feature
  WHERE json_extract(feature.value, '$.tag') IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM takedown WHERE subject IN (p.uri, p.author))
  LIMIT ${USES}`;

/** One use of a hashtag. */
export interface TagUse {
  tag: string;
  author: Did;
  sort: number;
}

export interface Trend {
  /** The tag, in one of the ways in which it is written. */
  name: string;
  posts: number;
  started: number;
  /** Up to five accounts that used it. */
  dids: Did[];
}

export const selectTagUses = (db: D1Database, now: number): D1PreparedStatement =>
  db.prepare(TRENDS).bind(Math.max(now - DAYS * 24 * 60 * 60 * 1000, 0));

/** Tags are told apart as the search for them does, and ranked by the number of people who use them. */
export function trendsOf(uses: readonly TagUse[], limit: number): Trend[] {
  const groups = [...Map.groupBy(uses, ({ tag }) => folded(tag)).values()].map((group) => ({
    name: group.map(({ tag }) => tag).reduce((most, tag) => (tag > most ? tag : most)),
    posts: new Set(group.map(({ author, sort }) => `${sort} ${author}`)).size,
    started: Math.min(...group.map(({ sort }) => sort)),
    dids: [...new Set(group.map(({ author }) => author))],
  }));
  return groups
    .filter(({ dids }) => dids.length >= VOICES)
    .toSorted((a, b) => b.dids.length - a.dids.length || b.posts - a.posts || (a.name < b.name ? -1 : 1))
    .slice(0, limit)
    .map((trend) => ({ ...trend, dids: trend.dids.slice(0, SHOWN) }));
}
