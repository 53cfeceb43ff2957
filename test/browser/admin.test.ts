/** Those who look after a host, in Chromium: what they see, and the stories of their days. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PASSWORD, type Stage, setStage, signUp } from "../clients/oauth/stage.ts";
import { launchChromium } from "./chromium.ts";
import { OPEN_ALL, assertAccessible, takePicture } from "./looks.ts";

let stage: Stage;
let browser: Browser;
let context: BrowserContext;
let page: Page;

interface Person {
  did: string;
  handle: string;
  token: string;
}

beforeAll(async () => {
  [stage, browser] = await Promise.all([setStage({ REGISTRATION: "open" }), launchChromium()]);
  await stage.host.admin("internal.atoll.admin.grantRole", {
    input: { did: stage.alice.did, role: "owner" },
  });
  context = await browser.newContext();
  page = await context.newPage();
  await signInAt(page, "alice.test");
});
afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

const at = (path: string) => `${stage.host.url}${path}`;

async function signInAt(on: Page, handle: string, to = "/admin"): Promise<void> {
  await on.goto(at(to));
  await on.getByLabel("Handle or e-mail address").fill(handle);
  await on.getByLabel("Password").fill(PASSWORD);
  await on.getByRole("button", { name: "Sign in", exact: true }).click();
  await on.waitForLoadState();
}

async function person(name: string): Promise<Person> {
  const { did, handle } = await signUp(stage.host, name);
  const session = await stage.host.xrpc<{ accessJwt: string }>("com.atproto.server.createSession", {
    input: { identifier: handle, password: PASSWORD },
  });
  return { did, handle, token: session.accessJwt };
}

async function write(
  by: Person,
  text: string,
  embed?: object,
  reply?: object,
): Promise<{ uri: string; cid: string }> {
  const record = { $type: "app.bsky.feed.post", text, createdAt: new Date().toISOString(), embed, reply };
  return stage.host.xrpc("com.atproto.repo.createRecord", {
    authorization: `Bearer ${by.token}`,
    input: { repo: by.did, collection: "app.bsky.feed.post", record },
  });
}

async function report(by: Person, ref: { uri: string; cid: string }, reason?: string): Promise<void> {
  await stage.host.xrpc("com.atproto.moderation.createReport", {
    authorization: `Bearer ${by.token}`,
    input: {
      reasonType: "com.atproto.moderation.defs#reasonSpam",
      reason,
      subject: { $type: "com.atproto.repo.strongRef", uri: ref.uri, cid: ref.cid },
    },
  });
}

/** Forty days of a community that grows. */
async function countNumbers(): Promise<void> {
  const rows = Array.from({ length: 40 }, (_, n) => {
    const day = new Date(Date.UTC(2026, 9, 1) + n * 86_400_000).toISOString().slice(0, 10);
    const members = 20 + n * 3 - (n % 5);
    const numbers = {
      members,
      active: members - 8,
      posts: n * n * 4,
      written: n * n * 30,
      follows: n * 40,
      lag: 0,
      readers: 2,
      directoryBytes: 400_000 + n * 9_000,
      indexBytes: 2_000_000 + n * 70_000,
    };
    return [day, JSON.stringify(numbers)];
  });
  await stage.host.query("DIRECTORY", "DELETE FROM day_number");
  await stage.host.query(
    "DIRECTORY",
    "INSERT OR REPLACE INTO day_number (day, numbers) SELECT value ->> 0, value ->> 1 FROM json_each(?1)",
    JSON.stringify(rows),
  );
}

/** Pages whose pictures are in docs/administration.md. */
const IN_GUIDE = new Set(
  "home members member reports report links labels names mail mail-text announcements numbers hand-over".split(
    " ",
  ),
);

/** A thread with a picture in it, as reports are about. */
async function reported(): Promise<{ mallory: Person; post: { uri: string; cid: string } }> {
  const [mallory, rita] = [await person("mallory"), await person("rita")];
  const above = await write(rita, "Does anybody know a good watchmaker?");
  const post = await write(
    mallory,
    "Genuine watches, half price! Only today, only here: visit my shop.",
    undefined,
    {
      root: above,
      parent: above,
    },
  );
  await write(rita, "Please stop this.", undefined, { root: above, parent: post });
  await report(rita, post, "They post this under everything that I write.");
  return { mallory, post };
}

describe("every page", () => {
  test("is accessible, wide and on a phone, by day and by night", async () => {
    const { mallory, post } = await reported();
    await countNumbers();
    for (const [name, path] of [
      ["home", ""],
      ["members", "/members"],
      ["members-none", "/members?q=zzz"],
      ["member", `/members/${mallory.did}`],
      ["reports", "/reports"],
      ["report", `/reports/${encodeURIComponent(post.uri)}`],
      ["invites", "/invites"],
      ["tree", `/invites/${stage.alice.did}`],
      ["names", "/names"],
      ["mail", "/mail"],
      ["mail-text", "/mail/reset_password"],
      ["announcements", "/announcements"],
      ["hand-over", "/hand-over"],
      ["links", "/links"],
      ["relays", "/relays"],
      ["numbers", "/numbers"],
      ["plan", "/plan"],
      ["log", "/log"],
      ["roles", "/roles"],
      ["labels", "/labels"],
      ["settings", "/settings"],
      ["settings-joining", "/settings/joining"],
    ] as const) {
      await page.goto(at(`/admin${path}`));
      expect(await page.locator("h1").textContent()).not.toBe("Sign in");
      if (IN_GUIDE.has(name)) await takePicture(page, `admin-${name}`);
      await page.evaluate(OPEN_ALL);
      await assertAccessible(page, `admin-${name}`);
    }
  }, 300_000);
});

describe("the first hour of an owner", () => {
  test("an invite is made and scanned; who comes by it is there, and another one comes by them", async () => {
    await page.goto(at("/admin"));
    await page.getByRole("link", { name: "Invites" }).first().click();
    await page.getByLabel("For how many people").fill("10");
    await page.getByLabel("Until when").selectOption("7");
    await page.getByRole("button", { name: "Make a link" }).click();
    await page.getByRole("img", { name: "The link, as a code to scan" }).waitFor();
    await assertAccessible(page, "admin-invite");
    await takePicture(page, "admin-invite");
    const link = (await page.locator(".address code").textContent()) ?? "";
    const newcomer = await (await browser.newContext()).newPage();
    await newcomer.goto(link);
    await newcomer.getByLabel("Handle").fill("firstone");
    await newcomer.getByLabel("E-mail address").fill("firstone@example.com");
    await newcomer.getByLabel("Password").fill(PASSWORD);
    await newcomer.getByRole("button", { name: "Create account" }).click();
    await newcomer.getByRole("heading", { name: /Welcome/ }).waitFor();
    await newcomer.context().close();
    await page.goto(at("/admin"));
    await page.getByRole("link", { name: /@firstone/ }).click();
    await page.getByRole("heading", { name: "@firstone.test" }).waitFor();
  });

  test("several bots are suspended at once, after a look at whom", async () => {
    await Promise.all(["bot1", "bot2"].map(person));
    await page.goto(at("/admin/members?q=bot"));
    for (const name of ["bot1", "bot2"]) await page.getByLabel(`Choose @${name}.test`).check();
    await page.getByLabel("What to do with those chosen").selectOption("suspend");
    await page.getByRole("button", { name: "Look at those chosen" }).click();
    await page.getByRole("heading", { name: "2 members" }).waitFor();
    await assertAccessible(page, "admin-bulk");
    await page.getByRole("button", { name: "Suspend" }).click();
    await page.getByText("Done for 2 members.").waitFor();
    await stage.host.query(
      "DIRECTORY",
      "UPDATE account SET takedown = NULL WHERE handle IN ('bot1.test', 'bot2.test')",
    );
  });
});

describe("a spam wave", () => {
  test("twenty reports about three accounts are handled by the keyboard alone", async () => {
    await stage.host.query("DIRECTORY", "DELETE FROM report");
    const spammers = await Promise.all(["spam1", "spam2", "spam3"].map(person));
    const reporters = await Promise.all(Array.from({ length: 7 }, (_, n) => person(`reporter${n}`)));
    const posts = await Promise.all(
      spammers.map((spammer) => write(spammer, `Buy now, says ${spammer.handle}`)),
    );
    const wanted = posts.flatMap((post) => reporters.map((reporter) => ({ post, reporter }))).slice(0, 20);
    for (const { post, reporter } of wanted) await report(reporter, post);
    const began = Date.now();
    await page.goto(at("/admin/reports"));
    await page.keyboard.press("j");
    await Promise.all([page.waitForURL("**/admin/reports/**"), page.keyboard.press("Enter")]);
    for (const left of [2, 1, 0]) {
      await page.locator("h1").waitFor();
      await page.keyboard.press("o");
      await page.keyboard.type("spam wave");
      await page.keyboard.press("Escape");
      await Promise.all([page.waitForEvent("load"), page.keyboard.press("s")]);
      const open = await stage.host.query(
        "DIRECTORY",
        "SELECT count(DISTINCT subject_did) AS count FROM report WHERE state = 'open'",
      );
      expect(open).toEqual([{ count: left }]);
    }
    await page.getByText("Nothing waits. Well done.").waitFor();
    expect(Date.now() - began).toBeLessThan(120_000);
    await assertAccessible(page, "admin-reports-done");
    // The last one was a mistake.
    await Promise.all([page.waitForEvent("load"), page.keyboard.press("u")]);
    await page.getByText("It is as it was before").waitFor();
    await assertAccessible(page, "admin-report-undone");
    const suspended = await stage.host.query(
      "DIRECTORY",
      "SELECT count(*) AS count FROM account WHERE takedown IS NOT NULL",
    );
    expect(suspended).toEqual([{ count: 2 }]);
  });

  test("keys can be switched off, and stay so", async () => {
    await page.goto(at("/admin/reports"));
    await page.getByText("Keys").click();
    await page.getByRole("button", { name: "Switch them off" }).click();
    await page.reload();
    await page.keyboard.press("j");
    expect(await page.evaluate("document.activeElement.hasAttribute('data-item')")).toBe(false);
    await page.getByText("Keys").click();
    await page.getByRole("button", { name: "Switch them on" }).click();
  });
});

describe("a lost password without mail", () => {
  test("an owner makes a link, and the member chooses another one", async () => {
    const lost = await person("forgetful");
    await page.goto(at(`/admin/members/${lost.did}`));
    await page.getByText("They lost their password").click();
    await page.getByRole("button", { name: "Make a reset link" }).click();
    const link = await page.locator(".secret").textContent();
    await assertAccessible(page, "admin-member-link");
    const own = await (await browser.newContext()).newPage();
    await own.goto(link ?? "");
    await assertAccessible(own, "account-reset-by-link");
    await own.getByLabel("New password").fill("another good password");
    await own.getByRole("button", { name: "Set password" }).click();
    await own.getByText("Your new password is set").waitFor();
    await own.context().close();
  });
});

describe("a suspension and an appeal", () => {
  test("without JavaScript: the member appeals, and the moderator hears it", async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false });
    const moderator = await person("molly");
    await stage.host.admin("internal.atoll.admin.grantRole", {
      input: { did: moderator.did, role: "moderator" },
    });
    const own = await plain.newPage();
    await signInAt(own, moderator.handle);
    const member = await person("impatient");
    await own.goto(at(`/admin/members/${member.did}`));
    await own.getByText("Suspend", { exact: true }).first().click();
    await own.getByLabel("Why, for the log").first().fill("insults");
    await own.getByRole("button", { name: "Suspend" }).click();
    await own.getByText("The account is suspended").waitFor();

    const theirs = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await signInAt(theirs, member.handle, "/account");
    await theirs.getByRole("link", { name: "Ask them to look once more" }).click();
    await theirs.getByLabel("Handle or e-mail address").fill(member.handle);
    await theirs.getByLabel("Password").fill(PASSWORD);
    await theirs.getByLabel("Why they should look at it once more").fill("It was meant as a joke.");
    await theirs.getByRole("button", { name: "Send it to the moderators" }).click();
    await theirs.getByText("They will look at it").waitFor();

    await own.goto(at("/admin/reports"));
    await own.getByRole("link", { name: /@impatient.*appeal/ }).click();
    await own.getByText("It was meant as a joke.").waitFor();
    // axe-core needs JavaScript: what the member and the moderator see is looked at as others see it.
    const other = await (await browser.newContext()).newPage();
    await other.goto(at("/account/appeal"));
    await assertAccessible(other, "account-appeal");
    await other.context().close();
    await page.goto(own.url());
    await assertAccessible(page, "admin-appeal");
    await own.getByRole("button", { name: "Restore it" }).click();
    await own.getByText("It is back.").waitFor();
    await signInAt(theirs, member.handle, "/account");
    await theirs.getByRole("heading", { name: "Your account" }).waitFor();
    await plain.close();
  });
});

describe("a spam wave that leads somewhere", () => {
  test("is hidden by where it leads, and an announcement says so", async () => {
    const spammer = await person("linker");
    const facets = [
      {
        index: { byteStart: 0, byteEnd: 3 },
        features: [{ $type: "app.bsky.richtext.facet#link", uri: "https://casino.example/win" }],
      },
    ];
    const record = {
      $type: "app.bsky.feed.post",
      text: "Win now",
      facets,
      createdAt: new Date().toISOString(),
    };
    await stage.host.xrpc("com.atproto.repo.createRecord", {
      authorization: `Bearer ${spammer.token}`,
      input: { repo: spammer.did, collection: "app.bsky.feed.post", record },
    });
    await page.goto(at("/admin/links"));
    await page.getByLabel("Block links to").fill("casino.example");
    await page.getByRole("button", { name: "Block them" }).click();
    await page.getByText("1 post hidden").waitFor();
    await assertAccessible(page, "admin-links-blocked");
    await page.goto(at("/admin/announcements"));
    await page.getByLabel("What you post").fill("We hide casino spam now. Report what you still see.");
    await page.getByRole("button", { name: "Post it to all" }).click();
    await page.getByText("Every member finds it among their notifications.").waitFor();
    await assertAccessible(page, "admin-announced");
    const theirs = await (await browser.newContext()).newPage();
    await signInAt(theirs, "rita.test", "/account");
    await theirs.goto(at("/notifications"));
    await theirs.getByText("We hide casino spam now.").first().waitFor();
    await theirs.context().close();
  });
});

describe("a host that changes hands", () => {
  async function signedInPage(handle: string, to: string): Promise<Page> {
    const own = await (await browser.newContext()).newPage();
    await signInAt(own, handle, to);
    return own;
  }

  test("by the recovery key of an owner who is gone, three days later, unless an owner stops it", async () => {
    const gone = await (await browser.newContext()).newPage();
    await gone.goto(at("/account/sign-up"));
    await gone.getByLabel("Handle", { exact: true }).fill("gone");
    await gone.getByLabel("E-mail address").fill("gone@example.com");
    await gone.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await gone.getByRole("button", { name: "Make a recovery key" }).click();
    await gone.getByLabel("Your recovery key").waitFor();
    const secret = (await gone.getByLabel("Your recovery key").textContent()) ?? "";
    await gone.getByLabel("I have saved it").check();
    await gone.getByRole("button", { name: "Create account" }).click();
    await gone.getByRole("heading", { name: /Welcome to/ }).waitFor();
    await gone.context().close();
    const [{ did } = { did: "" }] = await stage.host.query(
      "DIRECTORY",
      "SELECT did FROM account WHERE handle = 'gone.test'",
    );
    await stage.host.admin("internal.atoll.admin.grantRole", { input: { did, role: "owner" } });

    const heir = await person("heir");
    const own = await signedInPage(heir.handle, "/account/hand-over");
    const sent: string[] = [];
    own.on("request", (request) => sent.push(`${request.url()} ${request.postData() ?? ""}`));
    await assertAccessible(own, "account-hand-over");
    await own.getByLabel("Handle of the owner who is gone").fill("gone");
    await own.getByRole("button", { name: "Go on" }).click();
    await own.getByLabel("Recovery key of @gone.test").fill("nonsense");
    await own.getByRole("button", { name: "Begin the hand-over" }).click();
    await own.getByText("This is no recovery key").waitFor();
    await assertAccessible(own, "account-hand-over-key");
    await own.getByLabel("Recovery key of @gone.test").fill(secret);
    await own.getByRole("button", { name: "Begin the hand-over" }).click();
    await own.getByText("It has begun.").waitFor();
    expect(sent.filter((each) => each.includes(secret))).toEqual([]);
    await assertAccessible(own, "account-hand-over-begun");
    await page.goto(at("/admin/hand-over"));
    await page.getByText("@heir.test can take the place of @gone.test").waitFor();
    await assertAccessible(page, "admin-hand-over-claimed");
    await stage.host.query("DIRECTORY", "UPDATE hand_over SET ready_at = ready_at - 72 * 3600000");
    await own.goto(at("/account/hand-over"));
    await own.getByRole("button", { name: "Take it over" }).click();
    await own.waitForURL("**/admin");
    await own.context().close();
  });

  test("by an offer that the new owner accepts", async () => {
    const heir = await person("successor");
    await page.goto(at("/admin/hand-over"));
    await page.getByLabel("Handle of the new owner").fill("successor");
    await page.getByRole("button", { name: "Offer it to them" }).click();
    await page.getByText("@successor.test can take the host over now").waitFor();
    await assertAccessible(page, "admin-hand-over-offered");
    const own = await signedInPage(heir.handle, "/account/hand-over");
    await assertAccessible(own, "account-hand-over-offered");
    await own.getByRole("button", { name: "Take it over" }).click();
    await own.waitForURL("**/admin");
    await own.getByRole("link", { name: "Settings" }).first().waitFor();
    await page.goto(at("/admin"));
    await page.getByRole("heading", { name: "Not yours to see" }).waitFor();
    await own.context().close();
  });
});
