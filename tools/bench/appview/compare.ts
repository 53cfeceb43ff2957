/**
 * Compares the answers of two hosts. It ignores values that each host makes itself: DIDs, hashes, times of
 * indexing, cursors, addresses of pictures.
 */
import type { PlantedCommunity } from "./community.ts";
import { type Reply, isObject } from "../client.ts";

/** Fields that each host makes itself: hashes (of records that hold DIDs), times of indexing, cursors. */
const OWN = new Set(["cid", "indexedAt", "cursor"]);

/** The answer with handles for DIDs, and without the values that each host makes itself. */
export function comparable(reply: Reply, community: PlantedCommunity): unknown {
  let text = reply.body.toString("utf8");
  for (const { did, handle } of community.members) text = text.replaceAll(did, handle);
  return JSON.parse(text, (key: string, value: unknown) => {
    if (OWN.has(key)) return undefined;
    if (key === "knownFollowers" && isObject(value)) return { count: value["count"] };
    if (key === "notifications" && Array.isArray(value)) return inOneOrder(value);
    // Each host serves pictures at its own addresses.
    return typeof value === "string" && /^https?:/.test(value) ? "https:" : value;
  });
}

/**
 * Sorts notifications. The reference returns those of the same time in the order in which Postgres finds
 * them. So those of the page's last time are left out, since the page may end with any of them.
 */
function inOneOrder(notifications: unknown[]): unknown[] {
  const last = momentOf(notifications.at(-1));
  const whole = notifications.filter((each) => momentOf(each) !== last);
  return whole.toSorted((a, b) => keyOf(a).localeCompare(keyOf(b)));
}

function momentOf(notification: unknown): string {
  const record = isObject(notification) ? notification["record"] : null;
  return isObject(record) ? String(record["createdAt"]) : "";
}

const keyOf = (notification: unknown) =>
  `${momentOf(notification)} ${isObject(notification) ? String(notification["uri"]) : ""}`;

/**
 * The first difference between two JSON values, such as `feed.3.post.likeCount: 4, 5`; null if there is none.
 */
export function firstDifference(a: unknown, b: unknown, path: readonly string[] = []): string | null {
  if (isObject(a) && isObject(b) && Array.isArray(a) === Array.isArray(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const found = firstDifference(a[key], b[key], [...path, key]);
      if (found !== null) return found;
    }
    return null;
  }
  return a === b ? null : `${path.join(".")}: ${show(a)}, ${show(b)}`;
}

const show = (value: unknown) => JSON.stringify(value)?.slice(0, 100) ?? "nothing";

/** The number of items on a page; null if the answer is no list. */
export function itemsIn(reply: Reply, list: string | null): number | null {
  const answer: unknown = JSON.parse(reply.body.toString("utf8"));
  const items = list !== null && isObject(answer) ? answer[list] : null;
  return Array.isArray(items) ? items.length : null;
}
