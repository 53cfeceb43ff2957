/** app.bsky.notification.*: what a member is told. */
import {
  AppBskyNotificationGetUnreadCount,
  AppBskyNotificationListNotifications,
  AppBskyNotificationUpdateSeen,
} from "@atcute/bluesky";
import { getUnreadCount, listNotifications, updateSeen } from "../appview/methods/notifications.ts";
import { viewer } from "./auth.ts";
import { method } from "./method.ts";
import { ownReadingFor } from "./reading.ts";

export const appBskyNotification = [
  method(AppBskyNotificationListNotifications, viewer, (call) =>
    listNotifications(ownReadingFor(call), call.params),
  ),
  method(AppBskyNotificationGetUnreadCount, viewer, (call) =>
    getUnreadCount(ownReadingFor(call), call.params),
  ),
  method(AppBskyNotificationUpdateSeen, viewer, (call) => updateSeen(ownReadingFor(call), call.input)),
];
