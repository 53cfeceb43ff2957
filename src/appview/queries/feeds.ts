/** Skeletons of feeds: which posts and reposts, in which order. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { type Cursor, formatCursor } from "../cursors.ts";
import { HAS_IMAGE, HAS_VIDEO, IN_OWN_THREAD, IS_REPLY } from "../indexers/post.ts";
import { POST, REPOST, uriOf } from "../uris.ts";
import { actorName, actorNamed } from "./graph.ts";

export interface FeedItem {
  post: ResourceUri;
  /** Set: the item is this repost of the post. */
  repost: { uri: ResourceUri; by: Did } | null;
  pinned: boolean;
}

interface FeedRow {
  actor: Did;
  sort: number;
  cid: string;
  rkey: string;
  subject: ResourceUri | null;
}

export const itemOf = ({ actor, rkey, subject }: FeedRow): FeedItem =>
  subject === null
    ? { post: uriOf(actor, POST, rkey), repost: null, pinned: false }
    : { post: subject, repost: { uri: uriOf(actor, REPOST, rkey), by: actor }, pinned: false };

export interface Page<Item> {
  items: Item[];
  cursor: string | undefined;
}

/** Cuts rows, of which one more than the limit was asked for, into a page. */
export function pageOf<Row extends { sort: number; cid: string }>(
  rows: Row[],
  limit: number,
): { rows: Row[]; cursor: string | undefined } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, cursor: rows.length > limit && last !== undefined ? formatCursor(last) : undefined };
}

export type AuthorFilter =
  | "posts_with_replies"
  | "posts_no_replies"
  | "posts_with_media"
  | "posts_and_author_threads"
  | "posts_with_video";

const FILTERS: Record<AuthorFilter, string> = {
  posts_with_replies: "true",
  posts_no_replies: `i.subject IS NOT NULL OR i.flags & ${IS_REPLY} = 0`,
  posts_with_media: `i.subject IS NULL AND i.flags & ${HAS_IMAGE} <> 0`,
  posts_with_video: `i.subject IS NULL AND i.flags & ${HAS_VIDEO} <> 0`,
  posts_and_author_threads: `i.subject IS NOT NULL OR i.flags & ${IS_REPLY} = 0 OR i.flags & ${IN_OWN_THREAD} <> 0`,
};

const isFilter = (filter: string): filter is AuthorFilter => Object.hasOwn(FILTERS, filter);

/** ?1 actor (a DID or a handle), ?2 and ?3 cursor, ?4 limit. Reposts of what is no more are left out. */
export const selectAuthorFeed = (
  db: D1Database,
  actor: string,
  filter: string,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement =>
  db
    .prepare(
      `SELECT i.actor, i.sort, i.cid, i.rkey, i.subject FROM feed_item AS i
        WHERE i.actor = ${actorNamed(actor)} AND (i.sort, i.cid) < (?2, ?3)
          AND (${FILTERS[isFilter(filter) ? filter : "posts_with_replies"]})
          AND (i.subject IS NULL OR EXISTS (SELECT 1 FROM post WHERE uri = i.subject))
        ORDER BY i.sort DESC, i.cid DESC LIMIT ?4`,
    )
    .bind(actorName(actor), cursor.sort, cursor.cid, limit + 1);

export function authorPage(rows: FeedRow[], limit: number): Page<FeedItem> {
  const page = pageOf(rows, limit);
  return { items: page.rows.map(itemOf), cursor: page.cursor };
}

/**
 * A feed of many authors is merged from their own feeds as it is read. Each author's newest item is looked up (one row
 * an author); the `?4`-th newest of those is a floor above which a page lies, so only authors above it are read, and
 * only down to it. With fewer authors than that, the floor comes from each one's k-th newest. No author gives more than
 * a page. `authors` selects them as `did`, by ?1; `only` narrows their items.
 * ?2 and ?3 cursor, ?4 items wanted.
 */
const merged = (authors: string, only: string) => `WITH
  author AS (${authors}),
  head AS MATERIALIZED (
    SELECT author.did, (
      SELECT sort FROM feed_item WHERE actor = author.did AND (sort, cid) < (?2, ?3) ${only}
      ORDER BY sort DESC, cid DESC LIMIT 1) AS top
    FROM author),
  share (k) AS MATERIALIZED (SELECT (CAST(?4 AS INTEGER) + count(top) - 1) / max(count(top), 1) FROM head),
  depth AS (
    SELECT (
      SELECT sort FROM feed_item WHERE actor = head.did AND (sort, cid) < (?2, ?3) ${only}
      ORDER BY sort DESC, cid DESC LIMIT 1 OFFSET (SELECT k - 1 FROM share)) AS kth
    FROM head WHERE top IS NOT NULL),
  floor (sort) AS MATERIALIZED (
    SELECT coalesce(
      CASE WHEN (SELECT k FROM share) <= 1
        THEN (SELECT top FROM head WHERE top IS NOT NULL ORDER BY top DESC LIMIT 1 OFFSET CAST(?4 AS INTEGER) - 1)
        ELSE (
          SELECT kth FROM depth WHERE kth IS NOT NULL ORDER BY kth DESC
          LIMIT 1 OFFSET (SELECT (CAST(?4 AS INTEGER) + k - 1) / max(k, 1) - 1 FROM share))
      END, -9e15))
  SELECT i.actor, i.sort, i.cid, i.rkey, i.subject
  FROM floor CROSS JOIN head CROSS JOIN feed_item AS i
  WHERE head.top >= floor.sort AND i.actor = head.did AND (i.sort, i.cid) < (?2, ?3) ${only}
    AND i.sort >= coalesce((
      SELECT x.sort FROM feed_item AS x
      WHERE x.actor = head.did AND x.sort >= floor.sort AND (x.sort, x.cid) < (?2, ?3) ${only.replaceAll("subject", "x.subject")}
      ORDER BY x.sort DESC, x.cid DESC LIMIT 1 OFFSET ?4), floor.sort)
  ORDER BY i.sort DESC, i.cid DESC LIMIT ?4`;

const TIMELINE = merged("SELECT subject AS did FROM follow WHERE actor = ?1", "");
/** Members' posts, not what they repost. */
const OF_LIST = merged("SELECT subject AS did FROM list_item WHERE list = ?1", "AND subject IS NULL");

const OWN = `SELECT actor, sort, cid, rkey, subject FROM feed_item
  WHERE actor = ?1 AND (sort, cid) < (?2, ?3) ORDER BY sort DESC, cid DESC LIMIT ?4`;

/** Two statements: what the viewer follows, and the viewer's own; both of one more than a page. */
export const selectTimeline = (
  db: D1Database,
  viewer: Did,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement[] =>
  [TIMELINE, OWN].map((sql) => db.prepare(sql).bind(viewer, cursor.sort, cursor.cid, limit + 1));

export const selectListFeed = (
  db: D1Database,
  list: string,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement => db.prepare(OF_LIST).bind(list, cursor.sort, cursor.cid, limit + 1);

/** The viewer's own items get ten places, and those that follows leave free. */
export function timelinePage(followed: FeedRow[], own: FeedRow[], limit: number): Page<FeedItem> {
  const places = Math.max(Math.min(limit, 10), limit - Math.min(followed.length, limit));
  const merged = [...followed, ...own.slice(0, places)].sort((a, b) =>
    a.sort !== b.sort ? b.sort - a.sort : a.cid < b.cid ? 1 : -1,
  );
  const page = pageOf(merged, limit);
  const last = page.rows.at(-1);
  // Own items beyond their places prove that there is more, even where the page has room.
  const cursor = page.cursor ?? (own.length > places && last !== undefined ? formatCursor(last) : undefined);
  return { items: page.rows.map(itemOf), cursor };
}

export type { FeedRow };
