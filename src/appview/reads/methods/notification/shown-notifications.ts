/**
 * The notifications that a viewer sees: one rule for the list and for the badge. A skeleton of what happened is
 * read page by page, hydrated, and thinned out.
 */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { at, textOf } from "../../../../protocol/json.ts";
import { type Cursor, formatCursor, parseCursor } from "../../cursors.ts";
import type { Facts } from "../../facts.ts";
import { complete, newFacts } from "../../hydration.ts";
import {
  type NotificationQuery,
  type NotificationRow,
  type NotifiedKey,
  type NotifiedRow,
  type SubscriptionRow,
  type Wanted,
  recordOf,
  selectNotifications,
  selectNotified,
  selectOwnSubscriptions,
} from "../../queries/notifications.ts";
import { type PostRow, addPosts, selectPosts } from "../../queries/posts.ts";
import type { MemberViewContext } from "../../view-context.ts";
import { Script, rowsOf } from "../../script.ts";
import {
  FOLLOW,
  LIKE,
  POST,
  PROFILE,
  REPOST,
  STARTER_PACK,
  VERIFICATION,
  collectionOf,
  didOf,
  rkeyOf,
} from "../../../uris.ts";
import {
  isHiddenReply,
  recordIsTakendown,
  viewerBlocks,
  viewerMutes,
  viewerSeesNeedsReview,
  visibleActor,
  visiblePost,
} from "../../views/rules.ts";
import {
  type PreferencesRow,
  selectPreferences,
  storedPreferences,
  unwanted,
} from "./notification-preferences.ts";

/** Before every instant. */
export const ALWAYS = -Number.MAX_SAFE_INTEGER;

export interface Inbox extends Wanted {
  seenAt: string | null;
}

/** The viewer's seen-at and wanted notifications, in one trip together with the lists that the viewer mutes. */
export async function inboxOf(reading: MemberViewContext, priority: boolean | undefined): Promise<Inbox> {
  const { directory, viewer } = reading;
  const script = new Script();
  reading.mutedLists.readWith(script);
  let seenAt: string | null = null;
  let stored = storedPreferences(undefined);
  let subscriptions: SubscriptionRow[] = [];
  const selectSeen = directory.prepare("SELECT seen_at FROM notification_seen WHERE did = ?1").bind(viewer);
  script.add<{ seen_at: string }>(true, selectSeen, ([row]) => (seenAt = row?.seen_at ?? null));
  script.add<PreferencesRow>(true, selectPreferences(reading), ([row]) => (stored = storedPreferences(row)));
  script.add<SubscriptionRow>(
    true,
    selectOwnSubscriptions(directory, viewer),
    (rows) => (subscriptions = rows),
  );
  await script.run(directory);
  return {
    viewer,
    seenAt,
    priority: priority ?? stored.priority === true,
    ...unwanted(stored),
    subscriptions,
  };
}

/** Parses a cursor; earlier versions wrote an instant alone. Refuses `Malformed cursor`. */
export function parseNotificationCursor(cursor: string | undefined): Cursor {
  const instant = /^\d{4}-\d\d-\d\dT/.test(cursor ?? "") ? Date.parse(cursor ?? "") : NaN;
  if (!Number.isNaN(instant)) return { sort: instant, cid: "", key: "" };
  return parseCursor(cursor) ?? { sort: ALWAYS, cid: "", key: "" };
}

interface ShownPage {
  /** The notifications that the viewer sees. */
  rows: NotificationRow[];
  records: Records;
  cursor: string | undefined;
}

/** The one rule of what is shown: the list shows these, and the badge counts them. */
export async function shownPage(
  reading: MemberViewContext,
  inbox: Inbox,
  query: NotificationQuery,
): Promise<ShownPage> {
  const found = await rowsOf<NotificationRow>(reading.db, selectNotifications(reading.db, inbox, query));
  const page = found.slice(0, query.limit);
  const last = page.at(-1);
  const records =
    page.length === 0 ? { facts: newFacts(reading), notified: new Map() } : await hydrate(reading, page);
  return {
    rows: page.filter((row) => isSeen(records, row, reading.viewer) && isThere(records, row)),
    records,
    cursor:
      found.length > page.length && last !== undefined
        ? formatCursor({ sort: last.sort, cid: last.reason, key: last.uri })
        : undefined,
  };
}

export interface Stored {
  cid: string;
  record: unknown;
}

export interface Records {
  facts: Facts;
  /** Records of likes, reposts, follows and verifications, by URI. */
  notified: Map<string, Stored>;
}

/** Reads the records, then everything that their views need: two trips. */
async function hydrate(reading: MemberViewContext, rows: NotificationRow[]): Promise<Records> {
  const { db, viewer } = reading;
  const facts = newFacts(reading);
  const keysOf = (collection: string): NotifiedKey[] =>
    rows
      .filter(({ uri }) => collectionOf(uri) === collection)
      .map(({ uri, author, sort }) => [uri, author, sort, rkeyOf(uri)]);
  const posts = keysOf(POST).map(([uri]) => uri);
  const statements = selectNotified(db, viewer, {
    likes: keysOf(LIKE),
    reposts: keysOf(REPOST),
    follows: keysOf(FOLLOW),
    verifications: keysOf(VERIFICATION),
  });
  const [postRows, ...others] = await db.batch<PostRow & NotifiedRow>([
    selectPosts(db, posts, false),
    ...statements,
  ]);
  addPosts(facts, postRows?.results ?? []);
  const notified = new Map(
    others.flatMap(({ results }) =>
      results.map((row) => [row.uri as string, { cid: row.cid, record: recordOf(row) }] as const),
    ),
  );
  await complete(reading, facts, {
    dids: rows.map(({ author }) => author),
    records: [...notified.values()].flatMap(({ record }) => packOf(record) ?? []),
    threads: rows.flatMap(({ root }) => root ?? []),
    subjects: rows.map(({ uri }) => uri),
  });
  return { facts, notified };
}

/** The starter pack through which a follow was made. */
export function packOf(record: unknown): ResourceUri | undefined {
  const via = textOf(at(record, "via", "uri"));
  return via !== undefined && collectionOf(via) === STARTER_PACK ? (via as ResourceUri) : undefined;
}

const HELD_BACK = new Set(["reply", "quote", "mention", "like", "follow"]);

function isSeen({ facts }: Records, row: NotificationRow, viewer: Did): boolean {
  const { author, uri, reason, root, indexed } = row;
  if (viewerBlocks(facts, author) || viewerMutes(facts, author)) return false;
  if (recordIsTakendown(facts, uri)) return false;
  const mutedAt = root === null ? undefined : facts.mutedThreads.get(root);
  if (mutedAt !== undefined && mutedAt <= indexed) return false;
  if (reason === "reply") {
    const top = facts.posts.get(uri)?.root ?? null;
    if (top !== null && didOf(top) === viewer && isHiddenReply(facts, uri, top)) return false;
  }
  return !HELD_BACK.has(reason) || viewerSeesNeedsReview(facts, author, uri);
}

export function storedOf(
  { facts, notified }: Records,
  { uri, author, reason }: NotificationRow,
): Stored | undefined {
  switch (collectionOf(uri)) {
    case POST: {
      const post = visiblePost(facts, uri);
      return post && { cid: post.cid, record: post.record };
    }
    case PROFILE: {
      const actor = facts.actors.get(author);
      return actor?.profile && actor.profileCid
        ? { cid: actor.profileCid, record: actor.profile }
        : undefined;
    }
    case VERIFICATION:
      return reason === "verified" ? (notified.get(uri) ?? DELETED) : DELETED;
    default:
      return notified.get(uri);
  }
}

/** The placeholder for a withdrawn verification. Its CID is that of its own DAG-CBOR. */
const DELETED: Stored = {
  cid: "bafyreidad6nyekfa4a67yfb573ptxiv6s7kyxyg2ra6qbbemcruadvtuim",
  record: { $type: "app.bsky.notification.defs#recordDeleted" },
};

/** Whether the author and the record can be shown. */
const isThere = (records: Records, row: NotificationRow): boolean =>
  visibleActor(records.facts, row.author) !== undefined && storedOf(records, row) !== undefined;
