/** Attacks that must fail, each tried on a whole host. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { MemberBrowser, departed, isPage, shown, textOf } from "../../../tools/kit/oauth/member-browser.ts";
import { type ProofOptions, RawApp, newKey } from "./raw-app.ts";
import { PASSWORD, type Stage, setStage, signInAt } from "./stage.ts";

const SESSION = "/xrpc/com.atproto.server.getSession";

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage?.stop());

const newApp = () => RawApp.of(stage.host.url);
const newBrowser = () => new MemberBrowser(stage.host.url);

/** An app with a code, as it came back to the app. */
async function allowed(app: RawApp, browser = newBrowser(), over: Record<string, string> = {}) {
  const consent = await signInAt(browser, await app.pushed(over));
  const back = departed(await browser.submit(consent, "consent", { answer: "allow" }));
  return { code: back.searchParams.get("code") ?? "", back, browser };
}

async function connected(app: RawApp) {
  const { code } = await allowed(app);
  const { body } = await app.exchange(code);
  return { access: String(body.access_token), refresh: String(body.refresh_token), code };
}

test("a proof sent twice is refused, at the authorization server and at the resource", async () => {
  const app = await newApp();
  const { access } = await connected(app);
  const proof = await app.proof("GET", `${app.origin}${SESSION}`, {}, access);
  expect((await app.call("GET", SESSION, access, proof)).status).toBe(200);
  const again = await app.call("GET", SESSION, access, proof);
  expect(again).toMatchObject({ status: 401, body: { message: "DPoP proof replayed" } });

  const jti = "the-same";
  expect((await app.push({}, { jti })).status).toBe(201);
  expect(await app.push({}, { jti })).toMatchObject({ status: 401, body: { error: "invalid_dpop_proof" } });
});

test("a code works once, and the second try ends the session it made", async () => {
  const app = await newApp();
  const { code, access } = await connected(app);
  expect((await app.get(SESSION, access)).status).toBe(200);
  expect(await app.exchange(code)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
  expect((await app.get(SESSION, access)).status).toBe(401);
});

test("of two exchanges of one code at once, one gets tokens", async () => {
  const app = await newApp();
  const { code } = await allowed(app);
  const answers = await Promise.all([app.exchange(code), app.exchange(code), app.exchange(code)]);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

test("a request_uri leads to one code, for the browser that opened it first", async () => {
  const app = await newApp();
  const url = await app.pushed();
  const browser = newBrowser();
  const consent = await signInAt(browser, url);
  const stranger = departed(await newBrowser().open(url));
  expect(stranger.searchParams.get("error")).toBe("access_denied");
  expect(stranger.searchParams.get("code")).toBeNull();
  // Another browser opened the request, so it has ended for everyone.
  const page = shown(await browser.submit(consent, "consent", { answer: "allow" }));
  expect(page.status).toBe(400);

  const once = await newApp();
  const second = await once.pushed();
  const { browser: same } = await (async () => {
    const own = newBrowser();
    const asked = await signInAt(own, second);
    departed(await own.submit(asked, "consent", { answer: "allow" }));
    return { browser: own };
  })();
  expect(departed(await same.open(second)).searchParams.get("error")).toBe("access_denied");
});

test("a refresh token works once, and the second try ends the session", async () => {
  const app = await newApp();
  const { refresh } = await connected(app);
  const { body, status } = await app.refresh(refresh);
  expect(status).toBe(200);
  const access = String(body.access_token);
  expect((await app.get(SESSION, access)).status).toBe(200);
  expect(await app.refresh(refresh)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
  expect((await app.get(SESSION, access)).status).toBe(401);
  expect((await app.refresh(String(body.refresh_token))).status).toBe(400);
});

test("of two refreshes at once, one wins, and its tokens go on working", async () => {
  const app = await newApp();
  const { refresh } = await connected(app);
  const answers = await Promise.all([app.refresh(refresh), app.refresh(refresh)]);
  const won = answers.filter(({ status }) => status === 200);
  expect(won.length).toBeLessThanOrEqual(1);
  for (const { body } of won) {
    const after = (await app.get(SESSION, String(body.access_token))).status;
    // 401 means that the loser came late enough to be a replay, which ends the session.
    expect([200, 401]).toContain(after);
  }
});

test("a code is of no use to another client, another address, another key, or without the verifier", async () => {
  for (const [over, options] of [
    [
      {
        client_id: `http://localhost?${new URLSearchParams({ redirect_uri: "http://127.0.0.1:9/x" }).toString()}`,
      },
      {},
    ],
    [{ redirect_uri: "http://127.0.0.1:9/other" }, {}],
    [{}, { key: await newKey() }],
    [{ code_verifier: "" }, {}],
    [{ code_verifier: "x".repeat(50) }, {}],
  ] as const) {
    const app = await newApp();
    const { code } = await allowed(app);
    const answer = await app.exchange(code, over, options);
    expect(answer.status, JSON.stringify(over)).toBe(400);
    expect(answer.body.access_token).toBeUndefined();
  }
});

test("tokens are of no use with another key", async () => {
  const app = await newApp();
  const { access, refresh } = await connected(app);
  const key = await newKey();
  expect(await app.get(SESSION, access, { key })).toMatchObject({
    status: 401,
    body: { error: "invalid_token" },
  });
  expect((await app.refresh(refresh, {}, { key })).status).toBe(400);
});

test("a proof without a nonce, or with an old one, is told the new one", async () => {
  const app = await newApp();
  const { access } = await connected(app);
  for (const nonce of [null, "stale"]) {
    const answer = await app.get(SESSION, access, { nonce });
    expect(answer).toMatchObject({ status: 401, body: { error: "use_dpop_nonce" } });
    expect(answer.headers.get("www-authenticate")).toContain('error="use_dpop_nonce"');
    expect(answer.headers.get("dpop-nonce")).toBeTruthy();
    expect(await app.push({}, { nonce })).toMatchObject({ status: 400, body: { error: "use_dpop_nonce" } });
  }
});

test.each([
  ["for another address", { htu: "https://elsewhere.example/xrpc/com.atproto.server.getSession" }],
  ["for another method", { htm: "POST" }],
  ["of another token", { ath: "AAAA" }],
  ["of no token", { ath: null }],
  ["from long ago", { iat: Math.floor(Date.now() / 1000) - 3600 }],
  ["from the future", { iat: Math.floor(Date.now() / 1000) + 3600 }],
])("a proof %s is refused", async (_what, options) => {
  const app = await newApp();
  const { access } = await connected(app);
  expect((await app.get(SESSION, access, options)).status).toBe(401);
});

test.each([
  ["for another endpoint", { htu: "/oauth/token" }],
  ["for another method", { htm: "GET" }],
  ["from long ago", { iat: Math.floor(Date.now() / 1000) - 3600 }],
])(
  "a proof %s is refused by the authorization server as well",
  async (_what, { htu, ...options }: ProofOptions) => {
    const app = await newApp();
    const answer = await app.push(
      {},
      { ...options, ...(htu === undefined ? {} : { htu: `${app.origin}${htu}` }) },
    );
    expect(answer).toMatchObject({ status: 401, body: { error: "invalid_dpop_proof" } });
  },
);

test("nothing is pushed, exchanged or refreshed without a proof", async () => {
  const app = await newApp();
  const { refresh } = await connected(app);
  for (const [path, fields] of [
    ["/oauth/par", { client_id: app.clientId, response_type: "code" }],
    ["/oauth/token", { client_id: app.clientId, grant_type: "refresh_token", refresh_token: refresh }],
  ] as const) {
    const { status, body } = await app.post(path, { ...fields });
    expect(status, path).toBeGreaterThanOrEqual(400);
    expect([body.request_uri, body.access_token]).toEqual([undefined, undefined]);
  }
});

test("a token of another issuer, or made up, is none", async () => {
  const app = await newApp();
  const { access } = await connected(app);
  const [head = "", , signature = ""] = access.split(".");
  const claims = JSON.parse(atob(access.split(".")[1] ?? "")) as Record<string, unknown>;
  const forged = (over: object) =>
    `${head}.${btoa(JSON.stringify({ ...claims, ...over })).replace(/=+$/, "")}.${signature}`;
  for (const over of [
    { iss: "https://evil.example" },
    { sub: "did:web:evil.example" },
    { scope: "atproto identity:*" },
  ]) {
    expect((await app.get(SESSION, forged(over))).status).toBe(401);
  }
  const none = btoa(JSON.stringify({ alg: "none", typ: "at+jwt" })).replace(/=+$/, "");
  expect((await app.get(SESSION, `${none}.${access.split(".")[1] ?? ""}.`)).status).toBe(401);
});

test("a bound token is no bearer token, and a bearer token is no bound one", async () => {
  const app = await newApp();
  const { access } = await connected(app);
  const bearer = await fetch(`${app.origin}${SESSION}`, { headers: { authorization: `Bearer ${access}` } });
  expect(bearer.status).toBe(400);
  expect((await app.call("GET", SESSION, access, null)).status).toBe(401);
  const opened = await fetch(`${app.origin}/xrpc/com.atproto.server.createSession`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ identifier: "alice.test", password: PASSWORD }),
  });
  const { accessJwt } = (await opened.json()) as { accessJwt: string };
  expect((await app.get(SESSION, accessJwt)).status).toBe(401);
});

test.each([
  ["no challenge", { code_challenge: "", code_challenge_method: "" }],
  ["a plain challenge", { code_challenge_method: "plain" }],
  ["a challenge of no named kind", { code_challenge_method: "" }],
  ["another response", { response_type: "token" }],
  ["no atproto scope", { scope: "transition:generic" }],
  ["an OpenID scope", { scope: "atproto openid" }],
  ["silence, for a public app", { prompt: "none" }],
])("a push with %s is refused", async (_what, over) => {
  const app = await newApp();
  const answer = await app.push(over);
  expect(answer.status).toBe(400);
  expect(answer.body.request_uri).toBeUndefined();
});

test("nobody is sent to an address that the app has not published", async () => {
  const app = await newApp();
  for (const redirect of [
    "https://evil.example/",
    "http://127.0.0.1:9/other",
    "javascript:alert(1)",
    "//evil.example",
  ]) {
    expect((await app.push({ redirect_uri: redirect })).status, redirect).toBe(400);
  }
  const browser = newBrowser();
  const url = new URL("/oauth/authorize", app.origin);
  for (const [name, value] of Object.entries({
    client_id: app.clientId,
    redirect_uri: "https://evil.example/",
    response_type: "code",
    scope: "atproto",
  })) {
    url.searchParams.set(name, value);
  }
  // A request that was not pushed is refused, and its redirect address is not trusted.
  expect(shown(await browser.open(url)).status).toBe(400);
  expect(shown(await browser.open("/account/sign-in?to=https://evil.example")).html).not.toContain("evil");
});

test("after signing in, the account page goes nowhere but to itself", async () => {
  const browser = newBrowser();
  const page = shown(await browser.open("/account/sign-in?to=//evil.example/x"));
  const arrived = shown(
    await browser.submit(page, "sign-in", {
      identifier: "alice.test",
      password: PASSWORD,
      to: "//evil.example",
    }),
  );
  expect(arrived.url.href).toBe(`${stage.host.url}/account`);
});

test("a request of one client is none of another's", async () => {
  const app = await newApp();
  const url = await app.pushed();
  const other = await RawApp.of(stage.host.url, "atproto");
  url.searchParams.set("client_id", other.clientId);
  const arrived = await newBrowser().open(url);
  expect(isPage(arrived) ? arrived.status : arrived.location.searchParams.get("error")).toBe("access_denied");
});

test("the way back names the issuer", async () => {
  const { back } = await allowed(await newApp());
  expect(back.searchParams.get("iss")).toBe(stage.host.url);
  expect(back.searchParams.get("state")).toBe("s");
});

test("a form of another site, or of another browser, does nothing", async () => {
  const app = await newApp();
  const browser = newBrowser();
  const consent = await signInAt(browser, await app.pushed());
  for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
    expect(shown(await browser.submit(consent, "consent", { answer: "allow" }, headers)).status).toBe(403);
  }
  expect(shown(await browser.submit(consent, "consent", { answer: "allow", csrf: "guess" })).status).toBe(
    403,
  );
  expect(shown(await newBrowser().submit(consent, "consent", { answer: "allow" })).status).toBe(403);
  const account = shown(await browser.open("/account/browsers"));
  const cross = shown(await browser.submit(account, "sign-out-everywhere", {}, { origin: "null" }));
  expect(cross.status).toBe(403);
  // The real form still works.
  departed(await browser.submit(consent, "consent", { answer: "allow" }));
});

test("no page of ours opens in a frame", async () => {
  const app = await newApp();
  const browser = newBrowser();
  const response = await browser.fetch(await app.pushed(), { headers: { "sec-fetch-dest": "iframe" } });
  expect(response.status).toBe(400);
  const page = await browser.fetch(await app.pushed());
  expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  expect(page.headers.get("x-frame-options")).toBe("DENY");
});

test("a cookie that was planted before is worth nothing after signing in", async () => {
  const app = await newApp();
  const browser = newBrowser();
  shown(await browser.open(await app.pushed()));
  const planted = browser.cookies();
  const page = shown(await browser.open("/account/sign-in"));
  shown(
    await browser.submit(page, "sign-in", { identifier: "alice.test", password: PASSWORD, remember: "yes" }),
  );
  const thief = await new MemberBrowser(stage.host.url).fetch("/account", {
    headers: { cookie: planted },
  });
  expect(thief.headers.get("location")).toContain("/account/sign-in");
});

test("what is too old is refused: a request, a code, an access token, a session", async () => {
  const app = await newApp();
  const late = await app.pushed();
  await stage.host.query("DIRECTORY", "UPDATE oauth_request SET expires_at = 1");
  expect(departed(await newBrowser().open(late)).searchParams.get("error")).toBe("access_denied");

  const { code } = await allowed(app);
  await stage.host.query("DIRECTORY", "UPDATE oauth_request SET expires_at = 1");
  expect(await app.exchange(code)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });

  const { access, refresh } = await connected(app);
  await stage.host.query(
    "DIRECTORY",
    "UPDATE oauth_session SET expires_at = 1, created_at = 1, updated_at = 1",
  );
  expect((await app.get(SESSION, access)).status).toBe(401);
  expect(await app.refresh(refresh)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
});

test("who is taken down is out of every app and every browser, and does not come in again", async () => {
  const app = await newApp();
  const { access, refresh } = await connected(app);
  const browser = newBrowser();
  const consent = await signInAt(browser, await app.pushed());
  const takedown = (applied: boolean) =>
    stage.host.admin("com.atproto.admin.updateSubjectStatus", {
      input: {
        subject: { $type: "com.atproto.admin.defs#repoRef", did: stage.alice.did },
        takedown: { applied },
      },
    });
  await takedown(true);
  expect((await app.get(SESSION, access)).status).toBe(401);
  expect((await app.refresh(refresh)).status).toBe(400);
  const answered = await browser.submit(consent, "consent", { answer: "allow" });
  expect(isPage(answered) ? textOf(answered) : answered.location.href).toContain("Sign in");
  const stranger = newBrowser();
  const page = shown(await stranger.open("/account/sign-in"));
  const refused = await stranger.submit(page, "sign-in", { identifier: "alice.test", password: PASSWORD });
  expect(textOf(shown(refused))).toContain("taken down by the moderators");
  await takedown(false);
  // The ended session does not come back.
  expect((await app.refresh(refresh)).status).toBe(400);
});
