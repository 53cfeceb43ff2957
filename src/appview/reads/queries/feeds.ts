/** Skeletons of feeds: posts and reposts, in order. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { type Cursor, formatCursor } from "../cursors.ts";
import { DANGLING, HAS_IMAGE, HAS_VIDEO, IN_OWN_THREAD, IS_REPLY } from "../../post-flags.ts";
import { POST, REPOST, uriOf } from "../../uris.ts";
import { actorName, actorNamed } from "./graph.ts";
import { orderOf, pageOrder, pageValues } from "./page.ts";

export interface FeedItem {
  post: ResourceUri;
  /** If set, the item is this repost of the post. */
  repost: { uri: ResourceUri; by: Did } | null;
  pinned: boolean;
}

interface FeedRow {
  actor: Did;
  sort: number;
  cid: string;
  rkey: string;
  subject: ResourceUri | null;
  key: string;
}

export const itemOf = ({ actor, rkey, subject }: FeedRow): FeedItem =>
  subject === null
    ? { post: uriOf(actor, POST, rkey), repost: null, pinned: false }
    : { post: subject, repost: { uri: uriOf(actor, REPOST, rkey), by: actor }, pinned: false };

export interface Page<Item> {
  items: Item[];
  cursor: string | undefined;
}

/** Cuts rows, queried with one more than the limit, into a page. */
export function pageOf<Row extends Cursor>(
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

/** Whether a post with these flags passes the filter, as in `FILTERS`. */
export function fitsFilter(flags: number, filter: string): boolean {
  switch (filter) {
    case "posts_no_replies":
      return (flags & IS_REPLY) === 0;
    case "posts_with_media":
      return (flags & HAS_IMAGE) !== 0;
    case "posts_with_video":
      return (flags & HAS_VIDEO) !== 0;
    case "posts_and_author_threads":
      return (flags & IS_REPLY) === 0 || (flags & IN_OWN_THREAD) !== 0;
    default:
      return true;
  }
}

const isFilter = (filter: string): filter is AuthorFilter => Object.hasOwn(FILTERS, filter);

/** The reposted post is here. */
export const STANDS = `flags & ${DANGLING} = 0`;

/** Leaves out reposts of posts that are gone. */
export const selectAuthorFeed = (
  db: D1Database,
  actor: string,
  filter: string,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement =>
  db
    .prepare(
      `SELECT i.actor, i.sort, i.cid, i.rkey, i.subject, i.rkey AS key FROM feed_item AS i
        WHERE i.actor = ${actorNamed(actor)}
          AND (${FILTERS[isFilter(filter) ? filter : "posts_with_replies"]})
          AND i.${STANDS} AND ${pageOrder(orderOf("i", "i.rkey"))}`,
    )
    .bind(actorName(actor), ...pageValues(cursor, limit));

export function authorPage(rows: FeedRow[], limit: number): Page<FeedItem> {
  const page = pageOf(rows, limit);
  return { items: page.rows.map(itemOf), cursor: page.cursor };
}

export type { FeedRow };
