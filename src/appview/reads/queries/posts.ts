/** Posts by URI, with everything that their views need of other posts, in one statement. */
import type { AppBskyFeedPost, AppBskyFeedThreadgate } from "@atcute/bluesky";
import { mainSchema as postSchema } from "@atcute/bluesky/types/app/feed/post";
import { mainSchema as threadgateSchema } from "@atcute/bluesky/types/app/feed/threadgate";
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { BaseSchema } from "@atcute/lexicons/validations";
import { brief } from "../../record-fit.ts";
import type { Facts, PostFacts } from "../facts.ts";
import { threadgateOf, postgateOf } from "../../uris.ts";

export interface PostRow {
  key: ResourceUri;
  /** 1 if the post was asked for, 0 if other posts only refer to it. */
  asked: number;
  uri: ResourceUri | null;
  author: Did;
  cid: string;
  record: string;
  sort: number;
  indexed: number;
  parent: ResourceUri | null;
  root: ResourceUri | null;
  embed: ResourceUri | null;
  quoted: ResourceUri | null;
  violates_gate: number;
  violates_embed: number;
  likes: number;
  reposts: number;
  replies: number;
  quotes: number;
  bookmarks: number;
  tie: number;
  tg_cid: string | null;
  tg_record: string;
  tg_sort: number;
  tg_indexed: number;
  pg_cid: string | null;
  pg_record: string;
  pg_sort: number;
  pg_indexed: number;
}

/**
 * The most characters of records in one answer. Beyond it, large records come without what may make them
 * large: nobody's posts fill another's timeline with megabytes.
 */
const ANSWER = 1_000_000;
const LARGE = 4_000;

/**
 * `total` sums the records' lengths, and is asked for only where a record is large. `heavy` are the fields that
 * such a record does without.
 */
export const boundedRecord = (record: string, total: string, ...heavy: string[]): string =>
  `CASE WHEN length(${record}) > ${LARGE} AND (${total}) > ${ANSWER}
    THEN json_remove(${record}, ${heavy.map((field) => `'$.${field}'`).join(", ")}) ELSE ${record} END`;
/** All keys of an answer, by the layers below. */
const EVERY = `SELECT uri FROM layer0
    UNION SELECT root FROM layer0 WHERE root IS NOT NULL
    UNION SELECT uri FROM layer1
    UNION SELECT quoted FROM layer1 WHERE quoted IS NOT NULL`;
const TOTAL = `SELECT sum(length(x.record)) FROM (${EVERY}) AS e CROSS JOIN post AS x ON x.uri = e.uri`;

const COLUMNS =
  "uri, author, cid, sort, indexed, parent, root, embed, quoted, violates_gate, violates_embed, likes, reposts, replies, quotes, bookmarks, tie"
    .split(", ")
    .map((column) => `p.${column}`)
    .join(", ");

/**
 * Layers: 0, the posts asked for (in a feed also their parents and roots); 1, the posts that those quote and
 * the roots of their threads; 2, the posts that the quoted posts quote. Each comes with its postgate and, if it
 * begins a thread, with its threadgate; a key without a post has a null `uri`.
 */
export const CLOSURE = (feed: boolean, asked: string) => `WITH RECURSIVE
  ${asked},
  item AS MATERIALIZED (
    SELECT asked.uri, p.parent, p.root, p.quoted FROM asked LEFT JOIN post AS p ON p.uri = asked.uri),
  ${
    feed
      ? `layer0 AS MATERIALIZED (
    SELECT uri, root, quoted FROM item
    UNION SELECT p.uri, p.root, p.quoted FROM item CROSS JOIN post AS p ON p.uri = item.parent
    UNION SELECT p.uri, p.root, p.quoted FROM item CROSS JOIN post AS p ON p.uri = item.root),`
      : `layer0 AS MATERIALIZED (SELECT uri, root, quoted FROM item),`
  }
  layer1 AS MATERIALIZED (
    SELECT q.uri, q.quoted FROM layer0 CROSS JOIN post AS q ON q.uri = layer0.quoted),
  every (uri) AS (${EVERY})
  SELECT every.uri AS key, ${COLUMNS}, every.uri IN (SELECT uri FROM item) AS asked,
    ${boundedRecord("p.record", TOTAL, "embed", "facets", "entities", "tags")} AS record,
    tg.cid AS tg_cid, tg.record AS tg_record, tg.sort AS tg_sort, tg.indexed AS tg_indexed,
    pg.cid AS pg_cid, pg.record AS pg_record, pg.sort AS pg_sort, pg.indexed AS pg_indexed
  FROM every
    LEFT JOIN post AS p ON p.uri = every.uri
    LEFT JOIN record AS tg ON tg.uri = replace(every.uri, '/app.bsky.feed.post/', '/app.bsky.feed.threadgate/')
      AND tg.collection = 'app.bsky.feed.threadgate' AND p.parent IS NULL
    LEFT JOIN record AS pg ON pg.uri = replace(every.uri, '/app.bsky.feed.post/', '/app.bsky.feed.postgate/')
      AND pg.collection = 'app.bsky.feed.postgate'`;
const LISTED = "asked (uri) AS (SELECT value FROM json_each(?1))";
const PLAIN = CLOSURE(false, LISTED);
const FEED = CLOSURE(true, LISTED);

/**
 * A thread: ?1 the anchor, ?2 how far up, ?3 how far down. Descendants are limited in number, newest first
 * per level.
 */
const THREAD_POSTS = 500;
const THREAD = CLOSURE(
  false,
  `above (uri, height) AS (
    SELECT ?1, 0
    UNION ALL
    SELECT p.parent, height + 1 FROM above CROSS JOIN post AS p ON p.uri = above.uri
    WHERE p.parent IS NOT NULL AND height < ?2),
  below (uri, depth, sort) AS (
    SELECT uri, 1, sort FROM (
      SELECT uri, sort FROM post WHERE parent = ?1 AND ?3 > 0 ORDER BY sort DESC LIMIT ${THREAD_POSTS})
    UNION ALL
    SELECT p.uri, depth + 1, p.sort FROM below CROSS JOIN post AS p ON p.parent = below.uri WHERE depth < ?3
    ORDER BY 2, 3 DESC LIMIT ${THREAD_POSTS}),
  asked (uri) AS (SELECT uri FROM above UNION SELECT uri FROM below)`,
);

export const selectThread = (
  db: D1Database,
  anchor: string,
  height: number,
  depth: number,
): D1PreparedStatement => db.prepare(THREAD).bind(anchor, height, depth);

/**
 * The author's own continuation of a thread: from the root of ?1's thread to the author's oldest reply to it,
 * and so on, up to 200 posts. A record key is a time, so the oldest reply is the first by URI. It is looked for
 * among a post's first replies.
 */
const FIRST_REPLIES = 100;
const OP_THREAD = `WITH RECURSIVE
  top (uri, first, past) AS MATERIALIZED (
    SELECT uri, substr(uri, 1, instr(substr(uri, 6), '/') + 5), substr(uri, 1, instr(substr(uri, 6), '/') + 4) || '0'
    FROM (SELECT coalesce((SELECT root FROM post WHERE uri = ?1), ?1) AS uri)),
  chain (uri, place) AS (
    SELECT uri, 1 FROM top
    UNION ALL
    SELECT (
        SELECT min(p.uri) FROM (
          SELECT uri, root FROM post INDEXED BY post_parent WHERE parent = chain.uri ORDER BY sort LIMIT ${FIRST_REPLIES}) AS p
        WHERE p.uri > top.first AND p.uri < top.past AND p.root = top.uri), place + 1
    FROM chain CROSS JOIN top WHERE chain.uri IS NOT NULL AND place < 200)
  SELECT uri FROM chain WHERE uri IS NOT NULL ORDER BY place`;

export const selectOpThread = (db: D1Database, anchor: string): D1PreparedStatement =>
  db.prepare(OP_THREAD).bind(anchor);

/** `feed` includes parents and roots, as feed items show them. */
export const selectPosts = (db: D1Database, uris: Iterable<string>, feed: boolean): D1PreparedStatement =>
  db.prepare(feed ? FEED : PLAIN).bind(JSON.stringify([...new Set(uris)]));

/** The most characters of a record within another post. */
const PART = 8_000;

function parsed<Record extends object>(json: string, schema: BaseSchema): { record: Record; brief: Record } {
  const record: Record = JSON.parse(json);
  return { record, brief: json.length > PART ? brief(schema, record, PART) : record };
}

function postFacts(uri: ResourceUri, row: PostRow): PostFacts {
  return {
    uri,
    author: row.author,
    cid: row.cid,
    ...parsed<AppBskyFeedPost.Main>(row.record, postSchema),
    sort: row.sort,
    indexed: row.indexed,
    parent: row.parent,
    root: row.root,
    embed: row.embed,
    quoted: row.quoted,
    violatesGate: row.violates_gate === 1,
    violatesEmbed: row.violates_embed === 1,
    likes: row.likes,
    reposts: row.reposts,
    replies: row.replies,
    quotes: row.quotes,
    bookmarks: row.bookmarks,
  };
}

export function addPosts(facts: Facts, rows: PostRow[]): void {
  for (const row of rows) {
    const { key, uri } = row;
    if (uri !== null) facts.posts.set(uri, postFacts(uri, row));
    if (row.tg_cid !== null) {
      facts.threadgates.set(key, {
        uri: threadgateOf(key) as ResourceUri,
        cid: row.tg_cid,
        ...parsed<AppBskyFeedThreadgate.Main>(row.tg_record, threadgateSchema),
        sort: row.tg_sort,
        indexed: row.tg_indexed,
      });
    }
    if (row.pg_cid !== null) {
      facts.postgates.set(key, {
        uri: postgateOf(key) as ResourceUri,
        cid: row.pg_cid,
        record: JSON.parse(row.pg_record),
        sort: row.pg_sort,
        indexed: row.pg_indexed,
      });
    }
  }
}
