/**
 * Places of other kinds in Chromium: a community for its members alone, one person's host, and what moderators and
 * makers of lists see. No barrier that axe-core finds, at any width, by day and by night, and at 200 %.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PASSWORD, type Stage, setStage } from "../clients/oauth/stage.ts";
import { launchChromium } from "./chromium.ts";
import { assertAccessible } from "./looks.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
});

interface Member {
  did: string;
  auth: string;
}

async function call(
  stage: Stage,
  nsid: string,
  input: object,
  auth?: string,
): Promise<Record<string, string>> {
  const response = await fetch(`${stage.host.url}/xrpc/${nsid}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(auth === undefined ? {} : { authorization: auth }) },
    body: JSON.stringify(input),
  });
  expect(response.status, `${nsid}: ${await response.clone().text()}`).toBe(200);
  return (await response.json()) as Record<string, string>;
}

async function memberOf(stage: Stage, handle: string): Promise<Member> {
  const { did = "", accessJwt } = await call(stage, "com.atproto.server.createSession", {
    identifier: handle,
    password: PASSWORD,
  });
  return { did, auth: `Bearer ${accessJwt}` };
}

const write = (stage: Stage, { did, auth }: Member, collection: string, record: object, rkey?: string) =>
  call(
    stage,
    `com.atproto.repo.${rkey === undefined ? "createRecord" : "putRecord"}`,
    {
      repo: did,
      collection,
      record: { $type: collection, createdAt: new Date().toISOString(), ...record },
      ...(rkey === undefined ? {} : { rkey }),
    },
    auth,
  );

async function signIn(page: Page, stage: Stage, handle: string): Promise<void> {
  if (!page.url().includes("/account/sign-in")) await page.goto(`${stage.host.url}/account/sign-in?to=%2F`);
  await page.getByLabel("Handle or e-mail address").fill(handle);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/account/sign-in"));
}

async function story(tell: (page: Page) => Promise<void>, options: object = {}): Promise<void> {
  const context = await browser.newContext({ locale: "en", ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && /policy/i.test(message.text())) problems.push(message.text());
  });
  try {
    await tell(page);
  } finally {
    await context.close();
  }
  expect(problems).toEqual([]);
}

/** At 200 %, as on half the width, nothing is wider than the screen (WCAG 1.4.10). */
async function assertZooms(page: Page, name: string): Promise<void> {
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), name).toBeLessThanOrEqual(
    0,
  );
}

describe("a community for its members alone", () => {
  let stage: Stage;
  let post = "";

  beforeAll(async () => {
    stage = await setStage({ REGISTRATION: "invite", APP_READERS: "members" });
    const alice = await memberOf(stage, "alice.test");
    const { uri = "" } = await write(stage, alice, "app.bsky.feed.post", { text: "Only for us" });
    post = `/profile/alice.test/post/${uri.split("/").at(-1)}`;
  });

  afterAll(() => stage?.stop());

  test("a guest at a link sees the front, signs in, and is where they wanted to be", async () => {
    await story(async (page) => {
      await page.goto(`${stage.host.url}${post}`);
      await page.getByRole("heading", { name: "Welcome to Lagoon" }).waitFor();
      expect(await page.content()).not.toContain("Only for us");
      await assertAccessible(page, "closed-front");
      await assertZooms(page, "closed-front");
      await page.locator("main").getByRole("link", { name: "Sign in" }).click();
      await signIn(page, stage, "alice.test");
      await page.waitForURL(`${stage.host.url}${post}`);
      await page.getByText("Only for us").waitFor();
    });
  });

  test("a guest finds no search, and the way in from everywhere", async () => {
    await story(async (page) => {
      for (const path of ["/", "/search?q=us", "/profile/alice.test", "/nowhere"]) {
        await page.goto(`${stage.host.url}${path}`);
        expect([path, await page.getByRole("search").count()]).toEqual([path, 0]);
        expect(await page.content()).not.toContain("Only for us");
      }
    });
  });
});

describe.each([
  ["its own index", undefined],
  ["an AppView elsewhere", "did:web:appview.example.com#bsky_appview" as const],
])("one person's host with %s", (_, appview) => {
  let stage: Stage;
  let post = "";

  beforeAll(async () => {
    stage = await setStage({
      HOST_KIND: "person",
      HOST_NAME: "alice.example",
      PERSON_SHOWS: "replies,media,com.example.essay",
      ...(appview === undefined ? {} : { APPVIEW: appview }),
    });
    const alice = await memberOf(stage, "alice.test");
    const profile = { displayName: "Alice of the Lagoon", description: "Boats, tea and https://example.com" };
    await write(stage, alice, "app.bsky.actor.profile", profile, "self");
    const root = await write(stage, alice, "app.bsky.feed.post", { text: "A long thought begins here" });
    await write(stage, alice, "app.bsky.feed.post", { text: "and ends here", reply: { root, parent: root } });
    await write(stage, alice, "com.example.essay", {
      title: "On boats",
      description: "Short",
      url: "https://example.com/boats",
    });
    post = `/profile/alice.test/post/${(root.uri ?? "").split("/").at(-1)}`;
  });

  afterAll(() => stage?.stop());

  test("is the person, for a guest: profile, posts, a thread and what else they show", async () => {
    await story(async (page) => {
      await page.goto(`${stage.host.url}/`);
      await page.getByRole("heading", { name: "Alice of the Lagoon" }).waitFor();
      const name = appview === undefined ? "person" : "person-elsewhere";
      await assertAccessible(page, `${name}-front`);
      await assertZooms(page, name);
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.getByRole("link", { name: "Essay" }).click();
      await page.getByText("On boats").waitFor();
      await assertAccessible(page, `${name}-essays`);
      await page.goto(`${stage.host.url}/`);
      await page.locator("article", { hasText: "A long thought" }).locator("a.when").first().click();
      await page.getByText("and ends here").waitFor();
      expect(page.url()).toBe(`${stage.host.url}${post}`);
      await assertAccessible(page, `${name}-thread`);
      await page.goto(`${stage.host.url}/account/sign-up`);
      await assertAccessible(page, `${name}-sign-up`);
    });
  });

  test("tells the person in honest words when their AppView is silent", async () => {
    await story(async (page) => {
      await signIn(page, stage, "alice.test");
      await page.waitForURL(`${stage.host.url}/`);
      if (appview === undefined) {
        await page.getByText("A long thought begins here").waitFor();
        return;
      }
      await page.getByRole("heading", { name: "No answer" }).waitFor();
      await assertAccessible(page, "elsewhere-silent");
    });
  });
});

describe("a community with lists and moderators", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage({ REGISTRATION: "open" });
    const alice = await memberOf(stage, "alice.test");
    await stage.host.admin("internal.atoll.admin.grantRole", {
      input: { did: alice.did, role: "moderator" },
    });
    await call(stage, "com.atproto.server.createAccount", {
      handle: "bob.test",
      email: "bob@example.com",
      password: PASSWORD,
    });
    const bob = await memberOf(stage, "bob.test");
    await write(stage, bob, "app.bsky.feed.post", {
      text: "Cheap boats, call me!!! <script>alert(1)</script>",
    });
  });

  afterAll(() => stage?.stop());

  test("a moderator labels and takes down where they see it, and brings it back", async () => {
    await story(async (page) => {
      await signIn(page, stage, "alice.test");
      await page.goto(`${stage.host.url}/?tab=local`);
      const article = page.locator("article", { hasText: "Cheap boats" });
      await article.getByLabel("More").click();
      await assertAccessible(page, "moderator-menu");
      await article.getByRole("link", { name: "Label it" }).click();
      await assertAccessible(page, "moderate-label");
      await page.getByLabel("Which label?").selectOption("spam");
      await page.getByRole("button", { name: "Label it" }).click();
      await page.waitForURL(`${stage.host.url}/?tab=local`);
      await page.locator("article", { hasText: "spam" }).waitFor();
      await article.locator("a.when").click();
      await page.locator("article.main").getByLabel("More").click();
      await page.getByRole("link", { name: "Take it down" }).click();
      await assertAccessible(page, "moderate-take-down");
      await page.getByRole("button", { name: "Take it down" }).click();
      await page.getByRole("heading", { name: "Nothing here" }).waitFor();
      await assertAccessible(page, "moderate-gone");
      await page.getByRole("link", { name: "Moderate" }).click();
      await page.getByRole("button", { name: "Restore it" }).click();
      await page.locator("article", { hasText: "Cheap boats" }).first().waitFor();
    });
  });

  test("a member makes a list, puts somebody on it from their profile, and takes them off", async () => {
    await story(async (page) => {
      await signIn(page, stage, "alice.test");
      await page.goto(`${stage.host.url}/profile/alice.test/lists`);
      await assertAccessible(page, "lists-none");
      await page.getByRole("link", { name: "New list" }).click();
      await assertAccessible(page, "list-new");
      await page.getByLabel("Name").fill("Boat people");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByRole("heading", { name: "Boat people" }).waitFor();
      await assertAccessible(page, "list-empty");
      await page.goto(`${stage.host.url}/profile/bob.test`);
      await page.locator(".acts-of").getByLabel("More").click();
      await page.getByRole("link", { name: "Add to lists" }).click();
      await page.getByRole("button", { name: "Add to Boat people" }).click();
      await page.getByRole("button", { name: "Remove from Boat people" }).waitFor();
      await assertAccessible(page, "lists-membership");
      await page.getByRole("link", { name: "Boat people" }).click();
      await page.getByText("Cheap boats").waitFor();
      await assertAccessible(page, "list-posts");
      await page.getByRole("link", { name: "On this list" }).click();
      await assertAccessible(page, "list-people");
      await page.getByRole("link", { name: "Edit list" }).click();
      await assertAccessible(page, "list-edit");
      await page.getByText("Delete this list").first().click();
      await page.getByRole("button", { name: "Delete this list" }).click();
      await page.waitForURL(`${stage.host.url}/profile/alice.test/lists`);
      expect(await page.getByText("Boat people").count()).toBe(0);
    });
  });
});
