/**
 * What the pages must not do, whatever names contain and wherever forms come from; and how often a password
 * may be tried.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestHost } from "../../../tools/kit/index.ts";
import {
  MemberBrowser,
  type Page,
  departed,
  shown,
  textOf,
} from "../../../tools/kit/oauth/member-browser.ts";
import { RawApp } from "./raw-app.ts";
import { PASSWORD, type Stage, setStage, signInAt, signUp } from "./stage.ts";

const EVIL = `"><script>alert(1)</script><img src=x onerror=alert(1)>'&`;

/** A stranger's markup never gets through: every tag is one of ours, and none runs a stranger's script. */
function expectHarmless({ html }: Page): void {
  expect(html).not.toMatch(/<script>|<img src=x|onerror=(?!alert\(1\)&gt;)|javascript:/i);
  expect(html).not.toContain(EVIL);
}

describe("names that are code", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage({ HOST_NAME: `Lagoon ${EVIL}` });
  });
  afterAll(() => stage?.stop());
  const newBrowser = () => new MemberBrowser(stage.host.url);

  test("are text: the community's, on every page for strangers", async () => {
    const html = { headers: { accept: "text/html" } };
    for (const path of ["/", "/status", "/account/sign-in", "/account/sign-up", "/account/reset"]) {
      const page = shown(await newBrowser().open(path, html));
      expect(page.status, path).toBe(200);
      expect(textOf(page), path).toContain("Lagoon");
      expectHarmless(page);
    }
  });

  test("are text: an app's, a member's, and what an app says of the member", async () => {
    const clientId = "https://app.tester.dev/evil.json";
    const redirectUri = "https://app.tester.dev/callback";
    stage.published.set(clientId, {
      client_id: clientId,
      client_name: EVIL,
      redirect_uris: [redirectUri],
      scope: "atproto transition:generic",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      application_type: "web",
      dpop_bound_access_tokens: true,
      token_endpoint_auth_method: "none",
    });
    await setDisplayName();
    const app = await RawApp.of(stage.host.url, "", { clientId, redirectUri });
    const url = await app.pushed({ state: EVIL, response_mode: "form_post" });
    const browser = newBrowser();
    const page = shown(await browser.open(url));
    expectHarmless(page);
    const wrong = shown(await browser.submit(page, "sign-in", { identifier: EVIL, password: EVIL }));
    expect(wrong.status).toBe(400);
    expectHarmless(wrong);
    const consent = await signInAt(browser, url);
    expect(textOf(consent)).toContain("alert(1)");
    expectHarmless(consent);
    const posted = shown(await browser.submit(consent, "consent", { answer: "allow" }));
    expect(textOf(posted)).toContain("Back to the app");
    expectHarmless(posted);
    expectHarmless(shown(await browser.open("/account/apps")));
    expectHarmless(shown(await browser.open("/account")));
  });

  async function setDisplayName(): Promise<void> {
    const call = async (nsid: string, body: unknown, token = "") => {
      const answer = await fetch(`${stage.host.url}/xrpc/${nsid}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
        body: JSON.stringify(body),
      });
      return (await answer.json()) as { accessJwt: string };
    };
    const { accessJwt } = await call("com.atproto.server.createSession", {
      identifier: stage.alice.handle,
      password: PASSWORD,
    });
    await call(
      "com.atproto.repo.putRecord",
      {
        repo: stage.alice.did,
        collection: "app.bsky.actor.profile",
        rkey: "self",
        record: { $type: "app.bsky.actor.profile", displayName: EVIL.slice(0, 60) },
      },
      accessJwt,
    );
  }

  test("are text: what comes in addresses and forms", async () => {
    const browser = newBrowser();
    const evil = encodeURIComponent(EVIL);
    for (const path of [
      `/join/${evil}`,
      `/account/sign-up?invite=${evil}`,
      `/account/sign-in?to=${evil}&again=${evil}`,
      `/account/${evil}`,
      `/account?as=${evil}`,
      `/oauth/authorize?client_id=${evil}&request_uri=${evil}`,
      `/oauth/authorize?client_id=https://${evil}/&request_uri=urn:ietf:params:oauth:request_uri:${evil}`,
    ]) {
      expectHarmless(shown(await browser.open(path)));
    }
    const page = shown(await browser.open("/account/sign-up"));
    const fields = { handle: EVIL, email: EVIL, password: PASSWORD };
    expectHarmless(shown(await browser.submit(page, "sign-up", fields)));
    const reset = shown(await browser.open("/account/reset"));
    expectHarmless(shown(await browser.submit(reset, "request-reset", { email: EVIL })));
  });
});

describe("forms and cookies", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage();
  });
  afterAll(() => stage?.stop());

  test("nobody is signed in to a stranger's account by a form of another site", async () => {
    const victim = new MemberBrowser(stage.host.url);
    const attacker = new MemberBrowser(stage.host.url);
    const page = shown(await attacker.open("/account/sign-in"));
    shown(await victim.open("/account/sign-in"));
    const fields = { identifier: "alice.test", password: PASSWORD, remember: "yes" };
    // The victim's browser sends the attacker's own form, from another site or as if from here.
    for (const headers of [{ origin: "https://evil.example", "sec-fetch-site": "cross-site" }, {}]) {
      expect(shown(await victim.submit(page, "sign-in", fields, headers)).status).toBe(403);
    }
    expect(shown(await victim.open("/account")).url.pathname).toBe("/account/sign-in");
  });

  test("a form of one browser is none of another's that the same member uses", async () => {
    const fields = { identifier: "alice.test", password: PASSWORD, remember: "yes" };
    const [one, other] = [new MemberBrowser(stage.host.url), new MemberBrowser(stage.host.url)];
    for (const browser of [one, other]) {
      shown(await browser.submit(shown(await browser.open("/account/sign-in")), "sign-in", fields));
    }
    const form = shown(await one.open("/account/browsers"));
    expect(shown(await other.submit(form, "sign-out-everywhere")).status).toBe(403);
  });

  test("posting is the only way to change anything", async () => {
    const browser = new MemberBrowser(stage.host.url);
    const page = shown(await browser.open("/account/sign-in"));
    shown(await browser.submit(page, "sign-in", { identifier: "alice.test", password: PASSWORD }));
    await browser.open("/account?step=sign-out");
    await browser.open("/account/browsers?step=sign-out-everywhere");
    expect(textOf(shown(await browser.open("/account")))).toContain("Your account");
  });

  test("a sign-in that is under way is not continued by whoever learns its address", async () => {
    const app = await RawApp.of(stage.host.url);
    const url = await app.pushed();
    const owner = new MemberBrowser(stage.host.url);
    await signInAt(owner, url);
    // The member's DID in the URL does not help either.
    url.searchParams.set("as", stage.alice.did);
    expect(departed(await new MemberBrowser(stage.host.url).open(url)).searchParams.get("code")).toBeNull();
  });
});

describe("passwords are tried so often and no oftener", () => {
  let limited: Stage;
  let host: TestHost;
  beforeAll(async () => {
    limited = await setStage({ RATE_LIMITS: "on" });
    host = limited.host;
    await signUp(host, "bob");
  });
  afterAll(() => limited?.stop());

  /**
   * Tries `attempts` passwords at once from one network address. Returns how many attempts were told that the
   * password is wrong, and how many that they must wait.
   */
  async function tried(address: string, attempts: number, identifier: (attempt: number) => string) {
    const from = { "cf-connecting-ip": address };
    const browser = new MemberBrowser(host.url);
    const page = shown(await browser.open("/account/sign-in", { headers: from }));
    const answers = await Promise.all(
      Array.from({ length: attempts }, async (_, i) => {
        const fields = { identifier: identifier(i), password: "wrong" };
        return textOf(shown(await browser.submit(page, "sign-in", fields, from)));
      }),
    );
    const wrong = answers.filter((text) => text.includes("do not belong together")).length;
    const wait = answers.filter((text) => text.includes("Too many attempts")).length;
    return { wrong, wait };
  }

  test("thirty of one address at one account, exactly; others and elsewhere go on", async () => {
    expect(await tried("192.0.2.1", 33, () => "alice.test")).toEqual({ wrong: 30, wait: 3 });
    expect(await tried("192.0.2.1", 2, () => "bob.test")).toEqual({ wrong: 2, wait: 0 });
    expect(await tried("192.0.2.2", 2, () => "alice.test")).toEqual({ wrong: 2, wait: 0 });
    const app = await fetch(`${host.url}/xrpc/com.atproto.server.createSession`, {
      method: "POST",
      headers: { "content-type": "application/json", "cf-connecting-ip": "192.0.2.1" },
      body: JSON.stringify({ identifier: "alice.test", password: PASSWORD }),
    });
    // The same count applies at every entry point.
    expect(app.status).toBe(429);
  });

  test("a hundred and fifty of one address at everybody, whether they live here or not", async () => {
    expect(await tried("192.0.2.9", 153, (i) => `nobody${i}.test`)).toEqual({ wrong: 150, wait: 3 });
    expect(await tried("192.0.2.9", 1, () => "bob.test")).toEqual({ wrong: 0, wait: 1 });
  });
});
