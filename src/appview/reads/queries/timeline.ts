/**
 * Skeletons of feeds of many authors: a timeline, a list's feed. Few authors are read one by one (`merged`).
 * For a viewer who follows very many, the host's posts are scanned, newest first, for those by one of them
 * (`scanned`).
 */
import type { Did } from "@atcute/lexicons";
import { FIRST_INSTANT, LAST_INSTANT, firstRowOf, sortOfRow } from "../../search-rows.ts";
import { type Cursor, formatCursor } from "../cursors.ts";
import { MEMBERS_MOST } from "./bounds.ts";
import { type FeedRow, type Page, STANDS, itemOf, pageOf } from "./feeds.ts";
import { type Order, after, newestFirst, pageOrder, pageValues } from "./page.ts";
import type { FeedItem } from "./feeds.ts";

/** The number of follows from which reading every author costs more than scanning recent posts. */
const MANY_FOLLOWS = 600;
/** How many posts, and how many reposts, are scanned for one page. */
const SCANNED = 1500;

/** No two feed items have the same actor and rkey. */
const orderOf = (item: string): Order => ({
  sort: `${item}.sort`,
  cid: `${item}.cid`,
  key: `${item}.actor || '/' || ${item}.rkey`,
});
const ITEM = orderOf("i");

const MANY = `many (yes) AS MATERIALIZED (
    SELECT coalesce((SELECT follows FROM actor WHERE did = ?1), 0) > ${MANY_FOLLOWS})`;

/**
 * Merges a feed of many authors from their own feeds at read time. Each author's newest item is looked up
 * (one row per author). The `?5`-th newest of those is a floor above which a page lies, so only authors above
 * it are read, and only down to it. With fewer authors than that, the floor comes from each one's k-th
 * newest. No author gives more than a page. `authors` selects them as `did`, by ?1; `only` narrows their
 * items. ?2 to ?4 cursor, ?5 items wanted.
 */
const merged = (authors: string, only: (item: string) => string, before = "") => `WITH
  ${before}
  author AS (${authors}),
  head AS MATERIALIZED (
    SELECT author.did, (
      SELECT i.sort FROM feed_item AS i WHERE i.actor = author.did AND ${after(ITEM)} ${only("i")}
      ORDER BY i.sort DESC LIMIT 1) AS top
    FROM author),
  share (k) AS MATERIALIZED (SELECT (CAST(?5 AS INTEGER) + count(top) - 1) / max(count(top), 1) FROM head),
  depth AS (
    SELECT (
      SELECT i.sort FROM feed_item AS i WHERE i.actor = head.did AND ${after(ITEM)} ${only("i")}
      ORDER BY i.sort DESC LIMIT 1 OFFSET (SELECT k - 1 FROM share)) AS kth
    FROM head WHERE top IS NOT NULL),
  floor (sort) AS MATERIALIZED (
    SELECT coalesce(
      (SELECT top FROM head WHERE top IS NOT NULL ORDER BY top DESC LIMIT 1 OFFSET CAST(?5 AS INTEGER) - 1),
      (SELECT kth FROM depth WHERE kth IS NOT NULL ORDER BY kth DESC
        LIMIT 1 OFFSET (SELECT (CAST(?5 AS INTEGER) + k - 1) / max(k, 1) - 1 FROM share)),
      -9e15))
  SELECT i.actor, i.sort, i.cid, i.rkey, i.subject, ${ITEM.key} AS key
  FROM floor CROSS JOIN head CROSS JOIN feed_item AS i
  WHERE head.top >= floor.sort AND i.actor = head.did AND ${after(ITEM)} ${only("i")}
    AND i.sort >= coalesce((
      SELECT x.sort FROM feed_item AS x
      WHERE x.actor = head.did AND x.sort >= floor.sort AND ${after(orderOf("x"))} ${only("x")}
      ORDER BY x.sort DESC LIMIT 1 OFFSET ?5), floor.sort)
  ${newestFirst(ITEM)} LIMIT ?5`;

const TIMELINE = merged(
  `SELECT subject AS did FROM follow WHERE actor = ?1 AND NOT (SELECT yes FROM many)`,
  (item) => `AND ${item}.${STANDS}`,
  `${MANY},`,
);
/** Members' posts, without their reposts. */
const OF_LIST = merged(
  `SELECT subject AS did FROM list_item WHERE list = ?1 LIMIT ${MEMBERS_MOST}`,
  (item) => `AND ${item}.subject IS NULL`,
);

/**
 * Scans the host's newest items, which `window` selects below the instant `from`, for those of accounts that
 * ?1 follows, until ?5 are found. If fewer are found, a last row without an author says how far down the scan
 * went. Conditions are in the bound of the search, which is evaluated once, and not in each row.
 */
const scanned = (window: (from: string) => string, found: string, join: string) => `WITH
  ${MANY},
  found (actor, sort, cid, rkey, subject, key) AS MATERIALIZED (
    SELECT ${found}
    FROM (${window("CASE WHEN (SELECT yes FROM many) THEN CAST(?2 AS INTEGER) ELSE -9e15 END")} LIMIT ${SCANNED}) AS w
      CROSS JOIN follow AS f ON f.actor = ?1 AND f.subject = w.author
      ${join}
    LIMIT ?5)
  SELECT * FROM found
  UNION ALL
  SELECT * FROM (
    SELECT NULL, sort, '', '', NULL, '' FROM (${window(
      "CASE WHEN (SELECT yes FROM many) AND (SELECT count(*) FROM found) < ?5 THEN CAST(?2 AS INTEGER) ELSE -9e15 END",
    )})
    LIMIT 1 OFFSET ${SCANNED - 1})`;

/** Its feed item's key, `<author>/<rkey>`. */
const KEY_OF_POST = "p.author || substr(p.uri, length(p.author) + 25)";
const SCANNED_POSTS = scanned(
  (
    from,
  ) => `SELECT ${sortOfRow("rowid")} AS sort, uri, substr(uri, 6, instr(substr(uri, 6), '/') - 1) AS author
    FROM post_search WHERE rowid < (
      SELECT ${firstRowOf("after")}
      FROM (SELECT CAST(max(min(${from}, ${LAST_INSTANT - 1}) + 1, ${FIRST_INSTANT}) AS INTEGER) AS after))
    ORDER BY rowid DESC`,
  `p.author, p.sort, p.cid, substr(p.uri, length(p.author) + 26), NULL, ${KEY_OF_POST}`,
  `CROSS JOIN post AS p ON p.uri = w.uri AND ${after({ sort: "p.sort", cid: "p.cid", key: KEY_OF_POST })}`,
);
const SCANNED_REPOSTS = scanned(
  (from) => `SELECT i.sort, i.cid, i.actor AS author, i.rkey FROM feed_item AS i INDEXED BY feed_item_reposts
    WHERE i.subject IS NOT NULL AND (i.sort, i.cid, ${ITEM.key}) < (${from}, ?3, ?4) ${newestFirst(ITEM)}`,
  `i.actor, i.sort, i.cid, i.rkey, i.subject, ${ITEM.key}`,
  `CROSS JOIN feed_item AS i
        ON i.actor = w.author AND i.sort = w.sort AND i.cid = w.cid AND i.rkey = w.rkey AND i.${STANDS}`,
);

const OWN = `SELECT i.actor, i.sort, i.cid, i.rkey, i.subject, ${ITEM.key} AS key FROM feed_item AS i
  WHERE i.actor = ?1 AND i.${STANDS} AND ${pageOrder(ITEM)}`;

/** Four statements. The second and third find something only for a viewer who follows many. */
export const selectTimeline = (
  db: D1Database,
  viewer: Did,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement[] =>
  [TIMELINE, SCANNED_POSTS, SCANNED_REPOSTS, OWN].map((sql) =>
    db.prepare(sql).bind(viewer, ...pageValues(cursor, limit)),
  );

type ScannedRow = Omit<FeedRow, "actor"> & { actor: Did | null };
export const selectListFeed = (
  db: D1Database,
  list: string,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement => db.prepare(OF_LIST).bind(list, ...pageValues(cursor, limit));

/** As `newestFirst` has it. */
function byTime(a: FeedRow, b: FeedRow): number {
  if (a.sort !== b.sort) return b.sort - a.sort;
  return (a.cid === b.cid ? a.key < b.key : a.cid < b.cid) ? 1 : -1;
}

/** How far down a scan went without finding enough; undefined if it found enough or reached the end. */
const depthOf = (rows: ScannedRow[]): number | undefined => rows.find(({ actor }) => actor === null)?.sort;

const isFound = (row: ScannedRow): row is FeedRow => row.actor !== null;

/** Makes a page from the results of `selectTimeline` after `cursor`. */
export function timelinePage(
  [merged = [], posts = [], reposts = [], own = []]: ScannedRow[][],
  cursor: Cursor,
  limit: number,
): Page<FeedItem> {
  const depths = [posts, reposts].flatMap((rows) => depthOf(rows) ?? []);
  // Items exactly at the depth may be incomplete; below it nothing was read.
  const depth = depths.length === 0 ? null : Math.max(...depths);
  // The scan began there: it has more of one instant than it reads. Those found are shown, the others are not.
  const crowded = depth !== null && depth >= cursor.sort;
  const known = ({ sort }: FeedRow) => depth === null || sort > depth || (crowded && sort === depth);
  const followed = [...merged, ...posts, ...reposts].filter(isFound).filter(known).sort(byTime);
  const page = withOwn(followed.slice(0, limit + 1), own.filter(isFound).filter(known), limit);
  if (page.cursor !== undefined || depth === null) return page;
  return {
    items: page.items,
    cursor: formatCursor({ sort: crowded ? depth - 1 : depth, cid: PAST, key: "" }),
  };
}

/** Sorts after every CID. */
const PAST = "z";

/** The viewer's own items get ten places, plus those that followed accounts leave free. */
function withOwn(followed: FeedRow[], own: FeedRow[], limit: number): Page<FeedItem> {
  const places = Math.max(Math.min(limit, 10), limit - Math.min(followed.length, limit));
  const merged = [...followed, ...own.slice(0, places)].sort(byTime);
  const page = pageOf(merged, limit);
  const last = page.rows.at(-1);
  // Own items beyond their places prove that there is more, even if the page has room.
  const cursor = page.cursor ?? (own.length > places && last !== undefined ? formatCursor(last) : undefined);
  return { items: page.rows.map(itemOf), cursor };
}
