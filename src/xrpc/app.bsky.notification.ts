/** app.bsky.notification.*: a member's notifications and their settings. */
import {
  AppBskyNotificationGetPreferences,
  AppBskyNotificationGetUnreadCount,
  AppBskyNotificationListActivitySubscriptions,
  AppBskyNotificationListNotifications,
  AppBskyNotificationPutActivitySubscription,
  AppBskyNotificationPutPreferences,
  AppBskyNotificationPutPreferencesV2,
  AppBskyNotificationRegisterPush,
  AppBskyNotificationUnregisterPush,
  AppBskyNotificationUpdateSeen,
} from "@atcute/bluesky";
import {
  listActivitySubscriptions,
  putActivitySubscription,
} from "../appview/reads/methods/notification/activity-subscriptions.ts";
import {
  getPreferences,
  putPreferences,
  putPreferencesV2,
} from "../appview/reads/methods/notification/notification-preferences.ts";
import {
  getUnreadCount,
  listNotifications,
  updateSeen,
} from "../appview/reads/methods/notification/notifications.ts";
import { viewer } from "./server/policies.ts";
import { method } from "./server/method.ts";
import { appview } from "./server/appview.ts";
import { pushAt } from "./elsewhere/push.ts";

export const appBskyNotification = [
  appview(AppBskyNotificationListNotifications, viewer, listNotifications),
  appview(AppBskyNotificationGetUnreadCount, viewer, getUnreadCount),
  appview(AppBskyNotificationUpdateSeen, viewer, updateSeen),
  appview(AppBskyNotificationGetPreferences, viewer, getPreferences),
  appview(AppBskyNotificationPutPreferencesV2, viewer, putPreferencesV2),
  appview(AppBskyNotificationPutPreferences, viewer, putPreferences),
  appview(AppBskyNotificationPutActivitySubscription, viewer, putActivitySubscription),
  appview(AppBskyNotificationListActivitySubscriptions, viewer, listActivitySubscriptions),
  method(AppBskyNotificationRegisterPush, viewer, pushAt("app.bsky.notification.registerPush")),
  method(AppBskyNotificationUnregisterPush, viewer, pushAt("app.bsky.notification.unregisterPush")),
];
