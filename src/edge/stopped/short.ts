/** The refusals of a day on which the free plan runs short (`protocol/plan/shortage.ts`). */
import { type LetGo, type Shortage, isLetGo, retryAfter } from "../../protocol/plan/shortage.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Bindings } from "../../protocol/stations.ts";
import { isGuests } from "../replicas.ts";
import { type Stopped, stopped } from "./stopped.ts";

/** Whole repos, which strangers fetch one after the other. */
const CRAWLS = /^\/xrpc\/com\.atproto\.sync\.(getRepo|getCheckout)\/?$/;
/** The methods that the index answers. */
const INDEX = /^\/xrpc\/(app\.bsky|chat\.bsky)\./;
/** Paths that are no page of the app: they cost no database, or whoever runs the host needs them. */
const NO_PAGE =
  /^\/(xrpc|account|admin|setup|oauth|status|join|img|blob|watch|subscribe|app|\.well-known|robots\.txt)(\/|$)/;

const WHAT: Partial<Record<LetGo, string>> = {
  crawls: "Whole repos are not sent to strangers for the rest of the day.",
  guests: "Guests are not served for the rest of the day.",
  replays: "Old events are not sent for the rest of the day.",
};

const MORE = "This host has nearly used up what its plan allows in a day. It goes on after midnight (UTC).";

const refusalOf = (what: LetGo, { until }: Shortage, now: number) => ({
  error: "NotEnoughResources",
  title: "Closed until midnight (UTC)",
  message: `${WHAT[what] ?? ""} ${MORE}`.trim(),
  headers: retryAfter(until, now),
});

/** The part of a stranger's request that is let go; null if all is served. */
function meantBy(request: Request): LetGo | null {
  if (!isGuests(request)) return null;
  const { pathname } = new URL(request.url);
  if (CRAWLS.test(pathname)) return "crawls";
  return INDEX.test(pathname) || !NO_PAGE.test(pathname) ? "guests" : null;
}

/** Null if the request is served. */
export function letGo(
  request: Request,
  { SHORT }: Pick<Bindings, "SHORT">,
  now = Date.now(),
): Promise<Response> | null {
  if (SHORT === undefined) return null;
  const what = meantBy(request);
  if (what === null || !isLetGo(SHORT, what)) return null;
  return stopped(request, refusalOf(what, SHORT, now) satisfies Stopped);
}

/** Replays of more events than this are let go; a reader that was away for a moment comes back. */
export const REPLAYED = 1_000;

/**
 * Refuses NotEnoughResources (503) for a reader that wants many events that are past.
 * @param newest asks for the newest event's seq
 */
export async function checkReplay(
  request: Request,
  { SHORT }: Pick<Bindings, "SHORT">,
  newest: () => Promise<number>,
  now = Date.now(),
): Promise<void> {
  const url = new URL(request.url);
  const cursor = Number(url.searchParams.get("cursor") ?? NaN);
  if (SHORT === undefined || Number.isNaN(cursor) || !isLetGo(SHORT, "replays")) return;
  // The JSON stream counts microseconds.
  const isPast =
    url.pathname === "/subscribe"
      ? cursor < (now - REPLAYED_MS) * 1000
      : cursor < (await newest()) - REPLAYED;
  if (!isPast) return;
  const { error, message, headers } = refusalOf("replays", SHORT, now);
  throw new Refusal(error, message, 503, headers);
}

/** On the JSON stream, the same by time. */
const REPLAYED_MS = 10 * 60_000;
