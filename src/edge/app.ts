/** The HTTP entry point: routes, CORS, and the rendering of errors that no route handled. */
import { Hono } from "hono";
import type { Context } from "hono";
import type { Bindings } from "../protocol/stations.ts";
import { invalidRequest } from "../protocol/refusal.ts";
import type { AccountStation } from "../protocol/account-station.ts";
import { methods } from "../xrpc/methods.ts";
import { consumeForAddress } from "../xrpc/server/address-limits.ts";
import type { Services } from "../xrpc/server/services.ts";
import { allowCors, preflight } from "./cors.ts";
import type { Env } from "./env.ts";
import { renderError } from "./errors.ts";
import { blob, image } from "./images.ts";
import { notSetUp } from "./stopped/not-set-up.ts";
import { oauth } from "./oauth.ts";
import { health } from "./health.ts";
import { landing, robots } from "./landing.ts";
import { pages, serveUnknown, wantsPage } from "./pages.ts";
import { servicesOf } from "./services.ts";
import { letGo } from "./stopped/short.ts";
import { status } from "./status.ts";
import { subscribe } from "./subscribe.ts";
import { atprotoDid, hostDidDocument } from "./well-known.ts";
import { serveXrpc } from "./xrpc.ts";

// As in the reference, a slash at the end of a path makes no difference.
const app = new Hono<Env>({ strict: false });

app.options("*", () => preflight());

type Answer = (request: Request, services: Services) => Response | Promise<Response>;

/** A route whose requests are counted per address, as those of methods are. */
const counted =
  (name: string, answer: Answer) =>
  (c: Context<Env>): Response | Promise<Response> => {
    consumeForAddress(c.req.raw, name, c.env);
    return answer(c.req.raw, servicesOf(c.req.raw, c.env, c.executionCtx));
  };

app.get(
  "/xrpc/_health",
  counted("health", (_, { env }) => health(env)),
);
app.get("/xrpc/com.atproto.sync.subscribeRepos", counted("subscribe", subscribe));
app.get("/subscribe", counted("subscribe", subscribe));
app.all("/xrpc/*", (c) =>
  serveXrpc(c.req.raw, c.env, (env) => servicesOf(c.req.raw, env, c.executionCtx), methods),
);

app.get("/.well-known/did.json", counted("well-known", hostDidDocument));
app.get("/.well-known/atproto-did", counted("well-known", atprotoDid));
app.route("/", oauth);
app.route("/", pages);
app.get("/img/*", counted("pictures", image));
app.get("/blob/*", counted("pictures", blob));
app.get(
  "/watch/*",
  counted("pictures", async (request, services) => {
    const { video } = await import("./video/video.ts");
    return video(request, services);
  }),
);
app.get(
  "/status",
  counted("status", (_, services) => status(services)),
);
app.get("/robots.txt", (c) => robots(servicesOf(c.req.raw, c.env, c.executionCtx)));
app.get("/", (c) => landing(servicesOf(c.req.raw, c.env, c.executionCtx)));

app.notFound((c) =>
  wantsPage(c.req.raw)
    ? serveUnknown(c)
    : allowCors(c.json({ error: "NotFound", message: "Not Found" }, 404, { vary: "accept" })),
);
app.onError((thrown, c) => renderError(thrown, c.req.raw));

/** Answers a request. Refuses InvalidRequest for one whose Host header names no host. */
export function serve(
  request: Request,
  env: Bindings<AccountStation>,
  context: ExecutionContext,
): Response | Promise<Response> {
  if (!hasHost(request)) return renderError(invalidRequest("Invalid Host header"), request);
  return (
    overTls(request, env) ?? notSetUp(request, env) ?? letGo(request, env) ?? app.fetch(request, env, context)
  );
}

/**
 * Leads a browser that came to a deployed host without TLS to the same place with it, since neither codes and
 * passwords nor the cookies of pages go without. Null for any other request.
 */
function overTls(request: Request, { LOCAL }: Bindings<AccountStation>): Response | null {
  if (LOCAL === "1" || !request.url.startsWith("http:")) return null;
  if (request.method !== "GET" || !wantsPage(request)) return null;
  const headers = { location: request.url.replace("http:", "https:"), "cache-control": "no-store" };
  return new Response(null, { status: 308, headers });
}

/**
 * Whether the Host header is one host with or without a port (RFC 9110, section 7.2). Two such headers arrive
 * joined by a comma. A request without one was made by the runtime itself.
 */
function hasHost({ headers, url }: Request): boolean {
  const host = headers.get("host");
  return host === null || (!/[\s,/?#@\\]/.test(host) && URL.canParse(url));
}
