/** The app without a network, in Chromium: what was read stays readable, and nothing private outlives a sign-out. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PASSWORD, type Stage, setStage } from "../clients/oauth/stage.ts";
import { launchChromium } from "./chromium.ts";
import { assertAccessible } from "./looks.ts";

let stage: Stage;
let browser: Browser;
let post = "";

async function call(nsid: string, input: object, auth?: string): Promise<Record<string, string>> {
  const response = await fetch(`${stage.host.url}/xrpc/${nsid}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(auth === undefined ? {} : { authorization: auth }) },
    body: JSON.stringify(input),
  });
  expect(response.status, nsid).toBe(200);
  return (await response.json()) as Record<string, string>;
}

beforeAll(async () => {
  [stage, browser] = await Promise.all([setStage({ REGISTRATION: "open" }), launchChromium()]);
  for (const name of ["ona", "pip"]) {
    const { did = "", accessJwt } = await call("com.atproto.server.createAccount", {
      handle: `${name}.test`,
      email: `${name}@example.com`,
      password: PASSWORD,
    });
    const { uri = "" } = await call(
      "com.atproto.repo.createRecord",
      {
        repo: did,
        collection: "app.bsky.feed.post",
        record: { text: `the log of ${name}`, createdAt: new Date().toISOString() },
      },
      `Bearer ${accessJwt}`,
    );
    if (name === "ona") post = `/profile/ona.test/post/${uri.split("/").at(-1)}`;
  }
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

const at = (path: string) => `${stage.host.url}${path}`;

/** Opens a page as soon as the worker is in charge of it. */
async function open(page: Page, path: string): Promise<void> {
  await page.goto(at(path));
  await page.evaluate(
    "navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller !== null)",
  );
}

async function signIn(page: Page, name: string): Promise<void> {
  await page.goto(at("/account/sign-in?to=%2F"));
  await page.getByLabel("Handle or e-mail address").fill(`${name}.test`);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(at("/"));
}

/** Paths of all pages that the browser keeps, and whose. */
const kept = (page: Page): Promise<string[]> =>
  page.evaluate(`(async () => {
    const found = [];
    for (const name of await caches.keys()) if (name.startsWith("pages")) for (const { url } of await (await caches.open(name)).keys()) found.push(new URL(url).pathname);
    return found.toSorted();
  })()`);

async function story(tell: (page: Page, context: BrowserContext) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ locale: "en" });
  const page = await context.newPage();
  try {
    await tell(page, context);
  } finally {
    await context.close();
  }
}

test("what was read stays readable without a network, and the page says so", async () => {
  await story(async (page, context) => {
    await open(page, "/");
    await page.reload();
    await page.goto(at(post));
    await expect.poll(() => kept(page)).toContain(post);
    await context.setOffline(true);
    await page.goto(at(post));
    expect(await page.locator("main").textContent()).toContain("the log of ona");
    await page.getByText("You are offline. This is a copy").waitFor();
    // With its style, from the copy.
    expect(await page.evaluate("getComputedStyle(document.querySelector('.post')).display")).toBe("grid");
    await assertAccessible(page, "offline-copy");
    await page.goto(at("/"));
    expect(await page.locator("main").textContent()).toContain("the log of pip");
    await page.goto(at("/profile/pip.test"));
    await page.getByRole("heading", { name: "You are offline" }).waitFor();
    await assertAccessible(page, "offline-nothing");
    await context.setOffline(false);
    await page.goto(at(post));
    expect(await page.getByText("You are offline. This is a copy").isVisible()).toBe(false);
  });
});

test("account, admin, sign-in and XRPC are never kept", async () => {
  await story(async (page, context) => {
    await open(page, "/");
    await signIn(page, "ona");
    for (const path of [
      "/account",
      "/account/passkeys",
      "/admin",
      "/intent/compose",
      "/app/profile",
      "/status",
    ]) {
      await page.goto(at(path));
    }
    await page.evaluate("fetch('/xrpc/com.atproto.server.describeServer').then((answer) => answer.text())");
    await page.goto(at("/"));
    await expect.poll(() => kept(page)).toContain("/");
    const all = await page.evaluate(`(async () => {
      const found = [];
      for (const name of await caches.keys()) for (const { url } of await (await caches.open(name)).keys()) found.push(new URL(url).pathname);
      return found;
    })()`);
    expect(all).not.toContain("/account");
    for (const path of all as string[])
      expect(path).not.toMatch(/^\/(admin|oauth|xrpc|intent|account\/(?!style\.))/);
    await context.setOffline(true);
    await expect(page.goto(at("/account"))).rejects.toThrow("ERR_INTERNET_DISCONNECTED");
  });
});

test("nothing private outlives a sign-out, or shows to who signs in next", async () => {
  await story(async (page, context) => {
    await open(page, "/");
    await signIn(page, "ona");
    for (const path of ["/notifications", "/saved", "/"]) await page.goto(at(path));
    await expect.poll(() => kept(page)).toContain("/saved");
    await page.goto(at("/account"));
    await page.getByRole("button", { name: "Sign out on this browser" }).first().click();
    await page.waitForURL(/sign-in/);
    expect(await kept(page)).toEqual([]);
    await context.setOffline(true);
    await expect(page.goto(at("/saved"))).rejects.toThrow("ERR_INTERNET_DISCONNECTED");
    await context.setOffline(false);

    // Another browser ends the session: the next page that is a guest's ends the copies.
    await open(page, "/");
    await signIn(page, "ona");
    await page.goto(at("/saved"));
    await expect.poll(() => kept(page)).toContain("/saved");
    await context.clearCookies();
    await page.goto(at(post));
    await expect.poll(() => kept(page)).toEqual([post, "/whose"].toSorted());
    await context.setOffline(true);
    await page.goto(at("/saved"));
    await page.getByRole("heading", { name: "You are offline" }).waitFor();
  });
});

test("the copies are bounded", async () => {
  await story(async (page) => {
    await open(page, "/");
    await page.reload();
    await page.evaluate(`(async () => {
      for (let n = 0; n < 75; n++) await (await fetch("/hashtag/t" + n, { headers: { accept: "text/html" } })).text();
    })()`);
    await expect.poll(async () => (await kept(page)).length).toBeLessThanOrEqual(60);
    await expect.poll(() => kept(page)).toContain("/hashtag/t74");
    expect(await kept(page)).not.toContain("/hashtag/t1");
    expect(await kept(page)).toContain("/whose");
  });
});

test("a worker that begins drops what other versions kept, and browsers ask for it anew", async () => {
  await story(async (page) => {
    await open(page, "/");
    await page.reload();
    await expect.poll(() => kept(page)).toContain("/");
    await page.evaluate(
      "caches.open('pages of-old').then((old) => old.put('/saved', new Response('private')))",
    );
    await page.evaluate("navigator.serviceWorker.getRegistration().then((found) => found.unregister())");
    await open(page, "/");
    await expect.poll(() => page.evaluate("caches.keys()")).not.toContain("pages of-old");
    const script = await fetch(at("/app/offline.js"));
    expect([script.headers.get("cache-control"), script.headers.get("service-worker-allowed")]).toEqual([
      "no-cache",
      "/",
    ]);
  });
});

test("the app can be installed: a manifest, icons that load, a worker in charge", async () => {
  await story(async (page, context) => {
    await open(page, "/");
    const session = await context.newCDPSession(page);
    const { errors, url } = await session.send("Page.getAppManifest");
    expect([errors, url]).toEqual([[], at("/app/manifest.webmanifest")]);
    const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
    // A context of Playwright's is like a private window, in which nothing is installed.
    expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== "in-incognito")).toEqual(
      [],
    );
  });
});
