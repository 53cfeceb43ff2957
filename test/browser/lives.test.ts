/**
 * What people do in the app, whole: a guest who joins, a newcomer's first ten minutes, a conversation of three,
 * and somebody who is harassed and gets out of it. Each as usual, without JavaScript, and on a slow line.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PASSWORD } from "../clients/oauth/stage.ts";
import { Life, type Visitor, WAYS, choose, postWith, send } from "./life.ts";

describe.each(WAYS)("$name", (way) => {
  let life: Life;

  beforeAll(async () => {
    life = await Life.begin(way);
    await life.settle("ana", "ben", "cho", "rex");
    const root = await life.post("ana", "Who has the key of the boat house? 🚣 #boats", {
      facets: [
        {
          index: { byteStart: 40, byteEnd: 46 },
          features: [{ $type: "app.bsky.richtext.facet#tag", tag: "boats" }],
        },
      ],
    });
    await life.post("ben", "It hangs behind the door.", { reply: { root, parent: root } });
    await life.write("ana", "app.bsky.feed.generator", {
      did: "did:web:localhost",
      displayName: "Tides",
    });
  });
  afterAll(() => life?.end());

  test("a guest reads, and joins", async () => {
    const guest = await life.guest();
    const { page } = guest;
    await guest.go("/");
    await page.getByRole("heading", { name: "Welcome to Lagoon" }).waitFor();
    await life.look(page, "life-front");
    await postWith(page, "Who has the key").locator(".when").click();
    await page.getByText("It hangs behind the door.").waitFor();
    await page.getByRole("link", { name: "#boats" }).click();
    await page.getByRole("heading", { name: "#boats" }).waitFor();
    await postWith(page, "Who has the key").locator("a.who").click();
    await page.getByRole("heading", { name: "ana.test" }).waitFor();
    await page.getByRole("searchbox").fill("behind the door");
    await page.keyboard.press("Enter");
    await postWith(page, "It hangs behind the door.").waitFor();
    await page.getByRole("link", { name: "Join", exact: true }).click();
    await page.getByLabel("Handle", { exact: true }).fill("nia");
    await page.getByLabel("E-mail address").fill("nia@example.com");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("heading", { name: "Welcome to Lagoon" }).waitFor();
    await page.getByRole("link", { name: "See what is new at Lagoon" }).click();
    await tenMinutes(life, guest);
    await guest.leave();
  });

  test("three talk, with quotes and pictures, and nobody loses the thread", async () => {
    const [ana, ben, cho] = [await life.member("ana"), await life.member("ben"), await life.member("cho")];
    await ana.go("/intent/compose");
    await ana.page.getByLabel("What is new?").fill("Which colour for the boat? @ben.test @cho.test");
    await send(ana.page);
    await postWith(ana.page, "Which colour").waitFor();
    const thread = new URL(ana.page.url()).pathname;
    await ben.go("/notifications");
    await postWith(ben.page, "Which colour").locator(".when").click();
    await ben.page.waitForURL(life.at(thread));
    await ben.page.getByLabel("Your reply").fill("Blue, like the sea.");
    await send(ben.page);
    await postWith(ben.page, "Blue, like the sea.").waitFor();
    await cho.go(thread);
    await choose(cho.page, cho.page.locator(".post.main"), "Quote");
    await cho.page.getByLabel("What is new?").fill("She cannot choose. Red!");
    if (life.scripted) {
      await cho.page.locator("input[type=file]").setInputFiles({
        name: "red.png",
        mimeType: "image/png",
        buffer: Buffer.from(await redPicture(cho), "base64"),
      });
      await cho.page.getByLabel("What the picture shows").fill("All red");
    }
    await send(cho.page);
    await cho.go("/profile/cho.test");
    await cho.page.locator(".quoted", { hasText: "Which colour for the boat?" }).waitFor();
    if (life.scripted) await cho.page.getByRole("img", { name: "All red" }).waitFor();
    await ana.go("/notifications");
    await postWith(ana.page, "She cannot choose. Red!").waitFor();
    await postWith(ana.page, "Blue, like the sea.").locator(".act.like").click();
    await postWith(ana.page, "Blue, like the sea.").locator('.act.like[aria-pressed="true"]').waitFor();
    await life.look(ana.page, "life-conversation");
    for (const each of [ana, ben, cho]) await each.leave();
  });

  test("who is harassed mutes, chooses who may reply, hides, reports, and blocks", async () => {
    const [ana, rex] = [await life.member("ana"), await life.member("rex")];
    await life.post("rex", "Hey @ana.test you are a fool", {
      facets: [
        {
          index: { byteStart: 4, byteEnd: 13 },
          features: [{ $type: "app.bsky.richtext.facet#mention", did: life.didOf("ana") }],
        },
      ],
    });
    await ana.go("/notifications");
    await choose(ana.page, postWith(ana.page, "you are a fool"), "Mute this account");
    await ana.go("/notifications");
    await ana.page.getByRole("heading", { name: "Notifications" }).waitFor();
    expect(await ana.page.getByText("you are a fool").count()).toBe(0);
    await ana.go("/?tab=local");
    await ana.page.locator("article.post").first().waitFor();
    expect(await ana.page.getByText("you are a fool").count()).toBe(0);

    const open = await writeFor(ana, "Fresh paint, everybody may speak", "Everybody");
    await rex.go(open);
    await rex.page.locator(".post.main a.act").first().click();
    await rex.page.waitForURL(/intent\/compose/);
    await rex.page.getByLabel("Your reply").fill("Ugly paint by an ugly fool");
    await send(rex.page);
    await ana.go(open);
    await ana.page.getByText("Fresh paint").first().waitFor();
    // Of somebody muted, the thread says that there is more, and shows it to who wants it.
    if ((await ana.page.getByText("Ugly paint").count()) === 0) {
      await ana.page.getByRole("link", { name: "Show more replies" }).click();
    }
    await choose(ana.page, postWith(ana.page, "Ugly paint"), "Hide this reply for everybody");
    const guest = await life.guest();
    await guest.go(open);
    await guest.page.getByText("Fresh paint").first().waitFor();
    expect(await guest.page.getByText("Ugly paint").count()).toBe(0);
    await guest.leave();

    const closed = await writeFor(ana, "Only friends may answer this", "Only whom I mention");
    await ana.page.getByText("Only some people may reply.").waitFor();
    await life.look(ana.page, "life-who-may-reply");
    await rex.go(closed);
    await rex.page.getByText("Only friends may answer this").first().waitFor();
    expect(await rex.page.locator(".post.main a.act").count()).toBe(0);
    await rex.go(`/intent/compose?reply=${encodeURIComponent(uriAt(life, closed))}`);
    await rex.page.getByLabel("Your reply").fill("I answer all the same");
    await send(rex.page);
    await rex.page.getByText("You cannot reply to this post").waitFor();

    await ana.go("/profile/rex.test");
    await ana.page.getByText("You mute this account").waitFor();
    await choose(ana.page, ana.page.locator("header.profile"), "Report this account");
    await ana.page.getByLabel("Harassment, or hatred").check();
    await ana.page.getByLabel("Anything to add").fill("In every thread of mine");
    await ana.page.getByRole("button", { name: "Send" }).click();
    await ana.page.getByText("The moderators have your report").waitFor();
    await ana.page.getByRole("link", { name: "Read on" }).click();
    await choose(ana.page, ana.page.locator("header.profile"), "Block this account");
    await ana.page.getByText("You block this account").first().waitFor();
    await life.look(ana.page, "life-blocked");
    expect(await ana.page.getByText("you are a fool").count()).toBe(0);
    await rex.go("/profile/ana.test");
    await rex.page.getByText("This account blocks you").waitFor();
    expect(await rex.page.getByRole("button", { name: "Follow", exact: true }).count()).toBe(0);
    expect(await rex.page.getByText("Fresh paint").count()).toBe(0);
    await life.look(rex.page, "life-blocked-by");
    await rex.go(open);
    expect(await rex.page.getByText("Fresh paint").count()).toBe(0);
    for (const each of [ana, rex]) await each.leave();
  });
});

const uriAt = (life: Life, thread: string): string =>
  `at://${life.didOf("ana")}/app.bsky.feed.post/${thread.split("/").at(-1)}`;

/** Writes a post for whom one likes; returns the path of its thread. */
async function writeFor({ page, go }: Visitor, text: string, who: string): Promise<string> {
  await go("/intent/compose");
  await page.getByLabel("What is new?").fill(text);
  await page.getByText("Options", { exact: true }).click();
  await page.getByLabel("Who may reply").selectOption({ label: who });
  await send(page);
  await page.locator(".post.main", { hasText: text }).waitFor();
  return new URL(page.url()).pathname;
}

const redPicture = async ({ page }: Visitor): Promise<string> =>
  String(
    await page.evaluate(`(() => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 200 });
      const context = canvas.getContext("2d");
      context.fillStyle = "#b5382a";
      context.fillRect(0, 0, 320, 200);
      return canvas.toDataURL("image/png").split(",")[1];
    })()`),
  );

/** From an empty front page to a member who is known, and knows what there is. */
async function tenMinutes(life: Life, { page, go }: Visitor): Promise<void> {
  await page.getByText("Nobody you follow has posted yet").waitFor();
  await life.look(page, "life-empty-home");
  await page.getByRole("link", { name: "See what is new here" }).click();
  await postWith(page, "Who has the key").locator("a.who").click();
  await page.getByRole("button", { name: "Follow", exact: true }).click();
  await page.getByRole("button", { name: "Unfollow" }).waitFor();
  await page.getByRole("link", { name: "Feeds" }).click();
  await page.getByRole("link", { name: "Tides" }).click();
  await page.getByRole("button", { name: "Pin to the front page" }).click();
  await page.getByRole("button", { name: "Unpin" }).waitFor();
  await go("/");
  await page.getByRole("link", { name: "Tides" }).waitFor();
  await postWith(page, "Who has the key").locator(".act.like").click();
  await postWith(page, "Who has the key").locator('.act.like[aria-pressed="true"]').waitFor();
  await life.look(page, "life-home");
  await postWith(page, "Who has the key").locator(".act.bookmark").click();
  await postWith(page, "Who has the key").locator('.act.bookmark[aria-pressed="true"]').waitFor();
  await page.getByRole("link", { name: "Bookmarks" }).click();
  await postWith(page, "Who has the key").waitFor();
  await page.getByRole("navigation", { name: "Menu" }).getByRole("link", { name: "Profile" }).click();
  await page.getByRole("link", { name: "Edit profile" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Nia Newcomer");
  await page.getByLabel("About you").fill("Rows on Sundays.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Nia Newcomer" }).waitFor();
  await page.getByRole("link", { name: "Write a post" }).click();
  await page.getByLabel("What is new?").fill("Good morning @ana.test, I am new here #boats");
  await send(page);
  await postWith(page, "Good morning").getByRole("link", { name: "@ana.test" }).waitFor();
  const rkey = page.url().split("/").at(-1) ?? "";
  const did = await page.locator('.post.main input[name="did"]').inputValue();
  const parent = { uri: `at://${did}/app.bsky.feed.post/${rkey}`, cid: await cidOn(page) };
  await life.write("ana", "app.bsky.feed.like", { subject: parent });
  await life.write("ben", "app.bsky.feed.like", { subject: parent });
  await life.post("ana", "Welcome aboard!", { reply: { root: parent, parent } });
  await go("/");
  expect(await page.locator(".menu .badge").innerText()).toBe("3");
  await page.getByRole("link", { name: /Notifications/ }).click();
  await postWith(page, "Welcome aboard!").waitFor();
  await page.getByText("and one other liked your post").waitFor();
  await life.look(page, "life-notifications");
  await go("/");
  expect(await page.locator(".menu .badge").count()).toBe(0);
  await go("/app/wishes");
  await page.getByLabel("A word, a phrase or a tag").fill("boat house");
  await page.getByRole("button", { name: "Mute it" }).click();
  await page.getByText("boat house").first().waitFor();
  await life.look(page, "life-wishes");
  await go("/");
  await page.getByText("Welcome aboard!").or(page.getByText("Good morning")).first().waitFor();
  expect(await page.getByText("Who has the key").count()).toBe(0);
  await page.getByRole("link", { name: "Account", exact: true }).click();
  await page.getByRole("button", { name: "Sign out on this browser" }).click();
  await go("/");
  await page.getByRole("heading", { name: "Welcome to Lagoon" }).waitFor();
}

const cidOn = (page: Visitor["page"]): Promise<string> =>
  page.locator('.post.main input[name="cid"]').inputValue();
