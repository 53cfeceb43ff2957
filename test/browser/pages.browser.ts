/** Every page as a member meets it: passkeys by a virtual authenticator, and no barrier that axe-core can find. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Stage, appFor, setStage } from "../node/oauth/stage.ts";
import { launchChromium, signInOn } from "./chromium.ts";

let stage: Stage;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  [stage, browser] = await Promise.all([setStage(), launchChromium()]);
  context = await browser.newContext();
  page = await context.newPage();
});
afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

const SCOPE =
  "atproto transition:email transition:chat.bsky repo:app.bsky.feed.post blob:image/* identity:* rpc:app.bsky.feed.getTimeline?aud=*";

/** Wide by day, and on a phone by night. `SHOTS` names a folder to keep pictures in. */
async function assertAccessible(name: string): Promise<void> {
  for (const [size, width, colorScheme] of [
    ["wide", 1280, "light"],
    ["phone", 360, "dark"],
  ] as const) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`),
      `${name}, ${size}, ${colorScheme}`,
    ).toEqual([]);
    const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    expect(overflow, `${name} is wider than a ${size} screen`).toBeLessThanOrEqual(0);
    if (process.env.SHOTS !== undefined) {
      await page.screenshot({ path: `${process.env.SHOTS}/${name}-${size}.png`, fullPage: size === "phone" });
    }
  }
}

describe("on the way to an app", () => {
  test("every page is accessible, wide and on a phone, by day and by night", async () => {
    const app = await appFor(stage, SCOPE, "public");
    const url = await app.client.authorize(stage.alice.handle);
    await page.goto(url.href);
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
    await page.getByText("Exactly what it asks for").click();
    await assertAccessible("consent-exactly");
    await page.getByRole("link", { name: "Use another account" }).click();
    await assertAccessible("choose");
    await page.goto(`${stage.network.url}/oauth/authorize`);
    await assertAccessible("error");
  });
});

describe("on the account page", () => {
  const paths = [
    "",
    "/handle",
    "/email",
    "/password",
    "/passkeys",
    "/browsers",
    "/apps",
    "/app-passwords",
    "/backup",
    "/leave",
  ];

  test.each(paths)("“/account%s” is accessible", async (path) => {
    await page.goto(`${stage.network.url}/account${path}`);
    expect(await page.locator("h1").textContent()).not.toBe("Sign in");
    await assertAccessible(`account${path.replace("/", "-")}`);
  });

  test("an app password is shown once, and revoked", async () => {
    await page.goto(`${stage.network.url}/account/app-passwords`);
    await page.getByLabel("Name of the app").fill("Old phone");
    await page.getByRole("button", { name: "Make an app password" }).click();
    expect(await page.locator(".secret").textContent()).toMatch(/^[a-z0-9]{4}(-[a-z0-9]{4}){3}$/);
    await assertAccessible("account-app-password-made");
    await page.getByRole("button", { name: /Revoke/ }).click();
    await page.getByText("The app password is revoked.").waitFor();
  });

  test("the backup is a file", async () => {
    await page.goto(`${stage.network.url}/account/backup`);
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download the backup" }).click();
    expect((await download).suggestedFilename()).toBe("alice.test.car");
  });

  test("the pages for strangers are accessible too", async () => {
    const stranger = await browser.newContext();
    const own = page;
    page = await stranger.newPage();
    for (const path of ["sign-in", "sign-up", "reset"]) {
      await page.goto(`${stage.network.url}/account/${path}`);
      await assertAccessible(`stranger-${path}`);
    }
    await page.getByLabel("E-mail address").fill("nobody@example.com");
    await page.getByRole("button", { name: "Send the code" }).click();
    await assertAccessible("stranger-reset-sent");
    await stranger.close();
    page = own;
  });
});

describe("with a passkey", () => {
  test("a member adds one, and signs in with it", async () => {
    await page.goto(`${stage.network.url}/account/passkeys`);
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

    await page.goto(`${stage.network.url}/account`);
    await page.getByRole("button", { name: "Sign out on this browser" }).click();
    // This authenticator says yes before anyone presses the button: the page offers passkeys by itself.
    const used = () =>
      stage.network.host().query("DIRECTORY", "SELECT did FROM passkey WHERE used_at IS NOT NULL");
    await expect.poll(used, { timeout: 20_000 }).toEqual([{ did: stage.alice.did }]);
    await page.getByRole("heading", { name: "Your account" }).waitFor();
  });

  test("one that was removed opens nothing", async () => {
    await page.goto(`${stage.network.url}/account/passkeys`);
    await page.getByRole("button", { name: /Remove/ }).click();
    await page.getByText("The passkey is removed.").waitFor();
    await page.goto(`${stage.network.url}/account`);
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
