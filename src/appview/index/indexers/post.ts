/**
 * app.bsky.feed.post → post, post_search, notifications. Triggers maintain counts, feed entries and gates.
 */
import { mainSchema } from "@atcute/bluesky/types/app/feed/post";
import { isJson, listOf } from "../../../protocol/json.ts";
import { NO_ROOM, firstRowOf, roomAt, tieOfRow } from "../../search-rows.ts";
import { HIDE_LINKING, linkedDomains } from "../../blocked-links.ts";
import { searchTerms, searchText } from "../../search-terms.ts";
import { columns, livesHere, overRows } from "../statements.ts";
import { flagsOf, refsOf } from "../../post-refs.ts";
import { POST } from "../../uris.ts";
import { goneRow, type Indexer, type Put } from "./indexer.ts";

const COLUMNS = [
  "uri",
  "author",
  "cid",
  "record",
  "sort",
  "indexed",
  "parent",
  "root",
  "embed",
  "quoted",
  "flags",
] as const;

/** Each post gets the next free tie of its instant: after those in the search, and those of this statement. */
const INSERT = `INSERT INTO post (${COLUMNS.join(", ")}, tie)
  SELECT ${COLUMNS.join(", ")}, CASE WHEN tie < ${roomAt("sort")} THEN tie ELSE ${NO_ROOM} END
  FROM (
    SELECT *, row_number() OVER (PARTITION BY sort) - 1 + coalesce((
        SELECT ${tieOfRow("rowid")} + 1 FROM post_search
        WHERE rowid >= ${firstRowOf("new.sort")} AND rowid < ${firstRowOf("new.sort")} + ${roomAt("new.sort")}
        ORDER BY rowid DESC LIMIT 1), 0) AS tie
    FROM (SELECT ${columns(...COLUMNS)} FROM json_each(?1)) AS new)
  WHERE true
  ON CONFLICT (uri) DO NOTHING`;

/** Only for the version that is stored, and once. */
const SEARCH = `INSERT INTO post_search (rowid, text, terms, uri)
  SELECT ${firstRowOf("post.sort")} + post.tie, value ->> ${COLUMNS.length}, value ->> ${COLUMNS.length + 1}, post.uri
  FROM json_each(?1) CROSS JOIN post ON post.uri = value ->> 0 AND post.cid = value ->> 2 AND post.indexed = value ->> 5
  WHERE post.tie <> ${NO_ROOM}
    AND NOT EXISTS (SELECT 1 FROM post_search WHERE rowid = ${firstRowOf("post.sort")} + post.tie)`;

/** The most people that a post notifies by mentioning them. */
const MENTIONED = 50;

/**
 * Notifies of a post, each recipient once, in this order: those it mentions, the author it quotes, the
 * authors of its four nearest ancestors. A reply that violates the gate notifies only the first two. Above a
 * hidden reply, nobody is notified. A quote that violates the rules does not notify the quoted author. Posts
 * that arrive after their replies send the notifications that the replies could not.
 */
const NOTIFY = `WITH RECURSIVE
  target (uri, depth) AS (
    SELECT value, 0 FROM json_each(?1)
    UNION ALL
    SELECT post.uri, depth + 1 FROM target CROSS JOIN post ON post.parent = target.uri WHERE depth < 4),
  told AS (
    SELECT DISTINCT post.* FROM target CROSS JOIN post ON post.uri = target.uri),
  above (uri, ancestor, height) AS (
    SELECT uri, parent, 1 FROM told WHERE parent IS NOT NULL AND violates_gate = 0
    UNION ALL
    SELECT above.uri, post.parent, height + 1
    FROM above CROSS JOIN post ON post.uri = above.ancestor
    WHERE height < 4 AND post.parent IS NOT NULL
      AND NOT EXISTS (
        SELECT 1 FROM told, record AS gate, json_each(gate.record, '$.hiddenReplies') AS hidden
        WHERE told.uri = above.uri AND hidden.value = above.ancestor
          AND gate.uri = replace(coalesce(told.root, told.uri), '/app.bsky.feed.post/', '/app.bsky.feed.threadgate/'))),
  mentioned (uri, did, place) AS (
    SELECT told.uri, feature.value ->> '$.did' AS did, min(facet.key * 1000 + feature.key)
    FROM told, json_each(told.record, '$.facets') AS facet, json_each(facet.value, '$.features') AS feature
    WHERE feature.value ->> '$."$type"' = 'app.bsky.richtext.facet#mention' AND ${livesHere("feature.value ->> '$.did'")}
    GROUP BY told.uri, did),
  heard (uri, did, reason, subject, rank) AS (
    SELECT uri, did, 'mention', NULL, 0
      FROM (SELECT uri, did, row_number() OVER (PARTITION BY uri ORDER BY place) AS place FROM mentioned)
      WHERE place <= ${MENTIONED}
    UNION ALL
    SELECT uri, substr(quoted, 6, instr(substr(quoted, 6), '/') - 1), 'quote', quoted, 1
      FROM told WHERE quoted IS NOT NULL AND violates_embed = 0
    UNION ALL
    SELECT above.uri, post.author, 'reply', post.uri, 1 + height
      FROM above CROSS JOIN post ON post.uri = above.ancestor)
  INSERT INTO notification (did, sort, uri, reason, subject, author, indexed)
  SELECT did, sort, uri, reason, subject, author, indexed FROM (
    SELECT heard.did, told.sort, told.uri, heard.reason, heard.subject, told.author, told.indexed, min(rank)
    FROM heard CROSS JOIN told ON told.uri = heard.uri
    WHERE heard.did <> told.author AND ${livesHere("heard.did")}
    GROUP BY heard.did, told.uri)
  WHERE true
  ON CONFLICT DO NOTHING`;

const REMOVE = `DELETE FROM post WHERE uri IN (
  SELECT post.uri FROM json_each(?1) CROSS JOIN post ON post.uri = value ->> 2
  WHERE (post.cid, post.indexed) IS NOT (value ->> 3, value ->> 4))`;

/** The values of `COLUMNS`, then the two columns of the search. */
function postRow(put: Put) {
  const { record } = put;
  const { parent, root, embed, quoted } = refsOf(record);
  const flags = flagsOf(record, put.did);
  return [
    put.uri,
    put.did,
    put.cid,
    JSON.stringify(record),
    put.sort,
    put.indexed,
    parent,
    root,
    embed,
    quoted,
    flags,
    searchText(record),
    searchTerms(record, { did: put.did, flags, elsewhere: put.elsewhere, parent, root, embed }),
  ] as const;
}

const mayNotify = ({ record }: Put): boolean =>
  isJson(record.reply) || listOf(record.facets).length > 0 || refsOf(record).embed !== null;

export const post: Indexer = {
  collection: POST,
  schema: mainSchema,
  // Four pictures with 2,000 characters of alt text each fit, in most scripts.
  limit: 32_000,
  remove: (db, gone) => overRows(db, REMOVE, gone.map(goneRow)),
  put(db, puts) {
    const statements = overRows(db, [INSERT, SEARCH], puts.map(postRow));
    const linking = puts.flatMap(({ uri, record }) =>
      linkedDomains(record).map((domain) => [uri, domain] as const),
    );
    statements.push(...overRows(db, HIDE_LINKING, linking));
    // Plain posts may still be the missing parents of replies that came first. Those are never `fresh`.
    const told = puts.filter((put) => mayNotify(put) || !put.fresh).map(({ uri }) => uri);
    if (told.length > 0) statements.push(db.prepare(NOTIFY).bind(JSON.stringify(told)));
    return statements;
  },
  existing: `SELECT substr(uri, length(?1) + 26) AS rkey, cid, indexed FROM post
    WHERE uri > 'at://' || ?1 || '/' AND uri < 'at://' || ?1 || '0'`,
};
