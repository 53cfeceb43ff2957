/** Reading on in Chromium: the page goes on where it ends, back comes back to the place, new posts announce themselves. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PASSWORD, type Stage, setStage } from "../clients/oauth/stage.ts";
import { launchChromium } from "./chromium.ts";

let stage: Stage;
let browser: Browser;
let did = "";
let auth = "";

async function call(nsid: string, input: object): Promise<Record<string, string>> {
  const response = await fetch(`${stage.host.url}/xrpc/${nsid}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(auth === "" ? {} : { authorization: auth }) },
    body: JSON.stringify(input),
  });
  expect(response.status, nsid).toBe(200);
  return (await response.json()) as Record<string, string>;
}

const post = (text: string) =>
  call("com.atproto.repo.createRecord", {
    repo: did,
    collection: "app.bsky.feed.post",
    record: { $type: "app.bsky.feed.post", text, createdAt: new Date().toISOString() },
  });

beforeAll(async () => {
  [stage, browser] = await Promise.all([setStage({ REGISTRATION: "open" }), launchChromium()]);
  const made = await call("com.atproto.server.createAccount", {
    handle: "tom.test",
    email: "tom@example.com",
    password: PASSWORD,
  });
  did = made.did ?? "";
  auth = `Bearer ${made.accessJwt}`;
  for (let n = 1; n <= 100; n++) await post(`Number ${n} of a hundred`);
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

const at = (path: string) => `${stage.host.url}${path}`;

async function signIn(page: Page): Promise<void> {
  await page.goto(at("/account/sign-in?to=%2F"));
  await page.getByLabel("Handle or e-mail address").fill("tom.test");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(at("/"));
}

async function story(tell: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ locale: "en", viewport: { width: 390, height: 800 } });
  const page = await context.newPage();
  try {
    await tell(page);
  } finally {
    await context.close();
  }
}

/** Scrolls until a post is there. */
async function scrollTo(page: Page, text: string): Promise<void> {
  for (let n = 0; n < 60; n++) {
    if ((await page.getByText(text, { exact: true }).count()) > 0) break;
    await page.mouse.wheel(0, 1_500);
    await page.waitForTimeout(80);
  }
  await page.getByText(text, { exact: true }).scrollIntoViewIfNeeded();
}

describe.each([
  ["a guest", false],
  ["a member", true],
])("%s", (_, isMember) => {
  test.each(["/", "/profile/tom.test"])(
    "reads on at the end of %s, each post once, to the first",
    async (path) => {
      await story(async (page) => {
        if (isMember) await signIn(page);
        await page.goto(at(path));
        await scrollTo(page, "Number 1 of a hundred");
        const ids: string[] = await page.evaluate(
          "[...document.querySelectorAll('article.post')].map(({ id }) => id)",
        );
        expect(ids.length).toBeGreaterThanOrEqual(100);
        expect(new Set(ids).size).toBe(ids.length);
        expect(await page.locator("a[rel=next]").count()).toBe(0);
      });
    },
  );

  test.each(["/", "/profile/tom.test"])("comes back to the place in %s", async (path) => {
    await story(async (page) => {
      if (isMember) await signIn(page);
      await page.goto(at(path));
      const text = "Number 30 of a hundred";
      await scrollTo(page, text);
      await page.waitForTimeout(300);
      const before = await page.getByText(text, { exact: true }).boundingBox();
      await page.locator("article.post", { hasText: text }).locator("a.when").click();
      await page
        .getByRole("heading", { name: "Thread", exact: false, includeHidden: true })
        .first()
        .waitFor();
      await page.goBack();
      await page.getByText(text, { exact: true }).waitFor();
      await expect
        .poll(async () =>
          Math.abs(
            ((await page.getByText(text, { exact: true }).boundingBox())?.y ?? 1e6) - (before?.y ?? 0),
          ),
        )
        .toBeLessThan(120);
    });
  });

  test("is told of a new post, and sees it when they want to", async () => {
    await story(async (page) => {
      await page.clock.install();
      if (isMember) await signIn(page);
      await page.goto(at("/"));
      const text = `News for ${isMember ? "members" : "guests"}`;
      await page.getByText("Number 100 of a hundred").waitFor();
      await post(text);
      await page.clock.runFor(91_000);
      const news = page.locator(".news");
      await news.waitFor();
      expect(await page.getByText(text, { exact: true }).count()).toBe(0);
      await news.click();
      await page.getByText(text, { exact: true }).waitFor();
    });
  });
});
