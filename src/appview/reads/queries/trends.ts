/** The community's trends: hashtags of its newest posts. */
import type { Did } from "@atcute/lexicons";
import { firstRowOf } from "../../search-rows.ts";

/** How many posts of the last days are considered. */
const POSTS = 1000;
const DAYS = 3;
/** The fewest authors of a trend: one alone does not make one. */
const VOICES = 2;

/** ?1 the earliest instant, in milliseconds; ?2 limit. Tags of inactive or unknown accounts do not count. */
const TRENDS = `WITH
  recent (uri) AS MATERIALIZED (
    SELECT uri FROM post_search WHERE rowid >= ${firstRowOf("CAST(?1 AS INTEGER)")} ORDER BY rowid DESC LIMIT ${POSTS}),
  used (tag, name, author, sort) AS MATERIALIZED (
    SELECT DISTINCT lower(json_extract(feature.value, '$.tag')), json_extract(feature.value, '$.tag'), p.author, p.sort
    FROM recent CROSS JOIN post AS p ON p.uri = recent.uri
      CROSS JOIN actor AS a ON a.did = p.author AND a.known IS NOT NULL AND a.status IS NULL
      CROSS JOIN json_each(p.record, '$.facets') AS facet
      CROSS JOIN json_each(facet.value, '$.features') AS feature
    WHERE json_extract(feature.value, '$.tag') IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM takedown WHERE subject IN (p.uri, p.author)))
  SELECT max(name) AS name, count(*) AS posts, min(sort) AS started,
    (SELECT json_group_array(did) FROM (SELECT DISTINCT o.author AS did FROM used AS o WHERE o.tag = used.tag LIMIT 5))
      AS dids
  FROM used GROUP BY tag HAVING count(DISTINCT author) >= ${VOICES}
  ORDER BY count(DISTINCT author) DESC, posts DESC, name LIMIT ?2`;

export interface TrendRow {
  /** The tag as written. */
  name: string;
  posts: number;
  started: number;
  /** JSON: DIDs of up to five accounts that used it. */
  dids: string;
}

export const didsOf = ({ dids }: TrendRow): Did[] => JSON.parse(dids);

export const selectTrends = (db: D1Database, now: number, limit: number): D1PreparedStatement =>
  db.prepare(TRENDS).bind(Math.max(now - DAYS * 24 * 60 * 60 * 1000, 0), limit);
