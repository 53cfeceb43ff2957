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
import { pushAt } from "./elsewhere/push.ts";
import { memberViewContextFor } from "./server/view-context.ts";

export const appBskyNotification = [
  method(AppBskyNotificationListNotifications, viewer, (call) =>
    listNotifications(memberViewContextFor(call), call.params),
  ),
  method(AppBskyNotificationGetUnreadCount, viewer, (call) =>
    getUnreadCount(memberViewContextFor(call), call.params),
  ),
  method(AppBskyNotificationUpdateSeen, viewer, (call) => updateSeen(memberViewContextFor(call), call.input)),
  method(AppBskyNotificationGetPreferences, viewer, (call) => getPreferences(memberViewContextFor(call))),
  method(AppBskyNotificationPutPreferencesV2, viewer, (call) =>
    putPreferencesV2(memberViewContextFor(call), call.input),
  ),
  method(AppBskyNotificationPutPreferences, viewer, (call) =>
    putPreferences(memberViewContextFor(call), call.input),
  ),
  method(AppBskyNotificationPutActivitySubscription, viewer, (call) =>
    putActivitySubscription(memberViewContextFor(call), call.input),
  ),
  method(AppBskyNotificationListActivitySubscriptions, viewer, (call) =>
    listActivitySubscriptions(memberViewContextFor(call), call.params),
  ),
  method(AppBskyNotificationRegisterPush, viewer, pushAt("app.bsky.notification.registerPush")),
  method(AppBskyNotificationUnregisterPush, viewer, pushAt("app.bsky.notification.unregisterPush")),
];
