/**
 * Every page as a member sees it: passkeys by a virtual authenticator, and no barrier that axe-core finds.
 */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RawApp } from "../clients/oauth/raw-app.ts";
import { PASSWORD, type Stage, appFor, inviteCode, setStage } from "../clients/oauth/stage.ts";
import { launchChromium, signInOn } from "./chromium.ts";
import { assertAccessible as assertPage } from "./looks.ts";

let stage: Stage;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  [stage, browser] = await Promise.all([setStage({ REGISTRATION: "invite" }), launchChromium()]);
  context = await browser.newContext();
  page = await context.newPage();
});
afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

const SCOPE =
  "atproto transition:email transition:chat.bsky repo:app.bsky.feed.post blob:image/* identity:* rpc:app.bsky.feed.getTimeline?aud=*";

const assertAccessible = (name: string, on = page) => assertPage(on, name);

/** Both answers stand on the first screen, with what matters most above them. */
async function assertAnswerInSight(): Promise<void> {
  for (const [width, height] of [
    [390, 664],
    [360, 560],
    [1280, 720],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.evaluate("scrollTo(0, 0)");
    const bottoms = [];
    for (const name of ["Allow", "Don’t allow"]) {
      const box = await page.getByRole("button", { name, exact: true }).boundingBox();
      bottoms.push((box?.y ?? Infinity) + (box?.height ?? 0));
    }
    expect(Math.max(...bottoms), `${width} by ${height}`).toBeLessThanOrEqual(height);
    const first = await page.locator(".may li").first().boundingBox();
    expect((first?.y ?? Infinity) + 24, `${width} by ${height}`).toBeLessThan(Math.min(...bottoms) - 48);
  }
}

/** Visits as another person, in a separate browser context. */
async function asStranger(visit: (own: Page) => Promise<void>): Promise<void> {
  const stranger = await browser.newContext();
  await visit(await stranger.newPage());
  await stranger.close();
}

describe("before there is an account", () => {
  test("the front door and the status are accessible", () =>
    asStranger(async (own) => {
      for (const [name, path] of [
        ["landing", "/"],
        ["status", "/status"],
      ] as const) {
        await own.goto(`${stage.host.url}${path}`);
        await assertAccessible(name, own);
      }
      await own.goto(stage.host.url);
      await own.getByText("For developers").click();
      await assertAccessible("landing-developers", own);
    }));

  test("an invite leads to an account, and to what comes next", () =>
    asStranger(async (own) => {
      const code = await inviteCode(stage.host, stage.alice.did);
      await own.goto(`${stage.host.url}/join/${code}`);
      await own.getByText("Invited by").waitFor();
      await assertAccessible("join", own);
      expect(await own.getByLabel("Invite code").inputValue()).toBe(code);
      await own.getByLabel("Handle").fill("newcomer");
      await own.getByLabel("E-mail address").fill("newcomer@example.com");
      await own.getByLabel("Password").fill(PASSWORD);
      await own.getByRole("button", { name: "Create account" }).click();
      await own.getByRole("heading", { name: "Welcome to Lagoon" }).waitFor();
      await assertAccessible("welcome", own);
      await own.goto(`${stage.host.url}/join/${code}`);
      await own.getByText("This invite was used up").waitFor();
      await assertAccessible("join-used", own);
    }));

  test("signing in, signing up and a new password are accessible", () =>
    asStranger(async (own) => {
      for (const path of ["sign-in", "sign-up", "reset"]) {
        await own.goto(`${stage.host.url}/account/${path}`);
        await assertAccessible(`stranger-${path}`, own);
      }
      await own.getByLabel("E-mail address").fill("nobody@example.com");
      await own.getByRole("button", { name: "Send the code" }).click();
      await assertAccessible("stranger-reset-sent", own);
      await own.getByLabel("Code from the mail").fill("AAAAA-AAAAA");
      await own.getByLabel("New password").fill(PASSWORD);
      await own.getByRole("button", { name: "Set password" }).click();
      await own.getByText("This code is not right.").waitFor();
      expect(await own.evaluate("document.activeElement.name")).toBe("code");
      await assertAccessible("stranger-reset-wrong", own);
      await own.goto(`${stage.host.url}/account/nowhere`);
      await assertAccessible("no-such-page", own);
    }));
});

describe("on the way to an app", () => {
  test("every page is accessible, wide and on a phone, by day and by night", async () => {
    const app = await appFor(stage, SCOPE, "public");
    await page.route("https://app.tester.dev/**", (route) => route.fulfill({ status: 204 }));
    await page.goto((await app.client.authorize(stage.alice.handle)).href);
    await assertAccessible("sign-in");
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("alert").first().waitFor();
    await assertAccessible("sign-in-wrong");
    await page.getByRole("link", { name: "Create an account" }).click();
    await assertAccessible("sign-up");
    await page.getByRole("link", { name: "Sign in instead" }).click();
    await signInOn(page);
    await page.getByRole("heading", { name: /use your account/ }).waitFor();
    await assertAccessible("consent");
    await assertAnswerInSight();
    await page.getByText("Exactly what it asks for").click();
    await assertAccessible("consent-exactly");
    await page.getByRole("link", { name: "Use another account" }).click();
    await assertAccessible("choose");
    await page.goto(`${stage.host.url}/oauth/authorize`);
    await assertAccessible("error");
  });

  test("an app of the member's own device asks for everything, and wants its answer posted", async () => {
    // Browsers block some ports.
    const redirectUri = "http://127.0.0.1:49152/callback";
    const scope = "atproto transition:generic";
    const clientId = `http://localhost?${new URLSearchParams({ redirect_uri: redirectUri, scope }).toString()}`;
    const app = await RawApp.of(stage.host.url, scope, { clientId, redirectUri });
    // The app answers with 204, so the page stays.
    await page.route(redirectUri, (route) => route.fulfill({ status: 204 }));
    await page.goto((await app.pushed({ response_mode: "form_post" })).href);
    await page.getByRole("button", { name: /@alice/ }).click();
    await assertAccessible("consent-generic");
    await assertAnswerInSight();
    const posted = page.waitForRequest(redirectUri);
    await page.getByRole("button", { name: "Allow", exact: true }).click();
    expect(new URLSearchParams((await posted).postData() ?? "").get("iss")).toBe(stage.host.url);
    await assertAccessible("form-post");
  });
});

describe("on the account page", () => {
  const paths = [
    "",
    "/welcome",
    "/handle",
    "/email",
    "/password",
    "/passkeys",
    "/browsers",
    "/apps",
    "/app-passwords",
    "/backup",
    "/invites",
    "/recovery",
    "/leave",
  ];

  test.each(paths)("“/account%s” is accessible", async (path) => {
    if (path === "/apps") await connectTwice();
    await page.goto(`${stage.host.url}/account${path}`);
    expect(await page.locator("h1").textContent()).not.toBe("Sign in");
    await assertAccessible(`account${path.replace("/", "-")}`);
  });

  async function connectTwice(): Promise<void> {
    for (const kind of ["confidential", "loopback"] as const) {
      const app = await appFor(stage, "atproto transition:generic transition:chat.bsky", kind);
      const back = new Promise<string>((resolve) => {
        const address = kind === "loopback" ? "http://127.0.0.1:9/**" : "https://app.tester.dev/**";
        void page.route(address, async (route) => {
          await route.fulfill({ status: 204 });
          resolve(route.request().url());
        });
      });
      await page.goto((await app.client.authorize(stage.alice.handle)).href);
      await page.getByRole("button", { name: "Allow", exact: true }).click();
      await app.client.callback(new URL(await back).searchParams);
    }
  }

  test("what comes after each form is accessible", async () => {
    const { url: origin } = stage.host;
    await page.goto(`${origin}/account/email`);
    await page.getByRole("button", { name: "Send me a code to confirm it" }).click();
    await assertAccessible("account-email-code");
    await page.goto(`${origin}/account/handle`);
    await page.getByLabel("New handle").fill("a");
    await page.getByRole("button", { name: "Change handle" }).click();
    await assertAccessible("account-handle-wrong");
    await page.goto(`${origin}/account/leave`);
    await page.getByRole("button", { name: "Send me a code to delete it" }).click();
    await assertAccessible("account-leave-code");
    await page.getByRole("button", { name: "Switch off" }).click();
    await page.getByText("Your account is switched off").waitFor();
    await assertAccessible("account-off");
    await page.getByRole("button", { name: "Switch it on again" }).click();
    await page.getByText("Your account is switched on.").waitFor();
    await page.goto(`${origin}/account/sign-in?to=/account/email&again=alice.test`);
    await assertAccessible("account-again");
  });

  test("an app password is shown once, and revoked", async () => {
    await page.goto(`${stage.host.url}/account/app-passwords`);
    await page.getByLabel("Name of the app").fill("Old phone");
    await page.getByRole("button", { name: "Make an app password" }).click();
    expect(await page.locator(".secret").textContent()).toMatch(/^[a-z0-9]{4}(-[a-z0-9]{4}){3}$/);
    await assertAccessible("account-app-password-made");
    await page.getByRole("button", { name: /Revoke/ }).click();
    await page.getByText("The app password is revoked.").waitFor();
  });

  test.each([
    ["Download the backup", "alice.test.tar"],
    ["Only what I posted (a CAR)", "alice.test.car"],
  ])("%s is a file", async (name, file) => {
    await page.goto(`${stage.host.url}/account/backup`);
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name }).click();
    expect((await download).suggestedFilename()).toBe(file);
  });
});

describe("with a passkey", () => {
  test("a member adds one, and signs in with it", async () => {
    await page.goto(`${stage.host.url}/account/passkeys`);
    const devtools = await context.newCDPSession(page);
    await devtools.send("WebAuthn.enable");
    await devtools.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await page.getByLabel("Name for a new passkey").fill("Test key");
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByText("The passkey is added.").waitFor();
    await assertAccessible("account-passkeys-added");

    await page.goto(`${stage.host.url}/account`);
    await page.getByRole("button", { name: "Sign out on this browser" }).click();
    // The authenticator confirms before anyone presses the button: the page offers passkeys by itself.
    const used = () => stage.host.query("DIRECTORY", "SELECT did FROM passkey WHERE used_at IS NOT NULL");
    await expect.poll(used, { timeout: 20_000 }).toEqual([{ did: stage.alice.did }]);
    await page.getByRole("heading", { name: "Your account" }).waitFor();
  });

  test("one that was removed opens nothing", async () => {
    await page.goto(`${stage.host.url}/account/passkeys`);
    await page.getByRole("button", { name: /Remove/ }).click();
    await page.getByText("The passkey is removed.").waitFor();
    await page.goto(`${stage.host.url}/account`);
    await page.getByRole("button", { name: "Sign out on this browser" }).click();
    await page.getByText("This passkey does not open an account here.").waitFor();
  });
});

describe("without JavaScript", () => {
  test("a member signs in to an app, and comes back with a code", async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false });
    const own = await plain.newPage();
    await own.route("https://app.tester.dev/**", (route) =>
      route.fulfill({ body: "back", contentType: "text/plain" }),
    );
    const app = await appFor(stage, "atproto", "public");
    await own.goto((await app.client.authorize(stage.alice.handle)).href);
    await signInOn(own);
    await own.getByRole("button", { name: "Allow", exact: true }).click();
    await own.waitForURL("https://app.tester.dev/**");
    const { session } = await app.client.callback(new URL(own.url()).searchParams);
    expect(session.did).toBe(stage.alice.did);
    await plain.close();
  });
});
