/** Whether two hosts answer the same, but for what differs by nature: who made an account or a record where, and when. */
import type { PlantedCommunity } from "./community.ts";
import { type Reply, isObject } from "../client.ts";

/** Made anew by each host: hashes (of records that hold DIDs), moments of indexing, cursors. */
const OWN = new Set(["cid", "indexedAt", "cursor"]);

/** The answer with handles for DIDs, without what differs by nature. */
export function comparable(reply: Reply, community: PlantedCommunity): unknown {
  let text = reply.body.toString("utf8");
  for (const { did, handle } of community.members) text = text.replaceAll(did, handle);
  return JSON.parse(text, (key: string, value: unknown) => {
    if (OWN.has(key)) return undefined;
    if (key === "knownFollowers" && isObject(value)) return { count: value["count"] };
    if (key === "notifications" && Array.isArray(value)) return inOneOrder(value);
    // Pictures stand at addresses of the host's own.
    return typeof value === "string" && /^https?:/.test(value) ? "https:" : value;
  });
}

/**
 * The reference gives notifications of one moment, and the followers one knows, in whatever order Postgres finds them;
 * so those of a page's last moment are left out, of which the page may hold any.
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

/** Where two JSON values first differ, and how, as `feed.3.post.likeCount: 4, 5`; null where they are the same. */
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

/** How many items a page has; null where the answer is none. */
export function itemsIn(reply: Reply, list: string | null): number | null {
  const answer: unknown = JSON.parse(reply.body.toString("utf8"));
  const items = list !== null && isObject(answer) ? answer[list] : null;
  return Array.isArray(items) ? items.length : null;
}
