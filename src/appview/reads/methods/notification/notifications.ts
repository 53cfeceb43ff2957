/** app.bsky.notification.listNotifications, getUnreadCount, updateSeen. */
import type { AppBskyNotificationListNotifications } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import { invalidRequest } from "../../../../protocol/refusal.ts";
import { isoOf } from "../../../instants.ts";
import { IS_MEMBER, notMember } from "../../queries/kept.ts";
import type { NotificationRow } from "../../queries/notifications.ts";
import type { MemberViewContext } from "../../view-context.ts";
import { POST, PROFILE, collectionOf } from "../../../uris.ts";
import { labelsOn, selfLabels } from "../../views/labels.ts";
import { profileView } from "../../views/profile.ts";
import { starterPackBasic } from "../../views/starter-pack.ts";
import { filled } from "../paged.ts";
import {
  ALWAYS,
  type Inbox,
  type Records,
  type Stored,
  inboxOf,
  packOf,
  parseNotificationCursor,
  readStanding,
  readViews,
  shownPage,
  storedOf,
} from "./shown-notifications.ts";

type View = AppBskyNotificationListNotifications.Notification;

interface ListParams {
  limit: number;
  cursor?: string | undefined;
  reasons?: readonly string[] | undefined;
  priority?: boolean | undefined;
  seenAt?: string | undefined;
}

const unsupported = () => invalidRequest("The seenAt parameter is unsupported");

/** Refuses InvalidRequest for a `seenAt`, which is unsupported, and `Malformed cursor`. */
export async function listNotifications(reading: MemberViewContext, params: ListParams) {
  if (params.seenAt !== undefined) throw unsupported();
  parseNotificationCursor(params.cursor);
  const inbox = await inboxOf(reading, params.priority);
  const isFirst = params.cursor === undefined;
  let { seenAt } = inbox;
  let readUpTo = seenAt === null ? Infinity : Date.parse(seenAt);
  const { items, cursor } = await filled<View>(reading, params, async (from, limit) => {
    const range = {
      cursor: parseNotificationCursor(from),
      newerThan: ALWAYS,
      reasons: params.reasons ?? null,
    };
    const page = await shownPage(reading, inbox, { ...range, limit }, readViews);
    const [newest] = page.rows;
    if (isFirst && seenAt === null && newest !== undefined) {
      // A viewer who has never looked finds the newest unread and the others read.
      seenAt = isoOf(newest.sort);
      readUpTo = newest.sort - 1;
    }
    return {
      items: page.rows.flatMap((row) => view(reading, page.records, row, readUpTo) ?? []),
      cursor: page.cursor,
    };
  });
  return {
    notifications: items,
    cursor,
    priority: inbox.priority,
    seenAt: seenAt ?? undefined,
  };
}

/** `readUpTo`: milliseconds, inclusive. */
function view(
  { images }: MemberViewContext,
  records: Records,
  row: NotificationRow,
  readUpTo: number,
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
    reasonSubject: row.subject ?? undefined,
    record: stored.record as Record<string, unknown>,
    starterPack,
    isRead: row.sort <= readUpTo,
    indexedAt,
    labels: [...labelsOn(facts, row.uri), ...selfLabelsOf(row.uri, stored)],
  };
}

function selfLabelsOf(uri: ResourceUri, { cid, record }: Stored) {
  const collection = collectionOf(uri);
  return collection === POST || collection === PROFILE ? selfLabels(uri, cid, record) : [];
}

/** A badge counts among so many of the newest notifications. */
const COUNTED = 1000;

/** The notifications that the list shows as unread; to a viewer who has never looked, all that it shows. */
export async function getUnreadCount(
  reading: MemberViewContext,
  params: { priority?: boolean | undefined; seenAt?: string | undefined },
): Promise<{ count: number }> {
  if (params.seenAt !== undefined) throw unsupported();
  const inbox = await inboxOf(reading, params.priority);
  const { rows } = await unreadPage(reading, inbox, undefined, COUNTED);
  return { count: rows.length };
}

/** Unread notifications, up to `most`: reads more than so many only where the viewer is not shown many of them. */
export async function countUnread(reading: MemberViewContext, most: number): Promise<number> {
  const inbox = await inboxOf(reading, undefined);
  const { rows, cursor } = await unreadPage(reading, inbox, undefined, most);
  if (cursor === undefined || rows.length >= most) return rows.length;
  const rest = await unreadPage(reading, inbox, cursor, COUNTED - most);
  return Math.min(most, rows.length + rest.rows.length);
}

function unreadPage(reading: MemberViewContext, inbox: Inbox, from: string | undefined, limit: number) {
  const newerThan = inbox.seenAt === null ? ALWAYS : Date.parse(inbox.seenAt);
  const range = { cursor: parseNotificationCursor(from), newerThan, reasons: null };
  return shownPage(reading, inbox, { ...range, limit }, readStanding);
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
