/**
 * The routes of signing in: the endpoints for apps and the pages for people. The code behind them is loaded
 * on the first such request.
 */
import { Hono } from "hono";
import type { Context, MiddlewareHandler } from "hono";
import type { OAuthContext } from "../oauth/members.ts";
import type * as Station from "../web/station.ts";
import { hostOf } from "../identity/host.ts";
import { fetchPublic } from "../identity/outbound.ts";
import type { AccountStation } from "../protocol/account-station.ts";
import { isRefusal } from "../protocol/refusal.ts";
import { isDid } from "../protocol/syntax.ts";
import type { Bindings } from "../protocol/stations.ts";
import { clientAddress } from "../xrpc/server/client-address.ts";
import type { Services } from "../xrpc/server/services.ts";
import { membersOf } from "../web/members.ts";
import { consumeForAddress } from "../xrpc/server/address-limits.ts";
import { servicesOf } from "./services.ts";
import { readStatus, statusView } from "./status.ts";

type Env = { Bindings: Bindings<AccountStation> };

const servicesIn = (c: Context<Env>): Services => servicesOf(c.req.raw, c.env, c.executionCtx);

async function contextOf(services: Services, request: Request): Promise<OAuthContext> {
  const { env, host, directory, dids } = services;
  return {
    host: {
      origin: host.origin,
      hostname: host.hostname,
      did: host.did,
      local: host.local,
      handleDomains: host.handleDomains,
      registration: env.REGISTRATION,
      name: env.HOST_NAME || host.hostname,
      colour: env.HOST_COLOR ?? "",
    },
    database: env.DIRECTORY,
    secret: await directory.secret("JWT_SECRET"),
    members: membersOf(services, request),
    safeFetch: safeFetchOf(services),
    resolveDid: (did) => dids.resolve(did as Parameters<typeof dids.resolve>[0]),
    address: clientAddress(request),
    defer: (work) => services.defer(work),
  };
}

/**
 * A fetch for the OAuth provider, for small documents that third parties publish. Requests to this host
 * itself (a member's lexicon) are answered directly, since a Worker cannot call itself by its public name.
 */
function safeFetchOf(services: Services): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (url.origin === services.host.origin) return ownRecord(services, url);
    try {
      const accept = request.headers.get("accept");
      const { status, headers, body } = await fetchPublic(url, {
        local: services.host.local,
        headers: accept === null ? {} : { accept },
        maxBytes: 512 * 1024,
      });
      return new Response(body, { status, headers });
    } catch (thrown) {
      // The provider expects a fetch to fail with a TypeError and knows no refusals.
      throw isRefusal(thrown) ? new TypeError(thrown.message) : thrown;
    }
  };
}

async function ownRecord(services: Services, url: URL): Promise<Response> {
  const did = url.searchParams.get("did") ?? "";
  if (url.pathname !== "/xrpc/com.atproto.sync.getRecord" || !isDid(did))
    return new Response(null, { status: 404 });
  const { searchParams } = url;
  const proof = await services
    .account(did)
    .getRecordProof("public", searchParams.get("collection") ?? "", searchParams.get("rkey") ?? "");
  return new Response(proof, { headers: { "content-type": "application/vnd.ipld.car" } });
}

/** Runs a route of the station, which is loaded on the first such request. */
async function station(
  c: Context<Env>,
  run: (station: typeof Station, context: OAuthContext, request: Request) => Promise<Response>,
): Promise<Response> {
  const request = c.req.raw;
  consumeForAddress(request, "oauth", c.env);
  const [loaded, context] = await Promise.all([
    import("../web/station.ts"),
    contextOf(servicesIn(c), request),
  ]);
  return run(loaded, context, request);
}

/** Whether the client is a browser, which accepts HTML. */
const wantsPage = (c: Context<Env>) => (c.req.header("accept") ?? "").includes("text/html");

/**
 * Redirects pages to the host's own name. Members' handles are names of this host as well, but cookies,
 * passkeys and the check of a form's origin are bound to its own.
 */
const atHome: MiddlewareHandler<Env> = async (c, next) => {
  const { origin, hostname } = hostOf(c.req.url, c.env);
  const { hostname: asked, pathname, search } = new URL(c.req.url);
  if (c.req.method !== "GET" || asked === hostname || !wantsPage(c)) return next();
  return c.redirect(`${origin}${pathname}${search}`, 303);
};

export const oauth = new Hono<Env>();

oauth.use("/account/*", atHome);
oauth.use("/oauth/authorize", atHome);

oauth.get("/.well-known/oauth-protected-resource", (c) =>
  station(c, async ({ protectedResourceMetadata }, { host }) => protectedResourceMetadata(host.origin)),
);
oauth.get("/.well-known/oauth-authorization-server", (c) =>
  station(c, ({ serveMetadata }, context) => serveMetadata(context)),
);
oauth.get("/oauth/jwks", (c) => station(c, ({ serveKeys }, context) => serveKeys(context)));

for (const path of ["/oauth/par", "/oauth/token", "/oauth/revoke"] as const) {
  oauth.post(path, (c) => station(c, ({ serveApp }, context, request) => serveApp(path, context, request)));
  // RFC 9126, section 2.3
  oauth.all(path, () => new Response(null, { status: 405, headers: { allow: "POST" } }));
}

oauth.on(["GET", "POST"], "/oauth/authorize", (c) =>
  station(c, ({ serveAuthorize }, context, request) => serveAuthorize(context, request)),
);
/** The host's own pages, for browsers; `app.ts` answers other clients. */
oauth.get("/", (c, next) =>
  wantsPage(c) ? station(c, async ({ serveLanding }, context) => serveLanding(context)) : next(),
);
oauth.get("/status", (c, next) =>
  wantsPage(c)
    ? station(c, async ({ serveStatus }, context) =>
        serveStatus(context, statusView(await readStatus(servicesIn(c)))),
      )
    : next(),
);

oauth.on(["GET", "POST"], ["/account", "/account/*"], (c) =>
  station(c, ({ serveAccount }, context, request) => serveAccount(context, request)),
);
/** Password managers send their users here (W3C, "A Well-Known URL for Changing Passwords"). */
oauth.get("/.well-known/change-password", (c) => c.redirect("/account/password", 302));
/** The invitation link that a member gives to a newcomer. */
oauth.get("/join/:code", (c) =>
  c.redirect(`/account/sign-up?${new URLSearchParams({ invite: c.req.param("code") }).toString()}`, 303),
);
