/**
 * The app in Chromium as three members use it: a conversation with pictures and quotes, a card of a link, a draft,
 * keys and their switch, a face, and what a slow line is asked to carry.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PASSWORD, type Stage, setStage } from "../clients/oauth/stage.ts";
import { launchChromium } from "./chromium.ts";
import { assertAccessible as assertPage } from "./looks.ts";

let stage: Stage;
let browser: Browser;

const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const ARTICLE = "https://article.example.org/boats";

beforeAll(async () => {
  [stage, browser] = await Promise.all([setStage({ REGISTRATION: "open" }), launchChromium()]);
  for (const name of ["ida", "jon", "kim"]) {
    await stage.host.xrpc("com.atproto.server.createAccount", {
      input: { handle: `${name}.test`, email: `${name}@example.com`, password: PASSWORD },
    });
  }
  stage.network.fetches.answer("https://article.example.org/", ({ url }) =>
    url === ARTICLE
      ? new Response(
          `<title>Boats</title><meta property="og:title" content="All about boats"><meta property="og:description" content="From oars to sails"><meta property="og:image" content="/boat.png">`,
          { headers: { "content-type": "text/html" } },
        )
      : new Response(PIXEL, { headers: { "content-type": "image/png" } }),
  );
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

const assertAccessible = (name: string, page: Page) => assertPage(page, `story-${name}`);
const at = (path: string) => `${stage.host.url}${path}`;

/** A member on a browser of their own. Nothing may go wrong on its pages, and nothing come from elsewhere. */
async function member(name: string, options: Parameters<Browser["newContext"]>[0] = {}) {
  const context = await browser.newContext({ locale: "en", ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => {
    if (/^https?:/.test(request.url()) && new URL(request.url()).origin !== stage.host.url)
      problems.push(request.url());
  });
  await page.goto(at("/account/sign-in?to=%2F"));
  await page.fill("input[name=identifier]", `${name}.test`);
  await page.fill("input[name=password]", PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(at("/"));
  const leave = async () => {
    await context.close();
    expect(problems).toEqual([]);
  };
  return { page, leave };
}

async function addPicture(page: Page, colour: string, alt: string): Promise<void> {
  const base64 = await page.evaluate(`(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 200 });
    const context = canvas.getContext("2d");
    context.fillStyle = "${colour}";
    context.fillRect(0, 0, 320, 200);
    return canvas.toDataURL("image/png").split(",")[1];
  })()`);
  await page.locator("input[type=file]").setInputFiles({
    name: "picture.png",
    mimeType: "image/png",
    buffer: Buffer.from(String(base64), "base64"),
  });
  await page.getByLabel("What the picture shows").last().fill(alt);
}

const post = (page: Page) => page.getByRole("button", { name: "Post", exact: true }).click();

test("a conversation of three, with pictures and quotes", async () => {
  const [ida, jon, kim] = await Promise.all([member("ida"), member("jon"), member("kim")]);
  await ida.page.goto(at("/intent/compose"));
  await ida.page.getByLabel("What is new?").fill("Which colour for the boat? @jon.test @kim.test");
  await addPicture(ida.page, "#1c6ea4", "A blue hull");
  await addPicture(ida.page, "#b5382a", "A red hull");
  await post(ida.page);
  await ida.page.getByRole("img", { name: "A red hull" }).waitFor();
  const thread = ida.page.url();

  await jon.page.goto(at("/notifications"));
  await jon.page.locator("article.post", { hasText: "Which colour" }).locator(".when").click();
  await jon.page.waitForURL(thread);
  await jon.page.locator(".post.main a.act").first().click();
  await jon.page.waitForURL(/intent\/compose/);
  await jon.page.getByLabel("Your reply").fill("Blue, like the sea.");
  await post(jon.page);
  await jon.page.getByText("Blue, like the sea.").waitFor();

  await kim.page.goto(thread);
  await kim.page.locator(".post.main .menu-of summary").click();
  await kim.page.getByRole("link", { name: "Quote" }).click();
  await kim.page.getByLabel("What is new?").fill("Ida cannot choose. Red!");
  await addPicture(kim.page, "#c0392b", "All red");
  await post(kim.page);
  // Back where it was quoted.
  await kim.page.waitForURL(thread);
  await kim.page.goto(at("/profile/kim.test"));
  await kim.page.locator(".quoted", { hasText: "Which colour for the boat?" }).waitFor();
  await assertAccessible("quote", kim.page);

  await ida.page.goto(at("/notifications"));
  await ida.page.getByText("Ida cannot choose. Red!").waitFor();
  await ida.page.getByText("Blue, like the sea.").click();
  await ida.page.getByText("Which colour for the boat?").first().waitFor();
  await ida.page.goto(thread);
  await assertAccessible("conversation", ida.page);
  await ida.page.evaluate("document.documentElement.dir = 'rtl'");
  await assertAccessible("conversation-rtl", ida.page);
  for (const each of [ida, jon, kim]) await each.leave();
});

test("a link gets its card while one writes; it goes away and comes along as the writer likes", async () => {
  const { page, leave } = await member("ida");
  await page.goto(at("/intent/compose"));
  const card = page.locator(".offer");
  await page.getByLabel("What is new?").fill(`Worth reading: ${ARTICLE}`);
  await card.getByText("All about boats").waitFor();
  await assertAccessible("card", page);
  await card.getByRole("button", { name: "Remove this card" }).click();
  expect(await card.count()).toBe(0);
  await page.goto(at("/intent/compose"));
  await page.getByLabel("What is new?").fill(`Worth reading: ${ARTICLE} indeed`);
  await expect
    .poll(
      () =>
        page
          .locator("[name=thumb]")
          .inputValue()
          .catch(() => ""),
      { timeout: 10_000 },
    )
    .toContain("image/jpeg");
  await post(page);
  const shown = page.locator("a.site", { hasText: "From oars to sails" });
  await shown.waitFor();
  expect(await shown.locator("img").getAttribute("src")).toContain("/img/feed_thumbnail/plain/");
  await leave();
});

test("a draft is put away, found again, and posted", async () => {
  const { page, leave } = await member("jon");
  await page.goto(at("/intent/compose"));
  await page.getByLabel("What is new?").fill("Not yet finished");
  await page.getByRole("button", { name: "Save as a draft" }).click();
  await page.waitForURL(at("/app/drafts"));
  await assertAccessible("drafts", page);
  await page.getByRole("link", { name: "Not yet finished" }).click();
  await page.getByLabel("What is new?").fill("Now it is finished");
  await post(page);
  await page.locator("article.post", { hasText: "Now it is finished" }).first().waitFor();
  await page.goto(at("/app/drafts"));
  await page.getByText("You have no drafts").waitFor();
  await leave();
});

describe("keys", () => {
  test("are listed by ?, and are silent once they are switched off", async () => {
    const { page, leave } = await member("kim");
    await page.keyboard.press("?");
    const dialog = page.getByRole("dialog", { name: "Keyboard shortcuts" });
    await dialog.waitFor();
    await assertAccessible("keys", page);
    await dialog.getByLabel("Single letters are shortcuts").uncheck();
    await dialog.getByRole("button", { name: "Close" }).click();
    await page.keyboard.press("n");
    await page.keyboard.press("?");
    await page.waitForTimeout(300);
    expect([page.url(), await page.getByRole("dialog").count()]).toEqual([at("/"), 0]);
    await page.goto(at("/app/keys"));
    expect(await page.getByLabel("Single letters are shortcuts").isChecked()).toBe(false);
    await page.getByLabel("Single letters are shortcuts").check();
    await page.goto(at("/"));
    await page.keyboard.press("n");
    await page.waitForURL(at("/intent/compose"));
    await leave();
  });
});

test("a face is cut to shape, upright and small, before it leaves the browser", async () => {
  const { page, leave } = await member("jon");
  await page.goto(at("/app/profile"));
  await page
    .getByLabel("Your picture")
    .setInputFiles({ name: "wide.png", mimeType: "image/png", buffer: PIXEL });
  await page.locator(".of-avatar img[src^=blob]").waitFor();
  await assertAccessible("face", page);
  await page.getByRole("button", { name: "Save" }).click();
  await page.waitForURL(/\/profile\/jon\.test/);
  const source = (await page.locator(".profile img.face").getAttribute("src")) ?? "";
  const bytes = Buffer.from(await (await fetch(new URL(source, stage.host.url))).arrayBuffer());
  expect(bytes.subarray(0, 3).toString("hex")).toBe("ffd8ff");
  await page.goto(at("/app/wishes"));
  await assertAccessible("wishes", page);
  await leave();
});

test("what a member changes about what they see, holds at once", async () => {
  const { page, leave } = await member("kim");
  await page.goto(at("/app/wishes"));
  await page.getByLabel("A word, a phrase or a tag").fill("indeed");
  await page.getByRole("button", { name: "Mute it" }).click();
  await page.getByText("indeed").waitFor();
  await page.goto(at("/?tab=local"));
  await page.locator("article.post").first().waitFor();
  expect(await page.getByText("Worth reading").count()).toBe(0);
  await leave();
});

test("a page asks little of a slow line", async () => {
  const context = await browser.newContext({ locale: "en", viewport: { width: 390, height: 800 } });
  const page = await context.newPage();
  const sizes: Promise<number>[] = [];
  page.on("requestfinished", (request) => {
    if (!/\/img\//.test(request.url()))
      sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
  });
  await page.goto(at("/"), { waitUntil: "networkidle" });
  const bytes = (await Promise.all(sizes)).reduce((sum, each) => sum + each, 0);
  // The page, two styles, the script, the manifest, the icon, and what keeps pages for when there is no line.
  expect(sizes.length).toBeLessThanOrEqual(8);
  expect(bytes).toBeLessThanOrEqual(120_000);
  await context.close();
});
