/** What apps read and call first: no member yet. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestNetwork, type TestNetwork } from "../../../local/testing/index.ts";
import { MemberBrowser } from "./member-browser.ts";

let network: TestNetwork;
let ORIGIN = "";
beforeAll(async () => {
  network = await createTestNetwork({ vars: { REGISTRATION: "invite" } });
  ORIGIN = network.url;
});
afterAll(() => network.dispose());

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
