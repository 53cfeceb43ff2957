/**
 * The ways to the pages that people see. The pages themselves are routed by `web/routes.ts`, which is loaded
 * on the first such request.
 */
import { Hono } from "hono";
import type { Context, MiddlewareHandler } from "hono";
import { hostOf } from "../identity/host.ts";
import { consumeForAddress } from "../xrpc/server/address-limits.ts";
import { openBill } from "./cost.ts";
import type { Env } from "./env.ts";
import { refusalFor } from "./errors.ts";
import type { Services } from "../xrpc/server/services.ts";
import { servicesOf } from "./services.ts";

/** Whether the client is a browser, which accepts HTML. */
export const wantsPage = (request: Request) => (request.headers.get("accept") ?? "").includes("text/html");

type Serve = (services: Services, request: Request) => Promise<Response>;

/** Programs that make previews of links, or index pages: few of them accept HTML by name. */
const PREVIEWS = /bot\b|crawler|spider|preview|facebookexternalhit|whatsapp|embedly|mastodon/i;

/** Whether the front page is wanted, rather than what it says to programs. */
const wantsFront = (request: Request) =>
  wantsPage(request) || PREVIEWS.test(request.headers.get("user-agent") ?? "");

/** The page at a request's path; for a browser, an error is a page as well. */
const servePage = (c: Context<Env>): Promise<Response> =>
  serveBy(c, "oauth", async (services, request) =>
    (await import("../web/routes.ts")).servePage(services, request),
  );

/** A page of the app. */
const serveApp = (c: Context<Env>): Promise<Response> =>
  serveBy(c, "app", async (services, request) =>
    (await import("../web/app/routes.tsx")).serveApp(services, request),
  );

/** The page of a path that nothing is at: one of the app, unless it is near the account's pages. */
export const serveUnknown = async (c: Context<Env>): Promise<Response> =>
  wayHome(c) ??
  (/^\/(account|admin|setup|oauth)(\/|$)/.test(new URL(c.req.url).pathname) ? servePage(c) : serveApp(c));

/** @param counted the kind of route that the request is counted as */
async function serveBy(c: Context<Env>, counted: string, serve: Serve): Promise<Response> {
  const request = c.req.raw;
  const bill = await openBill(request, c.env);
  const services = servicesOf(request, bill?.env ?? c.env, c.executionCtx);
  try {
    consumeForAddress(request, counted, c.env);
    const response = await serve(services, request);
    await bill?.tell(response);
    return response;
  } catch (thrown) {
    if (!wantsPage(request)) throw thrown;
    const { failurePage } = await import("../web/routes.ts");
    return failurePage(services, refusalFor(thrown));
  }
}

/**
 * Redirects pages to the host's own name. Members' handles are names of this host as well, but cookies,
 * passkeys and the check of a form's origin are bound to its own.
 */
const atHome: MiddlewareHandler<Env> = async (c, next) => wayHome(c) ?? next();

/** Null for a request that is at home, or none for a page. */
function wayHome(c: Context<Env>): Response | null {
  const { origin, hostname } = hostOf(c.req.url, c.env);
  const { hostname: asked, pathname, search } = new URL(c.req.url);
  if (c.req.method !== "GET" || asked === hostname || !wantsPage(c.req.raw)) return null;
  return c.redirect(`${origin}${pathname}${search}`, 303);
}

export const pages = new Hono<Env>();

pages.use("/account/*", atHome);
pages.use("/admin/*", atHome);
pages.use("/setup/*", atHome);
pages.use("/oauth/authorize", atHome);
pages.on(["GET", "POST"], ["/account", "/account/*", "/admin", "/admin/*", "/oauth/authorize"], servePage);
pages.on(["GET", "POST"], ["/setup", "/setup/*"], servePage);

/** Paths of the app. Whatever asks for them gets a page, since what makes previews of links seldom says that it wants one. */
const APP_PATHS = [
  "/profile/*",
  "/hashtag/*",
  "/search",
  "/starter-pack/*",
  "/rss",
  "/app/*",
  "/intent/compose",
  "/notifications",
  "/saved",
];

for (const path of APP_PATHS) pages.use(path, atHome);
pages.on(["GET", "POST"], APP_PATHS, serveApp);

/** At the address of a member's handle, their profile. */
pages.get("/", (c, next) => {
  const { origin, hostname, handleDomains } = hostOf(c.req.url, c.env);
  const asked = new URL(c.req.url).hostname;
  const isMember = asked !== hostname && handleDomains.some((domain) => asked.endsWith(domain));
  if (!isMember || !wantsFront(c.req.raw)) return next();
  return c.redirect(`${origin}/profile/${asked}`, 303);
});
pages.get("/", (c, next) => (wantsFront(c.req.raw) ? serveApp(c) : next()));

/** A page for browsers, where `app.ts` has another answer for other clients. */
pages.on("GET", ["/status"], (c, next) => (wantsPage(c.req.raw) ? servePage(c) : next()));

/** Password managers send their users here (W3C, "A Well-Known URL for Changing Passwords"). */
pages.get("/.well-known/change-password", (c) => c.redirect("/account/password", 302));
/** The invitation link that a member gives to a newcomer. */
pages.get("/join/:code", (c) =>
  c.redirect(`/account/sign-up?${new URLSearchParams({ invite: c.req.param("code") }).toString()}`, 303),
);
