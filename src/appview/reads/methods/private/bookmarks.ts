/**
 * app.bsky.bookmark.createBookmark, deleteBookmark, getBookmarks: private to the viewer; only their number is
 * public.
 */
import type { AppBskyBookmarkDefs } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import { Refusal } from "../../../../protocol/refusal.ts";
import { complete, newFacts, readPosts } from "../../hydration.ts";
import { isoOf } from "../../../instants.ts";
import { resolveUri } from "../../queries/actors.ts";
import { checkKept, mayKeep } from "../../queries/kept.ts";
import { millisecondsOf } from "../../queries/private.ts";
import type { MemberViewContext } from "../../view-context.ts";
import { POST, collectionOf } from "../../../uris.ts";
import { maybePost } from "../../views/post.ts";
import type { Plain } from "../../views/typed.ts";
import type { PageParams } from "../fill-page.ts";
import { pagedOwn } from "../paged.ts";

async function postUri(reading: MemberViewContext, uri: ResourceUri): Promise<ResourceUri> {
  if (collectionOf(uri) !== POST) {
    throw new Refusal("UnsupportedCollection", `Only '${POST}' records can be bookmarked`);
  }
  return resolveUri(reading, uri);
}

/**
 * Makes the change and stores the post's new count in the index: the count itself, not the difference, so
 * that a lost update is corrected by the next. Returns whether anything changed.
 */
async function change(
  { db, directory }: MemberViewContext,
  uri: ResourceUri,
  statement: D1PreparedStatement,
): Promise<boolean> {
  const [changed, counted] = await directory.batch<{ n: number }>([
    statement,
    directory.prepare("SELECT count(*) AS n FROM bookmark WHERE uri = ?1").bind(uri),
  ]);
  if (changed?.meta.changes === 0) return false;
  await db
    .prepare(
      `INSERT INTO bookmark_total (uri, n) VALUES (?1, ?2) ON CONFLICT (uri) DO UPDATE SET n = excluded.n`,
    )
    .bind(uri, counted?.results[0]?.n ?? 0)
    .run();
  return true;
}

/** Bookmarks a post; idempotent. Refuses UnsupportedCollection. The post need not be known here. */
export async function createBookmark(
  reading: MemberViewContext,
  { uri, cid }: { uri: ResourceUri; cid: string },
): Promise<void> {
  const { directory, viewer, now } = reading;
  const post = await postUri(reading, uri);
  const insert = directory
    .prepare(
      `INSERT INTO bookmark (did, uri, cid, created_at) SELECT ?1, ?2, ?3, ?4 WHERE ${mayKeep("bookmark")}
        ON CONFLICT DO NOTHING`,
    )
    .bind(viewer, post, cid, isoOf(now));
  if (!(await change(reading, post, insert))) await checkKept(directory, viewer, "bookmark", post);
}

/** Deletes a bookmark; idempotent. Refuses UnsupportedCollection. */
export async function deleteBookmark(
  reading: MemberViewContext,
  { uri }: { uri: ResourceUri },
): Promise<void> {
  const { directory, viewer } = reading;
  const post = await postUri(reading, uri);
  const remove = directory.prepare("DELETE FROM bookmark WHERE did = ?1 AND uri = ?2").bind(viewer, post);
  await change(reading, post, remove);
}

interface Row {
  uri: ResourceUri;
  post_cid: string;
  created_at: string;
  sort: number;
  key: string;
}

/** The viewer's bookmarks, latest first. Gone and blocked posts stay, as placeholders. */
export async function getBookmarks(reading: MemberViewContext, params: PageParams) {
  const { items, cursor } = await pagedOwn<Row, Plain<AppBskyBookmarkDefs.BookmarkView>>(
    reading,
    params,
    `SELECT uri, uri AS key, cid AS post_cid, created_at, ${millisecondsOf("created_at")} AS sort
      FROM bookmark WHERE did = ?1`,
    async (rows) => {
      const facts = newFacts(reading);
      await readPosts(
        reading,
        facts,
        rows.map(({ uri }) => uri),
      );
      await complete(reading, facts);
      const present = { facts, images: reading.images };
      return rows.map(({ uri, post_cid: cid, created_at }) => ({
        createdAt: created_at,
        subject: { uri, cid },
        item: maybePost(present, uri),
      }));
    },
  );
  return { bookmarks: items, cursor };
}
