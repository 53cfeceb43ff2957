/**
 * How an app may ask and how it is answered: `prompt`, `response_mode`, and the addresses of apps on the
 * member's own device.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MemberBrowser, departed, shown, textOf } from "../../../tools/kit/oauth/member-browser.ts";
import { RawApp } from "./raw-app.ts";
import { type App, PASSWORD, type Stage, appFor, connect, setStage, signInAt } from "./stage.ts";

type Prompt = "none" | "login" | "consent" | "select_account";

let stage: Stage;
/** Has a key of its own, so its permission may be remembered. */
let app: App;
/** A browser in which Alice is signed in and has granted that app what it asks for. */
let browser: MemberBrowser;
beforeAll(async () => {
  stage = await setStage();
  app = await appFor(stage, "atproto", "confidential");
  browser = new MemberBrowser(stage.host.url);
  await connect(stage, app, browser);
});
afterAll(() => stage?.stop());

const errorOf = (back: URL) => back.searchParams.get("error");

describe("an app that wants no page", () => {
  const silently = (by: App, input = stage.alice.handle) => by.client.authorize(input, { prompt: "none" });

  test("gets its code where the member is signed in and allowed the same before", async () => {
    const back = departed(await browser.open(await silently(app)));
    expect((await app.client.callback(back.searchParams)).session.did).toBe(stage.alice.did);
  });

  test("hears that nobody is signed in", async () => {
    const back = departed(await new MemberBrowser(stage.host.url).open(await silently(app)));
    expect(errorOf(back)).toBe("login_required");
    expect(back.searchParams.get("iss")).toBe(stage.host.url);
  });

  test("hears that the member has not allowed it yet", async () => {
    const other = await appFor(stage, "atproto", "confidential");
    expect(errorOf(departed(await browser.open(await silently(other))))).toBe("consent_required");
  });

  test("has to say whose code it wants", async () => {
    const back = departed(await browser.open(await silently(app, stage.host.url)));
    expect(errorOf(back)).toBe("login_required");
  });
});

describe("an app that wants the member to be asked", () => {
  const asking = (prompt: Prompt) => app.client.authorize(stage.alice.handle, { prompt });

  test("without a wish, it is not asked again", async () => {
    departed(await browser.open(await app.client.authorize(stage.alice.handle)));
  });

  test("for the password: signed in is not enough, nor is naming the account in the address", async () => {
    const url = await asking("login");
    const page = shown(await browser.open(url));
    expect(textOf(page)).toContain("Sign in");
    const around = shown(await browser.open(`${url.href}&as=${stage.alice.did}`));
    expect(textOf(around)).toContain("Password");
    // A consent that was never shown does not help either.
    const forged = page.html.replace('name="step" value="sign-in"', 'name="step" value="consent"');
    const refused = await browser.submit({ ...page, html: forged }, "consent", {
      answer: "allow",
      did: stage.alice.did,
    });
    expect(textOf(shown(refused))).toContain("Password");
    const sent = await browser.submit(page, "sign-in", {
      identifier: "alice.test",
      password: PASSWORD,
      remember: "yes",
    });
    expect(departed(sent).searchParams.get("code")).toBeTruthy();
  });

  test("for consent, though it was given", async () => {
    expect(textOf(shown(await browser.open(await asking("consent"))))).toContain("use your account?");
  });

  test("for a choice, though there is one account only", async () => {
    expect(textOf(shown(await browser.open(await asking("select_account"))))).toContain("Choose an account");
  });
});

describe("an answer", () => {
  async function answered(mode: string, answer: "allow" | "deny") {
    const raw = await RawApp.of(stage.host.url);
    const own = new MemberBrowser(stage.host.url);
    const consent = await signInAt(own, await raw.pushed({ response_mode: mode, state: `"><b>'&state` }));
    return own.submit(consent, "consent", { answer });
  }

  test.each(["allow", "deny"] as const)("comes in the query: %s", async (answer) => {
    const back = departed(await answered("query", answer));
    expect(back.hash).toBe("");
    expect(back.searchParams.get("state")).toBe(`"><b>'&state`);
    expect(back.searchParams.has(answer === "allow" ? "code" : "error")).toBe(true);
  });

  test.each(["allow", "deny"] as const)("comes in the fragment: %s", async (answer) => {
    const back = departed(await answered("fragment", answer));
    expect(back.search).toBe("");
    const params = new URLSearchParams(back.hash.slice(1));
    expect(params.get("iss")).toBe(stage.host.url);
    expect(params.get("state")).toBe(`"><b>'&state`);
    expect(params.has(answer === "allow" ? "code" : "error")).toBe(true);
  });

  test.each(["allow", "deny"] as const)("comes posted: %s", async (answer) => {
    const page = shown(await answered("form_post", answer));
    expect(page.html).toContain('action="http://127.0.0.1:9/callback"');
    expect(page.html).toContain('value="&quot;&gt;&lt;b&gt;&#39;&amp;state"');
    expect(page.html).toContain(`name="${answer === "allow" ? "code" : "error"}"`);
    // A script in the page must not be escaped like text: it would not run.
    expect(page.html).toContain('>document.getElementById("way-back").submit()</script>');
    expect(page.headers.get("content-security-policy")).toContain("form-action 'self' http://127.0.0.1:9;");
  });

  test("in no other way", async () => {
    const raw = await RawApp.of(stage.host.url);
    for (const mode of ["web_message", "jwt", "query.jwt"]) {
      expect((await raw.push({ response_mode: mode })).status, mode).toBe(400);
    }
  });
});

describe("an app on the member's own device", () => {
  const clientIn = (redirect: string) =>
    `http://localhost?${new URLSearchParams({ redirect_uri: redirect, scope: "atproto" }).toString()}`;
  const push = async (clientId: string, redirectUri: string) =>
    (await RawApp.of(stage.host.url, "", { clientId, redirectUri })).push({ scope: "atproto" });

  test.each([
    ["http://127.0.0.1/callback", "http://127.0.0.1:49152/callback"],
    ["http://[::1]/callback", "http://[::1]:8080/callback"],
  ])("that says %s listens at %s, whichever port is free", async (said, redirect) => {
    expect((await push(clientIn(said), redirect)).status).toBe(201);
  });

  test.each([
    ["another port than the one it named", clientIn("http://127.0.0.1:1234/x"), "http://127.0.0.1:4321/x"],
    ["another path", clientIn("http://127.0.0.1/callback"), "http://127.0.0.1/other"],
    ["the other loopback", clientIn("http://127.0.0.1/callback"), "http://[::1]/callback"],
    ["a name instead of an address", clientIn("http://localhost/callback"), "http://localhost/callback"],
    ["a name where it said an address", clientIn("http://127.0.0.1/callback"), "http://localhost/callback"],
    ["https", clientIn("https://127.0.0.1/callback"), "https://127.0.0.1/callback"],
    ["another machine", clientIn("http://192.168.1.1/callback"), "http://192.168.1.1/callback"],
    ["the web", clientIn("https://evil.example/callback"), "https://evil.example/callback"],
    ["an address with a name in it", clientIn("http://a@127.0.0.1/x"), "http://a@127.0.0.1/x"],
    ["a client with a port", "http://localhost:3000", "http://127.0.0.1/"],
    ["a client with a path", "http://localhost/app", "http://127.0.0.1/"],
    ["a client by address", "http://127.0.0.1", "http://127.0.0.1/"],
    ["a client with a fragment", "http://localhost#x", "http://127.0.0.1/"],
    ["a client with other parameters", "http://localhost?client_name=Bank", "http://127.0.0.1/"],
  ])("is refused with %s", async (_what, clientId, redirect) => {
    const { status, body } = await push(clientId, redirect);
    expect([status, body.request_uri]).toEqual([400, undefined]);
  });

  test("must come for its tokens with the address that the code went to", async () => {
    const clientId = clientIn("http://127.0.0.1/callback");
    const raw = await RawApp.of(stage.host.url, "", {
      clientId,
      redirectUri: "http://127.0.0.1:5001/callback",
    });
    const own = new MemberBrowser(stage.host.url);
    const consent = await signInAt(own, await raw.pushed({ scope: "atproto" }));
    const back = departed(await own.submit(consent, "consent", { answer: "allow" }));
    expect(back.port).toBe("5001");
    const code = back.searchParams.get("code") ?? "";
    expect((await raw.exchange(code, { redirect_uri: "http://127.0.0.1:5002/callback" })).status).toBe(400);
  });
});
