/** Waiting for an account's notifications (app.bsky.notification.listNotifications). */
import type { AppBskyNotificationListNotifications } from "@atproto/api";
import { callAs, type TestAccount } from "./accounts.ts";
import { poll, type Wait } from "./waiting.ts";

export type Notification = AppBskyNotificationListNotifications.Notification;

/** The newest matching notification; waits for one if there is none. Rejects after `timeout` ms (5,000). */
export async function nextNotification(
  account: TestAccount,
  predicate: (notification: Notification) => boolean,
  wait: Wait,
): Promise<Notification> {
  let there: Notification[] = [];
  const find = async () => {
    const params = { limit: 100 };
    const page = await callAs(account, "app.bsky.notification.listNotifications", { params });
    there = (page as { notifications: Notification[] }).notifications;
    return there.find(predicate);
  };
  return poll(find, wait, () => {
    const lines = there.map(({ reason, author, uri }) => `  ${reason} by ${author.handle} ${uri}`).join("\n");
    return `no such notification of ${account.handle}. What is there:\n${lines || "  none"}`;
  });
}
