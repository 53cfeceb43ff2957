/**
 * app.bsky.feed.getAuthorFeed: one account's posts and reposts under one of five filters, the pinned post
 * first.
 */
import type { AppBskyFeedDefs } from "@atcute/bluesky";
import type { Did, ResourceUri } from "@atcute/lexicons";
import { Refusal, invalidRequest } from "../../../../protocol/refusal.ts";
import { flagsOf } from "../../../post-refs.ts";
import { type Cursor, LATEST, parseCursor } from "../../cursors.ts";
import type { Elsewhere } from "../../elsewhere.ts";
import type { Facts } from "../../facts.ts";
import {
  type FeedItem,
  type FeedRow,
  type Page,
  authorPage,
  fitsFilter,
  selectAuthorFeed,
} from "../../queries/feeds.ts";
import { actorName, actorNamed } from "../../queries/graph.ts";
import { rowsOf } from "../../script.ts";
import { addForeign } from "../../supply.ts";
import type { ViewContext } from "../../view-context.ts";
import { didOf } from "../../../uris.ts";
import { standingOf } from "../../views/feed.ts";
import { fillPage } from "../fill-page.ts";
import { hydrateItems, presentItems } from "./get-timeline.ts";
import { newFacts } from "../../hydration.ts";

export interface AuthorFeedParams {
  actor: string;
  limit: number;
  cursor?: string | undefined;
  filter: string;
  includePins: boolean;
}

interface AuthorRow {
  did: Did;
  home: string | null;
  pinned: ResourceUri | null;
}

/** Refuses InvalidRequest `Profile not found`, BlockedActor, BlockedByActor. */
export async function getAuthorFeed(
  reading: ViewContext,
  params: AuthorFeedParams,
): Promise<{ feed: AppBskyFeedDefs.FeedViewPost[]; cursor?: string | undefined }> {
  const { elsewhere } = reading;
  if (elsewhere !== null && params.cursor?.startsWith(THEIRS) === true) {
    const cursor = params.cursor.slice(THEIRS.length);
    return (await feedElsewhere(reading, elsewhere, { ...params, cursor })) ?? { feed: [] };
  }
  let author: AuthorRow | undefined;
  const { items, cursor } = await fillPage(reading, params, async (from, limit) => {
    const found = await page(reading, params, from, limit);
    author = found.author;
    return found;
  });
  if (elsewhere === null || (author !== undefined && author.home === null)) return { feed: items, cursor };
  const theirs = await feedElsewhere(reading, elsewhere, params);
  // The index's part is better than nothing.
  return theirs ?? getAuthorFeed({ ...reading, elsewhere: null }, params);
}

/** Begins a cursor that another host has given. */
const THEIRS = "elsewhere:";

/**
 * The feed of an account that is not here, as its host tells it: the index has only what something here points at.
 * Null: there is no such account, or its host cannot be asked now.
 */
async function feedElsewhere(reading: ViewContext, elsewhere: Elsewhere, params: AuthorFeedParams) {
  const { db } = reading;
  const find = () => rowsOf<AuthorRow>(db, selectAuthor(db, params.actor));
  let [author] = await find();
  if (author === undefined && (await elsewhere.accounts([params.actor]))) [author] = await find();
  if (author === undefined || author.home === null) return null;
  const found = await elsewhere.posts(author.did, params);
  if (found === null) return null;
  const facts = newFacts(reading);
  addForeign(facts, found.posts);
  const wanted = found.posts.filter(({ record, did }) => fitsFilter(flagsOf(record, did), params.filter));
  const items = wanted.map(({ uri }) => ({ post: uri, repost: null, pinned: false }));
  await hydrateItems(reading, items, facts, { dids: [author.did] });
  refuseBlocked(facts, author.did);
  const shown = presentItems(reading, facts, seen(facts, items, params.filter));
  return { feed: shown, cursor: found.cursor === undefined ? undefined : `${THEIRS}${found.cursor}` };
}

const selectAuthor = (db: D1Database, actor: string): D1PreparedStatement =>
  db
    .prepare(
      `SELECT did, home, profile ->> '$.pinnedPost.uri' AS pinned FROM actor
        WHERE did = ${actorNamed(actor)} AND known IS NOT NULL AND status IS NULL
          AND NOT EXISTS (SELECT 1 FROM takedown WHERE subject = did)`,
    )
    .bind(actorName(actor));

async function page(
  reading: ViewContext,
  params: AuthorFeedParams,
  from: string | undefined,
  limit: number,
): Promise<Page<AppBskyFeedDefs.FeedViewPost> & { author: AuthorRow | undefined }> {
  const { db, elsewhere } = reading;
  const nothing = { items: [], cursor: undefined };
  const cursor: Cursor | null = parseCursor(from);
  const [[authors, rows]] = await Promise.all([
    db.batch<AuthorRow & FeedRow>([
      selectAuthor(db, params.actor),
      selectAuthorFeed(db, params.actor, params.filter, cursor ?? LATEST, limit),
    ]),
    reading.mutedLists.read(),
  ]);
  const author = authors?.results[0];
  if (elsewhere !== null && author?.home !== null) return { ...nothing, author };
  if (author === undefined) throw invalidRequest("Profile not found");
  if (cursor === null) return { ...nothing, author };
  const skeleton = authorPage(rows?.results ?? [], limit);
  const items = params.includePins && cursor === LATEST ? withPin(skeleton.items, author) : skeleton.items;
  const facts = newFacts(reading);
  await hydrateItems(reading, items, facts, { dids: [author.did] });
  refuseBlocked(facts, author.did);
  const shown = presentItems(reading, facts, seen(facts, items, params.filter));
  return { items: shown, cursor: skeleton.cursor, author };
}

function withPin(items: FeedItem[], { did, pinned }: AuthorRow): FeedItem[] {
  if (pinned === null || didOf(pinned) !== did) return items;
  return [{ post: pinned, repost: null, pinned: true }, ...items.filter(({ post }) => post !== pinned)];
}

function refuseBlocked(facts: Facts, author: Did): void {
  const relation = facts.relations.get(author);
  if (relation === undefined) return;
  if ((relation.blocking ?? relation.blockingByList) !== null) {
    throw new Refusal("BlockedActor", `Requester has blocked actor: ${author}`);
  }
  if ((relation.blockedBy ?? relation.blockedByList) !== null) {
    throw new Refusal("BlockedByActor", `Requester is blocked by actor: ${author}`);
  }
}

/**
 * Shows a muted account's feed in full, since it was asked for. The feed of an account that is not muted
 * omits its reposts of muted accounts.
 */
function seen(facts: Facts, items: FeedItem[], filter: string): FeedItem[] {
  const thread = filter === "posts_and_author_threads" ? selfThreads(facts, items) : null;
  return items.filter((item) => {
    const { authorBlocked, originatorBlocked, authorMuted, originatorMuted } = standingOf(facts, item);
    if (authorBlocked || originatorBlocked || (authorMuted && !originatorMuted)) return false;
    return thread === null || item.repost !== null || item.pinned || thread(item.post);
  });
}

/** Returns whether this page has a post together with all its ancestors, up to the root of its thread. */
function selfThreads(facts: Facts, items: FeedItem[]): (uri: ResourceUri) => boolean {
  const here = new Set(items.filter(({ repost }) => repost === null).map(({ post }) => post));
  return (uri) => {
    const passed = new Set<string>();
    let at: ResourceUri | null = uri;
    while (at !== null) {
      const post = facts.posts.get(at);
      if (post === undefined || !here.has(at) || passed.has(at)) return false;
      passed.add(at);
      at = post.parent;
    }
    return true;
  };
}
