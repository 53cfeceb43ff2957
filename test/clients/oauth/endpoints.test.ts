/** What apps read and call first, before any member is involved. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningHost } from "../../../tools/dev/host.ts";
import { startHost } from "../../../tools/dev/host.ts";
import { MemberBrowser, shown, textOf } from "../../../tools/kit/oauth/member-browser.ts";

let host: RunningHost;
let ORIGIN = "";
beforeAll(async () => {
  host = await startHost({ vars: { RATE_LIMITS: "off" } });
  ORIGIN = host.origin;
});
afterAll(() => host?.stop());

const get = (path: string, headers: Record<string, string> = {}) =>
  new MemberBrowser(ORIGIN).fetch(path, { headers });

const push = (body: string, headers: Record<string, string> = {}) =>
  fetch(`${ORIGIN}/oauth/par`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body,
  });

test("the resource says who authorizes for it", async () => {
  const response = await get("/.well-known/oauth-protected-resource");
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
  expect(await response.json()).toEqual({
    resource: ORIGIN,
    authorization_servers: [ORIGIN],
    scopes_supported: [],
    bearer_methods_supported: ["header"],
    resource_documentation: "https://atproto.com",
  });
});

test("the authorization server keeps the atproto profile", async () => {
  const response = await get("/.well-known/oauth-authorization-server");
  const metadata = (await response.json()) as Record<string, unknown>;
  expect(metadata).toMatchObject({
    issuer: ORIGIN,
    pushed_authorization_request_endpoint: `${ORIGIN}/oauth/par`,
    require_pushed_authorization_requests: true,
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
    code_challenge_methods_supported: ["S256"],
    response_types_supported: ["code"],
    token_endpoint_auth_methods_supported: ["none", "private_key_jwt"],
    protected_resources: [ORIGIN],
  });
  expect(metadata.scopes_supported).toContain("atproto");
  expect(metadata.dpop_signing_alg_values_supported).toContain("ES256");
});

test("it promises no algorithm that this runtime cannot verify", async () => {
  const response = await get("/.well-known/oauth-authorization-server");
  expect(await response.text()).not.toContain("ES256K");
});

test("it publishes no key: access tokens are read by this host alone", async () => {
  expect(await (await get("/oauth/jwks")).json()).toEqual({ keys: [] });
});

test.each([
  ["a bare client id", "client_id=x", "invalid_request"],
  ["nothing", "", "invalid_client"],
  ["the same parameter twice", "client_id=x&client_id=y", "invalid_request"],
])("a push of %s is refused", async (_what, body, error) => {
  const response = await push(body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error });
  expect(response.headers.get("dpop-nonce")).toBeTruthy();
  expect(response.headers.get("cache-control")).toBe("no-store");
});

test("a push that is no form and no JSON is refused, and so is one that is too large", async () => {
  expect((await push("<a/>", { "content-type": "text/xml" })).status).toBe(400);
  expect((await push(`client_id=${"x".repeat(70_000)}`)).status).toBe(400);
});

test("only POST reaches what apps call", async () => {
  for (const path of ["/oauth/par", "/oauth/token", "/oauth/revoke"]) {
    expect((await get(path)).status).toBe(405);
  }
});

test("a token that is none is refused as the reference refuses it", async () => {
  const response = await get("/xrpc/com.atproto.server.getSession", { authorization: "DPoP abc" });
  expect(response.status).toBe(401);
  expect(await response.json()).toEqual({ error: "invalid_token", message: "Malformed token" });
  expect(response.headers.get("www-authenticate")).toContain('error="invalid_token"');
  expect(response.headers.get("dpop-nonce")).toBeTruthy();
});

test("pages open as pages, in no frame, and run no script of others", async () => {
  const framed = await get("/account/sign-in", { "sec-fetch-dest": "iframe", "sec-fetch-mode": "navigate" });
  expect(framed.status).toBe(400);
  const page = await get("/account/sign-in", { "sec-fetch-dest": "document", "sec-fetch-mode": "navigate" });
  expect(page.status).toBe(200);
  const policy = page.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("form-action 'self'");
  expect(page.headers.get("x-frame-options")).toBe("DENY");
  expect(page.headers.get("cache-control")).toBe("no-store");
  expect(page.headers.get("set-cookie")).toMatch(/HttpOnly; SameSite=Lax/);
});

test("the front door and the status are pages for people, and what they were for programs", async () => {
  for (const [path, type] of [
    ["/", "text/plain; charset=utf-8"],
    ["/status", "application/json"],
  ] as const) {
    const plain = await get(path, { accept: "*/*" });
    expect(plain.headers.get("content-type")).toBe(type);
    const page = await get(path, { accept: "text/html,application/xhtml+xml,*/*;q=0.8" });
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    for (const { headers } of [plain, page]) expect(headers.get("vary")).toMatch(/^accept\b/);
    // A mere visit sets no cookie.
    expect(page.headers.getSetCookie()).toEqual([]);
  }
});

test("whoever comes to a host that is closed is told so at the front door", async () => {
  const closed = await startHost({ vars: { REGISTRATION: "closed", HOST_NAME: "Lagoon" } });
  const page = shown(await new MemberBrowser(closed.origin).open("/", { headers: { accept: "text/html" } }));
  expect(textOf(page)).toContain("Welcome to Lagoon");
  expect(textOf(page)).toContain("New accounts are not given out");
  expect(page.html).not.toContain("/account/sign-up");
  await closed.stop();
});

describe("over TLS, under a name of its own", () => {
  let named: RunningHost;
  let browser: MemberBrowser;
  beforeAll(async () => {
    named = await startHost({
      vars: { PUBLIC_URL: "https://lagoon.test", HANDLE_DOMAINS: ".lagoon.test", RATE_LIMITS: "off" },
    });
    browser = new MemberBrowser(named.origin);
  });
  afterAll(() => named?.stop());
  const at = (path: string, host: string, accept = "text/html") =>
    browser.fetch(path, { headers: { host, accept } });

  test("under a member's handle, the pages lead to where they are at home", async () => {
    for (const path of ["/account", "/account/sign-up?invite=x", "/oauth/authorize?client_id=x"]) {
      const response = await at(path, "alice.lagoon.test");
      expect([response.status, response.headers.get("location")]).toEqual([
        303,
        `https://lagoon.test${path}`,
      ]);
    }
    // A page's assets are served from the page's own origin.
    expect((await at("/account/mark.svg", "alice.lagoon.test", "image/*")).status).toBe(200);
    // At the address of a handle is whose it is.
    const front = await at("/", "alice.lagoon.test");
    expect(front.headers.get("location")).toBe("https://lagoon.test/profile/alice.lagoon.test");
  });

  test("cookies are the host's alone: no script, no other name of the domain, nothing in the clear", async () => {
    const response = await at("/account/sign-in", "lagoon.test");
    expect(response.status).toBe(200);
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-atoll-browser=dev-[0-9a-f]{32}\.[0-9a-f]{32}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
      ),
    ]);
    expect(response.headers.get("strict-transport-security")).toContain("max-age=");
  });
});
