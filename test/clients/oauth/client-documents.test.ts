/** The documents that apps publish, and attacks with a document that lies or changes. */
import { SignJWT, exportJWK } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MemberBrowser, departed, textOf } from "../../../tools/kit/oauth/member-browser.ts";
import { RawApp, newKey } from "./raw-app.ts";
import { type Stage, setStage, signInAt } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage?.stop());

const newBrowser = () => new MemberBrowser(stage.host.url);

/** An app whose document changes between two fetches. The host caches a document for ten minutes at most. */
async function confidential(name: string) {
  const key = await newKey();
  const jwk = { ...(await exportJWK(key.publicKey)), kid: "one", alg: "ES256", use: "sig" };
  const clientId = `https://app.tester.dev/${name}.json`;
  const document = {
    client_id: clientId,
    client_name: "Changeling",
    redirect_uris: ["https://app.tester.dev/callback"],
    scope: "atproto transition:generic",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    application_type: "web",
    dpop_bound_access_tokens: true,
    token_endpoint_auth_method: "private_key_jwt",
    token_endpoint_auth_signing_alg: "ES256",
    jwks: { keys: [jwk] },
  };
  return { key, clientId, document };
}

type Key = Awaited<ReturnType<typeof newKey>>;

async function assertion(clientId: string, key: Key, over: { jti?: string; audience?: string } = {}) {
  return {
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: await new SignJWT({ jti: over.jti ?? crypto.randomUUID() })
      .setProtectedHeader({ alg: "ES256", kid: "one" })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(over.audience ?? stage.host.url)
      .setIssuedAt()
      .setExpirationTime("1m")
      .sign(key.privateKey),
  };
}

test("a client's assertion works once, and only with the key that its document names", async () => {
  const { key, clientId, document } = await confidential("asserting");
  stage.published.set(clientId, document);
  const app = await RawApp.of(stage.host.url, "", {
    clientId,
    redirectUri: "https://app.tester.dev/callback",
  });
  const once = await assertion(clientId, key);
  expect((await app.push(once)).status).toBe(201);
  expect((await app.push(once)).status).toBe(400);
  expect((await app.push(await assertion(clientId, await newKey()))).status).toBe(400);
  const elsewhere = { audience: "https://other.example" };
  expect((await app.push(await assertion(clientId, key, elsewhere))).status).toBe(400);
  expect((await app.push(await assertion("https://app.tester.dev/other.json", key))).status).toBe(400);
  expect((await app.push()).status).toBe(400);
});

test("a document that says another client, or is none, introduces nobody", async () => {
  const { clientId, document, key } = await confidential("impostor");
  stage.published.set(clientId, { ...document, client_id: "https://app.tester.dev/asserting.json" });
  const app = await RawApp.of(stage.host.url, "", {
    clientId,
    redirectUri: "https://app.tester.dev/callback",
  });
  const answer = await app.push(await assertion(clientId, key));
  expect(answer).toMatchObject({ status: 400, body: { error: "invalid_client_metadata" } });
  for (const id of [
    "https://10.0.0.1/client.json",
    "https://localhost/client.json",
    "https://app.tester.dev/absent.json",
  ]) {
    const other = await RawApp.of(stage.host.url, "", {
      clientId: id,
      redirectUri: "https://app.tester.dev/callback",
    });
    expect((await other.push()).status, id).toBe(400);
  }
});

const REDIRECT = "https://app.tester.dev/callback";

function authorizeAt(clientId: string, requestUri: unknown): URL {
  const url = new URL("/oauth/authorize", stage.host.url);
  url.searchParams.set("client_id", clientId);
  url.searchParams.set("request_uri", String(requestUri));
  return url;
}

/** A session of an app that authenticates with a key. */
async function connected(name: string) {
  const { clientId, document, key } = await confidential(name);
  stage.published.set(clientId, document);
  const app = await RawApp.of(stage.host.url, "", { clientId, redirectUri: REDIRECT });
  const { body: pushed } = await app.push(await assertion(clientId, key));
  const browser = newBrowser();
  const consent = await signInAt(browser, authorizeAt(clientId, pushed.request_uri));
  const back = departed(await browser.submit(consent, "consent", { answer: "allow" }));
  const { body } = await app.exchange(back.searchParams.get("code") ?? "", await assertion(clientId, key));
  return { app, clientId, document, key, refresh: String(body.refresh_token) };
}

/** Clears the host's document cache, which expires by itself within ten minutes. */
const forgetDocuments = () => stage.network.crash();

test("a document that changes on the way changes nothing that was pushed", async () => {
  const { clientId, document, key } = await confidential("changing");
  stage.published.set(clientId, document);
  const app = await RawApp.of(stage.host.url, "", { clientId, redirectUri: REDIRECT });
  const { body } = await app.push(await assertion(clientId, key));
  stage.published.set(clientId, {
    ...document,
    redirect_uris: ["https://app.tester.dev/elsewhere"],
    client_name: "Your Bank",
  });
  await forgetDocuments();
  const browser = newBrowser();
  const consent = await signInAt(browser, authorizeAt(clientId, body.request_uri));
  expect(textOf(consent)).toContain("app.tester.dev");
  const back = departed(await browser.submit(consent, "consent", { answer: "allow" }));
  expect(`${back.origin}${back.pathname}`).toBe(REDIRECT);
  // From now on the new document applies.
  expect((await app.push(await assertion(clientId, key))).status).toBe(400);
});

test("a session that began with a key does not go on without it", async () => {
  const { app, clientId, document, refresh } = await connected("weakened");
  // A thief of the refresh token and the DPoP key still lacks the client's key. A document that requires none
  // does not help them.
  expect((await app.refresh(refresh)).status).toBe(400);
  const { jwks: _keys, token_endpoint_auth_signing_alg: _alg, ...rest } = document;
  stage.published.set(clientId, { ...rest, token_endpoint_auth_method: "none" });
  await forgetDocuments();
  expect((await app.refresh(refresh)).body.access_token).toBeUndefined();
});

test("a key that the document no longer names ends its sessions, and another takes over none", async () => {
  const { app, clientId, document, key, refresh } = await connected("rotated");
  const other = await newKey();
  const jwk = { ...(await exportJWK(other.publicKey)), kid: "one", alg: "ES256", use: "sig" };
  stage.published.set(clientId, { ...document, jwks: { keys: [jwk] } });
  await forgetDocuments();
  expect((await app.refresh(refresh, await assertion(clientId, key))).body.access_token).toBeUndefined();
  expect((await app.refresh(refresh, await assertion(clientId, other))).body.access_token).toBeUndefined();
});

test("an app whose document is gone gets nothing more", async () => {
  const { app, clientId, key, refresh } = await connected("vanished");
  stage.published.delete(clientId);
  await forgetDocuments();
  const { status, body } = await app.refresh(refresh, await assertion(clientId, key));
  expect([status, body.access_token]).toEqual([400, undefined]);
});

test("a document that asks for more than its scopes say is held to them", async () => {
  const { clientId, document, key } = await confidential("greedy");
  stage.published.set(clientId, { ...document, scope: "atproto repo:app.bsky.feed.post" });
  const app = await RawApp.of(stage.host.url, "", { clientId, redirectUri: REDIRECT });
  const answer = await app.push({ ...(await assertion(clientId, key)), scope: "atproto transition:generic" });
  expect(answer).toMatchObject({ status: 400, body: { error: "invalid_scope" } });
});

test.each([
  ["that lets tokens be unbound", { dpop_bound_access_tokens: false }],
  [
    "with a redirect to another machine of the network",
    { redirect_uris: ["https://printer.local/callback"] },
  ],
  ["with a redirect to a script", { redirect_uris: ["javascript:alert(1)"] }],
  ["with a redirect without TLS", { redirect_uris: ["http://app.tester.dev/callback"] }],
  [
    "with a redirect that has a fragment's worth of credentials",
    { redirect_uris: ["https://a:b@app.tester.dev/x"] },
  ],
  ["that wants implicit grants", { grant_types: ["implicit"] }],
  ["that lacks the atproto scope", { scope: "transition:generic" }],
  ["with a home elsewhere", { client_uri: "https://bank.example" }],
  ["that shares a secret", { token_endpoint_auth_method: "client_secret_post" }],
  ["with keys of its own and by reference", { jwks_uri: "https://app.tester.dev/keys.json" }],
])("a document %s introduces nobody", async (what, over) => {
  const { clientId, document, key } = await confidential(what.replaceAll(/[^a-z]/g, "-"));
  stage.published.set(clientId, { ...document, ...over });
  const app = await RawApp.of(stage.host.url, "", { clientId, redirectUri: REDIRECT });
  const answer = await app.push(await assertion(clientId, key));
  expect([answer.status, answer.body.request_uri]).toEqual([400, undefined]);
  expect(answer.body.error).toMatch(/^invalid_(client_metadata|redirect_uri)$/);
});
