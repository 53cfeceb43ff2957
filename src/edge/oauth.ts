/**
 * The endpoints of the authorization server that apps call. The code behind them is loaded on the first such
 * request. What people see of a sign-in is the pages' (`pages.ts`).
 */
import { Hono } from "hono";
import type { Context } from "hono";
import type * as Endpoints from "../oauth/endpoints.ts";
import type { OAuthServer } from "../oauth/provider.ts";
import { clientAddress } from "../xrpc/server/client-address.ts";
import { consumeForAddress } from "../xrpc/server/address-limits.ts";
import { oauthContextOf } from "../xrpc/server/oauth.ts";
import type { Env } from "./env.ts";
import { servicesOf } from "./services.ts";

type Endpoint = (endpoints: typeof Endpoints, server: OAuthServer) => Response | Promise<Response>;

/** @param name what the request is counted as (`ADDRESS_LIMITS`) */
async function answer(c: Context<Env>, run: Endpoint, name = "oauth"): Promise<Response> {
  consumeForAddress(c.req.raw, name, c.env);
  const [endpoints, { oauthServer }, context] = await Promise.all([
    import("../oauth/endpoints.ts"),
    import("../oauth/provider.ts"),
    oauthContextOf(servicesOf(c.req.raw, c.env, c.executionCtx)),
  ]);
  return run(endpoints, await oauthServer(context));
}

export const oauth = new Hono<Env>();

oauth.get("/.well-known/oauth-protected-resource", async (c) => {
  consumeForAddress(c.req.raw, "oauth", c.env);
  const { protectedResourceMetadata } = await import("../oauth/endpoints.ts");
  return protectedResourceMetadata(servicesOf(c.req.raw, c.env, c.executionCtx).host.origin);
});
oauth.get("/.well-known/oauth-authorization-server", (c) =>
  answer(c, ({ authorizationServerMetadata }, server) => authorizationServerMetadata(server)),
);
oauth.get("/oauth/jwks", (c) => answer(c, ({ jwks }, server) => jwks(server)));

oauth.post("/oauth/par", (c) =>
  answer(
    c,
    ({ pushAuthorizationRequest }, server) => pushAuthorizationRequest(server, c.req.raw),
    "oauth/par",
  ),
);
oauth.post("/oauth/token", (c) =>
  answer(c, ({ token }, server) => token(server, c.req.raw, clientAddress(c.req.raw)), "oauth/token"),
);
oauth.post("/oauth/revoke", (c) => answer(c, ({ revoke }, server) => revoke(server, c.req.raw)));

// RFC 9126, section 2.3
for (const path of ["/oauth/par", "/oauth/token", "/oauth/revoke"]) {
  oauth.all(path, () => new Response(null, { status: 405, headers: { allow: "POST" } }));
}
