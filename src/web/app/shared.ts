/**
 * Keeps the pages of guests at the edge for seconds (Cache API): each is the same for all who read one
 * language. What a member sees is never kept. A reader who asks for a fresh page (`cache-control:
 * no-cache`) gets one.
 */
import type { Services } from "../../xrpc/server/services.ts";
import { hasBrowserCookie } from "../sign-in/browser.ts";
import { wordsFor } from "./words/speech.ts";

/** Queries that make another page. Whatever else an address carries is no other entry in the cache. */
const QUERIES = ["cursor", "others", "q", "tab"];

/** The answer's name in the cache; null if the request is not a guest's, or reads nothing. */
function keyOf(request: Request, services: Services): Request | null {
  if (request.method !== "GET" || hasBrowserCookie(request, services)) return null;
  const { pathname, searchParams } = new URL(request.url);
  const { lang } = wordsFor(request.headers.get("accept-language"));
  // A choice of the owner's makes all pages others at once.
  const { APP_READERS, HOST_KIND, APPVIEW } = services.env;
  const made = `${lang}-${APP_READERS}-${HOST_KIND}-${APPVIEW === "local" ? "local" : "elsewhere"}`;
  const key = new URL(`/app/cache/${made}${pathname}`, services.host.origin);
  for (const name of QUERIES) {
    const value = searchParams.get(name);
    if (value !== null) key.searchParams.set(name, value);
  }
  return new Request(key);
}

/** Answers from the cache, or makes the answer and keeps it if it may be shared. */
export async function shared(
  request: Request,
  services: Services,
  make: () => Promise<Response>,
): Promise<Response> {
  const key = keyOf(request, services);
  if (key === null) return make();
  const isFresh = /\bno-cache\b/.test(request.headers.get("cache-control") ?? "");
  const kept = isFresh ? undefined : await caches.default.match(key).catch(() => undefined);
  if (kept !== undefined) return new Response(kept.body, kept);
  const made = await make();
  if (made.status === 200 && made.headers.get("cache-control")?.startsWith("public") === true) {
    services.defer(caches.default.put(key, made.clone()).catch(() => undefined));
  }
  return made;
}
