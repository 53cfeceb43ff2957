/**
 * The app in Chromium: a guest reads and joins, a newcomer's first minutes, and the same without a script. No
 * barrier that axe-core finds, by day and by night, on wide screens and phones, from left and from right.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PASSWORD, type Stage, setStage } from "../clients/oauth/stage.ts";
import { launchChromium } from "./chromium.ts";
import { assertAccessible as assertPage } from "./looks.ts";

let stage: Stage;
let browser: Browser;

/** A picture with an orientation in its EXIF, made in the browser. */
const NAMES = ["ana", "ben", "cho"];
const members = new Map<string, { did: string; auth: string }>();

async function call(nsid: string, auth: string | null, input: object): Promise<{ [field: string]: string }> {
  const response = await fetch(`${stage.host.url}/xrpc/${nsid}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(auth === null ? {} : { authorization: auth }) },
    body: JSON.stringify(input),
  });
  expect(response.status, `${nsid}: ${await response.clone().text()}`).toBe(200);
  return (await response.json()) as { [field: string]: string };
}

const write = (name: string, collection: string, record: object) =>
  call("com.atproto.repo.createRecord", members.get(name)?.auth ?? null, {
    repo: members.get(name)?.did,
    collection,
    record: { $type: collection, createdAt: new Date().toISOString(), ...record },
  });

beforeAll(async () => {
  [stage, browser] = await Promise.all([setStage({ REGISTRATION: "open" }), launchChromium()]);
  for (const name of NAMES) {
    const { did = "", accessJwt } = await call("com.atproto.server.createAccount", null, {
      handle: `${name}.test`,
      email: `${name}@example.com`,
      password: PASSWORD,
    });
    members.set(name, { did, auth: `Bearer ${accessJwt}` });
  }
  const root = await write("ana", "app.bsky.feed.post", { text: "Who has the key of the boat house? 🚣" });
  const ref = { root, parent: root };
  const answer = await write("ben", "app.bsky.feed.post", { text: "Ben has it.", reply: ref });
  await write("cho", "app.bsky.feed.post", { text: "Ben always has it.", reply: { root, parent: answer } });
  await write("cho", "app.bsky.feed.post", { text: "שלום לכולם", langs: ["he"] });
  await write("ben", "app.bsky.feed.post", {
    text: "Not for everybody",
    labels: { $type: "com.atproto.label.defs#selfLabels", values: [{ val: "!warn" }] },
    embed: { $type: "app.bsky.embed.record", record: root },
  });
  for (let n = 0; n < 40; n++) await write("cho", "app.bsky.feed.post", { text: `Post number ${n}` });
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

const assertAccessible = (name: string, page: Page) => assertPage(page, `app-${name}`);

async function visit(options: Parameters<Browser["newContext"]>[0], story: (page: Page) => Promise<void>) {
  const context = await browser.newContext({ locale: "en", ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  await story(page);
  await context.close();
  // A favourite icon or the like is no problem of ours; a refusal by the page's own policy is.
  expect(problems.filter((problem) => /policy|Error:/i.test(problem))).toEqual([]);
}

async function signIn(page: Page, name: string): Promise<void> {
  await page.goto(`${stage.host.url}/account/sign-in?to=%2F`);
  await page.fill("input[name=identifier]", `${name}.test`);
  await page.fill("input[name=password]", PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(`${stage.host.url}/`);
}

describe("a guest", () => {
  test("reads what the community says, and joins", () =>
    visit({}, async (page) => {
      await page.goto(`${stage.host.url}/`);
      await page.getByRole("heading", { name: /^Welcome to/ }).waitFor();
      await assertAccessible("community", page);
      await page.getByRole("link", { name: "Best of the week" }).click();
      await page.goto(`${stage.host.url}/profile/ana.test`);
      await assertAccessible("profile", page);
      await page
        .getByRole("link", { name: /ago|now|m$/ })
        .first()
        .waitFor({ timeout: 1000 })
        .catch(() => {});
      await page.locator("article.post .when").last().click();
      await page.getByText("Ben always has it.").waitFor();
      await assertAccessible("thread", page);
      await page.goto(`${stage.host.url}/search?q=boat`);
      await page.getByText("Who has the key of the boat house?").waitFor();
      await assertAccessible("search", page);
      await page.goto(`${stage.host.url}/profile/ben.test`);
      const covered = page.getByText("Not for everybody");
      expect(await covered.isVisible()).toBe(false);
      await page.getByText(/^Content warning/).click();
      expect(await covered.isVisible()).toBe(true);
      await page.goto(`${stage.host.url}/nothing/here`);
      await page.goto(`${stage.host.url}/profile/nobody.test`);
      await assertAccessible("missing", page);
      await page.goto(`${stage.host.url}/`);
      await page.getByRole("link", { name: "Create an account" }).click();
      await page.waitForURL(/\/account\/sign-up/);
    }));

  test("reads on as the page ends, and comes back to where they were", () =>
    visit({ viewport: { width: 800, height: 600 } }, async (page) => {
      await page.goto(`${stage.host.url}/profile/cho.test`);
      const count = () => page.locator("article.post").count();
      const before = await count();
      await page.mouse.wheel(0, 20_000);
      await expect.poll(count, { timeout: 10_000 }).toBeGreaterThan(before);
      const ids = await page.locator("article.post").evaluateAll((posts) => posts.map(({ id }) => id));
      expect(new Set(ids).size).toBe(ids.length);
    }));
});

describe("a member", () => {
  test("in the first minutes: looks around, follows, likes, writes, answers", () =>
    visit({}, async (page) => {
      await signIn(page, "ana");
      await page
        .getByText("Nobody you follow has posted yet")
        .waitFor({ timeout: 1000 })
        .catch(() => {});
      await page.goto(`${stage.host.url}/profile/cho.test`);
      await page.getByRole("button", { name: "Follow", exact: true }).click();
      await page.getByRole("button", { name: "Unfollow" }).waitFor();
      await assertAccessible("own-profile-of-another", page);
      await page.goto(`${stage.host.url}/`);
      await page.getByText("Post number 39").waitFor();
      await assertAccessible("home", page);
      const like = page.locator("article.post", { hasText: "Post number 39" }).locator(".act.like");
      const pressed = await page.evaluate(`(async () => {
        const post = [...document.querySelectorAll("article.post")].find((each) => each.textContent.includes("Post number 39"));
        const button = post.querySelector(".act.like"), start = performance.now();
        button.click();
        return [button.getAttribute("aria-pressed"), performance.now() - start];
      })()`);
      expect((pressed as [string, number])[0]).toBe("true");
      expect((pressed as [string, number])[1]).toBeLessThan(100);
      await expect.poll(() => like.getAttribute("aria-label")).toMatch(/^Undo like/);
      expect(page.url()).toBe(`${stage.host.url}/`);
      await page.getByLabel("What is new?").fill("Good morning @ben.test #harbour");
      await page.getByRole("button", { name: "Post", exact: true }).click();
      await page.getByText("Good morning").waitFor();
      await page
        .locator("article.post", { hasText: "Good morning" })
        .getByRole("link", { name: "@ben.test" })
        .waitFor();
      await page.goto(`${stage.host.url}/intent/compose`);
      await page.getByLabel("What is new?").fill("x".repeat(290));
      await page.locator(".left", { hasText: "10" }).waitFor();
      await assertAccessible("compose", page);
    }));

  test("adds a picture, which arrives small, upright and without what a camera wrote into it", () =>
    visit({}, async (page) => {
      await signIn(page, "ben");
      await page.goto(`${stage.host.url}/intent/compose`);
      await page.getByLabel("What is new?").fill("A picture of the quay");
      await page.locator("input[type=file]").setInputFiles({
        name: "camera.jpg",
        mimeType: "image/jpeg",
        buffer: await photograph(page),
      });
      await page.getByLabel("What the picture shows").fill("A quay in the sun");
      await assertAccessible("compose-picture", page);
      await page.getByRole("button", { name: "Post", exact: true }).click();
      const picture = page.getByRole("img", { name: "A quay in the sun" });
      await picture.waitFor();
      const source = (await picture.getAttribute("src")) ?? "";
      const bytes = Buffer.from(await (await fetch(source)).arrayBuffer());
      expect(bytes.includes("Exif")).toBe(false);
      expect(bytes.includes("SECRET-PLACE")).toBe(false);
      const size = await page.evaluate(`(() => {
        const { naturalWidth, naturalHeight } = document.querySelector('img[alt="A quay in the sun"]');
        return [naturalWidth, naturalHeight];
      })()`);
      // The camera lay on its side: 40 by 20, to be turned by a quarter.
      expect(size).toEqual([20, 40]);
    }));

  test("finds what happened, and is harassed no more", () =>
    visit({}, async (page) => {
      await signIn(page, "ana");
      await page.goto(`${stage.host.url}/notifications`);
      await page.getByText("Ben has it.").waitFor();
      await assertAccessible("notifications", page);
      const rude = page.locator("article.post", { hasText: "Ben has it." }).first();
      await rude.locator(".menu-of summary").click();
      await assertAccessible("menu", page);
      await rude.getByRole("link", { name: "Report this post" }).click();
      await assertAccessible("report", page);
      await page.getByLabel("Harassment, or hatred").check();
      await page.getByRole("button", { name: "Send" }).click();
      await page.getByText("The moderators have your report").waitFor();
      await page.goto(`${stage.host.url}/profile/ben.test`);
      await page.locator(".profile .menu-of summary").click();
      await page.getByRole("button", { name: "Block this account" }).click();
      await page.getByText("You block this account").first().waitFor();
      expect(await page.getByText("Not for everybody").count()).toBe(0);
      await page.getByRole("button", { name: "Unblock this account" }).first().click();
      await page.goto(`${stage.host.url}/app/profile`);
      await assertAccessible("edit-profile", page);
      await page.goto(`${stage.host.url}/saved`);
      await assertAccessible("saved", page);
    }));

  test("by keys alone: from post to post, a like, and a new one", () =>
    visit({}, async (page) => {
      await signIn(page, "cho");
      await page.goto(`${stage.host.url}/profile/ana.test`);
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      const focused = page.locator("article.post:focus");
      await focused.waitFor();
      await page.keyboard.press("l");
      await expect.poll(() => page.locator('.act.like[aria-pressed="true"]').count()).toBe(1);
      await page.keyboard.press("n");
      await page.waitForURL(/intent\/compose/);
    }));
});

test("without a script a member reads, posts, answers, likes and follows", () =>
  visit({ javaScriptEnabled: false }, async (page) => {
    await signIn(page, "ben");
    await page.goto(`${stage.host.url}/?tab=local`);
    const post = page.locator("article.post", { hasText: "Who has the key" }).first();
    if ((await post.count()) === 0) await page.goto(`${stage.host.url}/profile/ana.test`);
    await post.locator(".act.like").click();
    await post.locator('.act.like[aria-pressed="true"]').waitFor();
    await post.locator("a.act").click();
    await page.getByLabel("Your reply").fill("It hangs behind the door.");
    await page.getByRole("button", { name: "Post", exact: true }).click();
    await page.goto(`${stage.host.url}/profile/ben.test?tab=replies`);
    await page.getByText("It hangs behind the door.").waitFor();
    await page.goto(`${stage.host.url}/profile/ana.test`);
    await page.getByRole("button", { name: "Follow", exact: true }).click();
    await page.getByRole("button", { name: "Unfollow" }).waitFor();
  }));

test("from right to left nothing is cut off", () =>
  visit({ viewport: { width: 390, height: 800 } }, async (page) => {
    await page.goto(`${stage.host.url}/profile/cho.test`);
    await page.evaluate("document.documentElement.dir = 'rtl'");
    const { SHOTS: folder } = process.env;
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
      if (folder !== undefined) await page.screenshot({ path: `${folder}/app-rtl-${width}.png` });
    }
  }));

/** A JPEG of 40 by 20 whose EXIF says that it lies on its side (orientation 6), and where it was made. */
async function photograph(page: Page): Promise<Buffer> {
  const base64 = await page.evaluate(`(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 20 });
    const context = canvas.getContext("2d");
    context.fillStyle = "#3366cc";
    context.fillRect(0, 0, 40, 20);
    return canvas.toDataURL("image/jpeg").split(",")[1];
  })()`);
  const plain = Buffer.from(String(base64), "base64");
  // TIFF, big-endian: one entry, orientation (0x0112), a short of value 6; then what nobody should read.
  const tiff = Buffer.from("4d4d002a00000008000101120003000000010006000000000000", "hex");
  const body = Buffer.concat([Buffer.from("Exif\0\0"), tiff, Buffer.from("SECRET-PLACE")]);
  const head = Buffer.from([0xff, 0xe1, (body.length + 2) >> 8, (body.length + 2) & 0xff]);
  return Buffer.concat([plain.subarray(0, 2), head, body, plain.subarray(2)]);
}
