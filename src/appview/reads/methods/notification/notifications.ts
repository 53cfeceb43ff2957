/** app.bsky.notification.listNotifications, getUnreadCount, updateSeen. */
import type { AppBskyNotificationListNotifications } from "@atcute/bluesky";
import type { Did, ResourceUri } from "@atcute/lexicons";
import { invalidRequest } from "../../../../protocol/refusal.ts";
import { parseTimeCursor } from "../../cursors.ts";
import type { Facts } from "../../facts.ts";
import { complete, newFacts } from "../../hydration.ts";
import { isoOf } from "../../../instants.ts";
import { at, textOf } from "../../../../protocol/json.ts";
import {
  type NotificationRow,
  type NotifiedKey,
  type NotifiedRow,
  type SubscriptionRow,
  type Wanted,
  recordOf,
  selectNotifications,
  selectNotified,
  selectOwnSubscriptions,
  selectUnread,
} from "../../queries/notifications.ts";
import { type PostRow, addPosts, selectPosts } from "../../queries/posts.ts";
import type { ThreadMuteRow } from "../../queries/private.ts";
import { IS_MEMBER, notMember } from "../../queries/kept.ts";
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
import { labelsOn, selfLabels } from "../../views/labels.ts";
import { profileView } from "../../views/profile.ts";
import {
  isHiddenReply,
  viewerBlocks,
  viewerMutes,
  viewerSeesNeedsReview,
  visiblePost,
} from "../../views/rules.ts";
import { starterPackBasic } from "../../views/starter-pack.ts";
import {
  type PreferencesRow,
  selectPreferences,
  storedPreferences,
  unwanted,
} from "./notification-preferences.ts";
import { filled } from "../paged.ts";

type View = AppBskyNotificationListNotifications.Notification;

interface ListParams {
  limit: number;
  cursor?: string | undefined;
  reasons?: readonly string[] | undefined;
  priority?: boolean | undefined;
  seenAt?: string | undefined;
}

interface Inbox extends Wanted {
  seenAt: string | null;
}

/**
 * The viewer's seen-at and wanted notifications, in one trip together with the other statements of `script`.
 */
async function inboxOf(
  reading: MemberViewContext,
  priority: boolean | undefined,
  script: Script,
): Promise<Inbox> {
  const { directory, viewer } = reading;
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

/** Refuses InvalidRequest for a `seenAt`, which is unsupported, and `Malformed cursor`. */
export async function listNotifications(reading: MemberViewContext, params: ListParams) {
  if (params.seenAt !== undefined) throw invalidRequest("The seenAt parameter is unsupported");
  const before = parseTimeCursor(params.cursor) ?? Number.MAX_SAFE_INTEGER;
  const script = new Script();
  reading.mutedLists.readWith(script);
  const inbox = await inboxOf(reading, params.priority, script);
  let { seenAt } = inbox;
  let first = params.cursor === undefined;
  const { items, cursor } = await filled<View>({ limit: params.limit }, async (from, limit) => {
    const query = { before: parseTimeCursor(from) ?? before, reasons: params.reasons ?? null, limit };
    const rows = await rowsOf<NotificationRow>(reading.db, selectNotifications(reading.db, inbox, query));
    // A viewer who has never looked finds the newest unread and the others read.
    if (first && seenAt === null && rows[0] !== undefined) seenAt = isoOf(rows[0].sort);
    first = false;
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      items: await views(reading, page, seenAt),
      cursor: rows.length > limit && last !== undefined ? isoOf(last.sort) : undefined,
    };
  });
  return {
    notifications: items,
    ...(cursor === undefined ? {} : { cursor }),
    priority: inbox.priority,
    ...(seenAt === null ? {} : { seenAt }),
  };
}

interface Stored {
  cid: string;
  record: unknown;
}

interface Records {
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
  });
  return { facts, notified };
}

/** The starter pack through which a follow was made. */
function packOf(record: unknown): ResourceUri | undefined {
  const via = textOf(at(record, "via", "uri"));
  return via !== undefined && collectionOf(via) === STARTER_PACK ? (via as ResourceUri) : undefined;
}

async function views(
  reading: MemberViewContext,
  rows: NotificationRow[],
  seenAt: string | null,
): Promise<View[]> {
  if (rows.length === 0) return [];
  const records = await hydrate(reading, rows);
  return rows
    .filter((row) => isSeen(records, row, reading.viewer))
    .flatMap((row) => view(reading, records, row, seenAt) ?? []);
}

const HELD_BACK = new Set(["reply", "quote", "mention", "like", "follow"]);

function isSeen({ facts }: Records, row: NotificationRow, viewer: Did): boolean {
  const { author, uri, reason, root, indexed } = row;
  if (viewerBlocks(facts, author) || viewerMutes(facts, author)) return false;
  const mutedAt = root === null ? undefined : facts.mutedThreads.get(root);
  if (mutedAt !== undefined && mutedAt <= indexed) return false;
  if (reason === "reply") {
    const top = facts.posts.get(uri)?.root ?? null;
    if (top !== null && didOf(top) === viewer && isHiddenReply(facts, uri, top)) return false;
  }
  return !HELD_BACK.has(reason) || viewerSeesNeedsReview(facts, author, uri);
}

function storedOf(
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

function view(
  { images }: MemberViewContext,
  records: Records,
  row: NotificationRow,
  seenAt: string | null,
): View | undefined {
  const { facts } = records;
  const present = { facts, images };
  const author = profileView(present, row.author);
  const stored = storedOf(records, row);
  if (author === undefined || stored === undefined) return undefined;
  const pack = packOf(stored.record);
  const starterPack =
    pack === undefined || row.reason !== "follow" ? undefined : starterPackBasic(present, pack);
  const indexedAt = isoOf(row.sort);
  return {
    uri: row.uri,
    cid: stored.cid,
    author,
    reason: row.reason,
    ...(row.subject === null ? {} : { reasonSubject: row.subject }),
    record: stored.record as Record<string, unknown>,
    ...(starterPack === undefined ? {} : { starterPack }),
    isRead: seenAt === null || seenAt > indexedAt,
    indexedAt,
    labels: [...labelsOn(facts, row.uri), ...selfLabelsOf(row.uri, stored)],
  };
}

function selfLabelsOf(uri: ResourceUri, { cid, record }: Stored) {
  const collection = collectionOf(uri);
  return collection === POST || collection === PROFILE ? selfLabels(uri, cid, record) : [];
}

export async function getUnreadCount(
  reading: MemberViewContext,
  params: { priority?: boolean | undefined; seenAt?: string | undefined },
): Promise<{ count: number }> {
  if (params.seenAt !== undefined) throw invalidRequest("The seenAt parameter is unsupported");
  const { db, directory, viewer } = reading;
  const script = new Script();
  let muted: ThreadMuteRow[] = [];
  const selectMuted = directory.prepare("SELECT root_uri, created_at FROM thread_mute WHERE did = ?1");
  script.add<ThreadMuteRow>(true, selectMuted.bind(viewer), (rows) => (muted = rows));
  const inbox = await inboxOf(reading, params.priority, script);
  const after = inbox.seenAt === null ? -Number.MAX_SAFE_INTEGER : Date.parse(inbox.seenAt);
  const [counted] = await db.batch<{ count: number }>([selectUnread(db, inbox, after, muted)]);
  return { count: counted?.results[0]?.count ?? 0 };
}

export async function updateSeen(
  { directory, viewer }: MemberViewContext,
  { seenAt }: { seenAt: string },
): Promise<void> {
  const instant = Date.parse(seenAt);
  if (Number.isNaN(instant)) throw invalidRequest("Invalid seenAt");
  const { meta } = await directory
    .prepare(
      `INSERT INTO notification_seen (did, seen_at) SELECT ?1, ?2 WHERE ${IS_MEMBER}
        ON CONFLICT (did) DO UPDATE SET seen_at = excluded.seen_at`,
    )
    .bind(viewer, isoOf(instant))
    .run();
  if (meta.changes === 0) throw notMember();
}
