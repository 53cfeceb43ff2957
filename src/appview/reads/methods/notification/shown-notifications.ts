/**
 * The notifications that a viewer sees: one rule for the list and for the badge. A skeleton of what happened is
 * read page by page, hydrated, and thinned out.
 */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { at, textOf } from "../../../../protocol/json.ts";
import { type Cursor, formatCursor, parseCursor } from "../../cursors.ts";
import type { Facts } from "../../facts.ts";
import { complete, newFacts } from "../../hydration.ts";
import { addAccounts, addMarks, addRelationsTo } from "../../hydration-scripts.ts";
import { privateScript } from "../../private-script.ts";
import {
  type InboxRow,
  type NotificationQuery,
  type NotificationRow,
  type NotifiedKey,
  type NotifiedKeys,
  type NotifiedRow,
  type Wanted,
  recordOf,
  selectInbox,
  selectNotifications,
  selectNotified,
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
import { storedPreferences, unwanted } from "./notification-preferences.ts";

/** Before every instant. */
export const ALWAYS = -Number.MAX_SAFE_INTEGER;

export interface Inbox extends Wanted {
  seenAt: string | null;
}

/** The viewer's seen-at and wanted notifications, in one trip together with the lists that the viewer mutes. */
export async function inboxOf(reading: MemberViewContext, priority: boolean | undefined): Promise<Inbox> {
  const { directory, viewer, mutedLists } = reading;
  const [row] = await rowsOf<InboxRow>(directory, selectInbox(directory, viewer));
  const lists: ResourceUri[] = JSON.parse(row?.lists ?? "[]");
  mutedLists.know(lists);
  const stored = storedPreferences(row?.preferences ?? null);
  return {
    viewer,
    seenAt: row?.seen_at ?? null,
    priority: priority ?? stored.priority === true,
    ...unwanted(stored),
    subscriptions: JSON.parse(row?.subscriptions ?? "[]"),
    announced: JSON.parse(row?.announced ?? "[]"),
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

/** Reads the facts that notifications are judged by, and perhaps shown by. */
export type Reads = (reading: MemberViewContext, rows: NotificationRow[]) => Promise<Records>;

/** The one rule of what is shown: the list shows these, and the badge counts them. */
export async function shownPage(
  reading: MemberViewContext,
  inbox: Inbox,
  query: NotificationQuery,
  read: Reads,
): Promise<ShownPage> {
  const found = await rowsOf<NotificationRow>(reading.db, selectNotifications(reading.db, inbox, query));
  const page = found.slice(0, query.limit);
  const last = page.at(-1);
  const records =
    page.length === 0 ? { facts: newFacts(reading), notified: new Map() } : await read(reading, page);
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

const keysOf = (rows: NotificationRow[], collection: string): NotifiedKey[] =>
  rows
    .filter(({ uri }) => collectionOf(uri) === collection)
    .map(({ uri, author, sort }) => [uri, author, sort, rkeyOf(uri)]);

/** The records behind notifications. */
function addNotified(
  script: Script,
  { db, viewer }: MemberViewContext,
  { facts, notified }: Records,
  rows: NotificationRow[],
): void {
  const posts = keysOf(rows, POST).map(([uri]) => uri);
  script.add<PostRow>(posts.length > 0, selectPosts(db, posts, false), (found) => addPosts(facts, found));
  const keys: NotifiedKeys = {
    likes: keysOf(rows, LIKE),
    reposts: keysOf(rows, REPOST),
    follows: keysOf(rows, FOLLOW),
    verifications: keysOf(rows, VERIFICATION),
  };
  const any = Object.values(keys).some((each: readonly NotifiedKey[]) => each.length > 0);
  script.add<NotifiedRow>(any, selectNotified(db, viewer, keys), (found) => {
    for (const row of found) notified.set(row.uri, { cid: row.cid, record: recordOf(row) });
  });
}

/** Reads the records, then everything that their views need: two trips. */
export const readViews: Reads = async (reading, rows) => {
  const records: Records = { facts: newFacts(reading), notified: new Map() };
  const script = new Script();
  addNotified(script, reading, records, rows);
  await script.run(reading.db);
  const { facts, notified } = records;
  await complete(reading, facts, {
    dids: rows.map(({ author }) => author),
    records: [...notified.values()].flatMap(({ record }) => packOf(record) ?? []),
    threads: rows.flatMap(({ root }) => root ?? []),
    subjects: rows.map(({ uri }) => uri),
  });
  return records;
};

/** Reads only what decides whether they are shown: one trip. */
export const readStanding: Reads = async (reading, rows) => {
  const { db, directory, viewer, mutedLists } = reading;
  const records: Records = { facts: newFacts(reading), notified: new Map() };
  const { facts } = records;
  const dids = [...new Set(rows.map(({ author }) => author))];
  const lists = await mutedLists.read();
  const script = new Script();
  addNotified(script, reading, records, rows);
  addAccounts(script, reading, facts, dids);
  addMarks(script, reading, facts, { dids, uris: rows.map(({ uri }) => uri) });
  addRelationsTo(script, db, facts, dids, viewer, lists);
  const threads = rows.flatMap(({ root }) => root ?? []);
  const own = privateScript(reading, facts, { dids, posts: [] }, { threads }, viewer);
  await Promise.all([script.run(db), own.run(directory)]);
  own.settle();
  return records;
};

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
