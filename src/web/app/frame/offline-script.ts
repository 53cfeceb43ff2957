/**
 * The app's service worker: what was read stays readable without a network. The network always comes first for
 * pages, so none is older than it has to be. Pages are of one reader: those of the one before are deleted when
 * another appears, or when somebody signs in or out. Account, admin, sign-in and XRPC pass by. Served as it is.
 */
import { digestOf } from "../../../oauth/digest.ts";

/** Names whose page, in the words of each language, is shown where nothing was kept. */
export const OFFLINE_PATH = "/app/offline";
export const OFFLINE_SCRIPT_PATH = "/app/offline.js";
/** Says in whose name a page was made. */
export const READER_HEADER = "app-reader";

const SOURCE = `
const PAGES = "pages " + VERSION, CODE = "code " + VERSION, PICTURES = "pictures " + VERSION;
const MOST = { [PAGES]: 60, [CODE]: 8, [PICTURES]: 150 };
const IS_CODE = /^\\/(app|account)\\/(style|script)\\.[0-9a-f]+\\.(css|js)$/;
const IS_PICTURE = /^\\/img\\//;
const IS_PAGE = /^\\/($|profile\\/|hashtag\\/|starter-pack\\/|search$|notifications$|saved$)/;
const IS_SIGN_IN = /^\\/(account|oauth|admin)(\\/|$)/;
const WHOSE = "/whose", NOTHING = "${OFFLINE_PATH}";

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(caches.open(CODE).then((code) => code.add(new Request(NOTHING, { credentials: "omit", headers: { accept: "text/html" } }))).catch(() => {}));
});
addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (!Object.hasOwn(MOST, name)) await caches.delete(name);
  await clients.claim();
})()));

const keep = async (name, key, answer) => {
  const cache = await caches.open(name);
  await cache.delete(key);
  await cache.put(key, answer);
  const keys = await cache.keys();
  for (const old of keys.slice(0, Math.max(0, keys.length - MOST[name]))) await cache.delete(old);
};

// Pages are kept of one reader at a time.
let turn = Promise.resolve();
const inTurn = (work) => (turn = turn.then(work, work));
const forget = async () => { await caches.delete(PAGES); await caches.delete(PICTURES); };
const keepPage = (url, answer) => inTurn(async () => {
  const reader = answer.headers.get("${READER_HEADER}");
  if (reader === null) return;
  const whose = await (await caches.open(PAGES)).match(WHOSE);
  if ((await whose?.text()) !== reader) await forget();
  await keep(PAGES, WHOSE, new Response(reader));
  if (answer.ok && !answer.redirected) await keep(PAGES, url, answer);
});

const firstKept = (name) => async (event) => {
  const kept = await (await caches.open(name)).match(event.request.url);
  if (kept) return kept;
  const answer = await fetch(event.request);
  if (answer.ok && answer.type === "basic") event.waitUntil(keep(name, event.request.url, answer.clone()));
  return answer;
};

const page = async (event) => {
  const { url } = event.request;
  try {
    const answer = await fetch(event.request);
    if ((answer.headers.get("content-type") ?? "").startsWith("text/html")) event.waitUntil(keepPage(url, answer.clone()));
    return answer;
  } catch (failed) {
    await turn;
    const kept = await (await caches.open(PAGES)).match(url, { ignoreVary: true });
    const nothing = event.request.mode === "navigate" && (await (await caches.open(CODE)).match(NOTHING, { ignoreVary: true }));
    if (kept || nothing) return kept || nothing;
    throw failed;
  }
};

addEventListener("fetch", (event) => {
  const { request } = event, { origin, pathname } = new URL(request.url);
  if (origin !== location.origin) return;
  if (request.method !== "GET") {
    if (IS_SIGN_IN.test(pathname)) event.waitUntil(inTurn(forget));
    return;
  }
  if (request.headers.has("range")) return;
  if (IS_CODE.test(pathname)) event.respondWith(firstKept(CODE)(event));
  else if (IS_PICTURE.test(pathname)) event.respondWith(firstKept(PICTURES)(event));
  else if (IS_PAGE.test(pathname) && !pathname.endsWith("/rss")) event.respondWith(page(event));
});
`;

/** Another version drops what the one before it kept. */
export const OFFLINE_SCRIPT = `const VERSION = "${digestOf(SOURCE).slice(0, 12)}";${SOURCE}`;
