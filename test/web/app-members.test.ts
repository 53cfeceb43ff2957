/** The app as a member uses it, by forms alone. */
import { beforeAll, describe, expect, test } from "vitest";
import { grouped } from "../../src/web/app/pages/notifications.tsx";
import { wishesOf } from "../../src/web/app/reader.ts";
import { fetchHost, xrpc } from "../support/account-host.ts";
import { Person, type View } from "../support/appview-host.ts";
import { type Shown, Visitor } from "../support/visitor.ts";

let ada: Person;
let bea: Person;
let visitor: Visitor;

beforeAll(async () => {
  [ada, bea] = await Promise.all([Person.join("ada-member"), Person.join("bea-member")]);
  visitor = new Visitor();
  await visitor.signIn(ada.member.handle, ada.member.password);
});

/** The form around a button, as it stands on the page. */
function formWith(html: string, button: string): { action: string; fields: Record<string, string> } {
  const forms = html.match(/<form class="acts[\s\S]*?<\/form>/g) ?? [];
  const form = forms.find((each) => each.includes(button)) ?? "";
  const unescaped = (text: string) => text.replaceAll("&amp;", "&").replaceAll("&quot;", '"');
  const fields = [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(
    ([, name = "", value = ""]) => [name, unescaped(value)],
  );
  const does = new RegExp(`name="do" value="([^"]*)"[^>]*aria-label="${button}( \\d+)?"`).exec(form)?.[1];
  const plain = new RegExp(`name="do" value="([^"]*)"[^>]*>${button}<`).exec(form)?.[1];
  return { action: "/app/act", fields: { ...Object.fromEntries(fields), do: does ?? plain ?? "" } };
}

async function press(path: string, button: string): Promise<Shown> {
  const { html } = await visitor.get(path);
  const { action, fields } = formWith(html, button);
  expect(fields["do"], `${button} on ${path}`).not.toBe("");
  const answer = await visitor.post(action, fields);
  expect([answer.status, answer.location], button).toEqual([303, path]);
  return visitor.get(path);
}

const profile = (of: Person) => `/profile/${of.member.handle}`;

async function viewOf(uri: string): Promise<View> {
  return (await ada.get("app.bsky.feed.getPosts", { uris: [uri] })).posts[0];
}

describe("a member", () => {
  test("finds their own front page, and nobody else's cache keeps it", async () => {
    const { status, html, headers } = await visitor.get("/");
    expect(status).toBe(200);
    expect(html).toContain("Following");
    expect(html).toContain('action="/intent/compose"');
    expect(headers.get("cache-control")).toBe("private, no-cache");
    const guest = await fetchHost("/", { headers: { accept: "text/html" } });
    expect(await guest.text()).not.toContain("Following");
  });

  test("writes a post with facets that apps read as they are meant", async () => {
    const text = `Grüße an @${bea.member.handle} 👋 siehe https://example.com/a?b=1. #Tee`;
    await visitor.get("/intent/compose");
    const answer = await visitor.post("/intent/compose", {
      text,
      lang: "de",
      who: "mentioned",
      warning: "nudity",
    });
    expect(answer.status).toBe(303);
    const { html } = await visitor.get(answer.location ?? "");
    expect(html).toContain(`<a href="/profile/${bea.did}">@${bea.member.handle}</a>`);
    expect(html).toContain('href="https://example.com/a?b=1" rel="nofollow ugc noopener"');
    expect(html).toContain('href="/hashtag/Tee"');
    expect(html).toContain("Only some people may reply.");
    const [item] = (await ada.get("app.bsky.feed.getAuthorFeed", { actor: ada.did })).feed;
    expect(item.post.record.langs).toEqual(["de"]);
    expect(item.post.record.labels.values).toEqual([{ val: "nudity" }]);
    const bytes = new TextEncoder().encode(text);
    const marked = item.post.record.facets.map(({ index, features }: View) => [
      new TextDecoder().decode(bytes.slice(index.byteStart, index.byteEnd)),
      features[0].$type.split("#")[1],
    ]);
    expect(marked).toEqual([
      [`@${bea.member.handle}`, "mention"],
      ["https://example.com/a?b=1", "link"],
      ["#Tee", "tag"],
    ]);
  });

  test("is told what is wrong with a post, and loses none of it", async () => {
    await visitor.get("/intent/compose");
    const long = await visitor.post("/intent/compose", { text: "x".repeat(301) });
    expect([long.status, long.html.includes("x".repeat(301))]).toEqual([400, true]);
    expect(long.text).toContain("at most 300 characters");
    expect((await visitor.post("/intent/compose", { text: "  " })).text).toContain("write something first");
    const family = "👨‍👩‍👧‍👦".repeat(300);
    const fits = await visitor.post("/intent/compose", { text: "é".repeat(300) });
    expect(fits.status).toBe(303);
    expect(family.length).toBeGreaterThan(3000);
  });

  test("answers, quotes, likes, reposts, keeps, and takes each back", async () => {
    const post = await bea.post("what do you think?");
    const path = `${profile(bea)}/post/${post.uri.split("/").at(-1)}`;
    await visitor.get(`/intent/compose?reply=${encodeURIComponent(post.uri)}`);
    const replied = await visitor.post("/intent/compose", { text: "well said", reply: post.uri, back: path });
    expect(replied.location).toBe(path);
    const quoted = await visitor.post("/intent/compose", { text: "look here", quote: post.uri });
    expect(quoted.status).toBe(303);
    expect((await visitor.get(path)).html).toContain("well said");
    expect((await visitor.get(quoted.location ?? "")).html).toContain("what do you think?");
    for (const [does, undoes, field] of [
      ["Like", "Undo like", "like"],
      ["Repost", "Undo repost", "repost"],
      ["Bookmark", "Remove bookmark", "bookmarked"],
    ] as const) {
      await press(path, does);
      expect((await viewOf(post.uri)).viewer[field], does).toBeTruthy();
      await press(path, undoes);
      expect((await viewOf(post.uri)).viewer[field], undoes).toBeFalsy();
    }
    expect(await viewOf(post.uri)).toMatchObject({
      replyCount: 1,
      quoteCount: 1,
      likeCount: 0,
      repostCount: 0,
    });
  });

  test("follows, mutes, blocks, and takes each back", async () => {
    const path = profile(bea);
    await press(path, "Follow");
    const own = await visitor.get("/");
    expect(own.html).toContain("what do you think?");
    await press(path, "Mute this account");
    expect((await visitor.get("/?tab=local")).html).not.toContain("what do you think?");
    await press(path, "Unmute this account");
    await press(path, "Unfollow");
    await press(path, "Block this account");
    expect((await visitor.get(path)).html).not.toContain("what do you think?");
    await press(path, "Unblock this account");
    expect((await visitor.get(path)).html).toContain("what do you think?");
  });

  test("reports a post, and changes their profile without losing the rest of it", async () => {
    const post = await bea.post("something nasty");
    await visitor.get(`/app/report?uri=${encodeURIComponent(post.uri)}&cid=${post.cid}`);
    const done = await visitor.post("/app/report", {
      uri: post.uri,
      cid: post.cid,
      reason: "rude",
      details: "see",
    });
    expect(done.text).toContain("The moderators have your report");
    await ada.write("app.bsky.actor.profile", { displayName: "Before", pronouns: "she/her" }, "self");
    const form = await visitor.get("/app/profile");
    expect(form.html).toContain('value="Before"');
    await visitor.post("/app/profile", { name: "After", description: "two\r\nlines" });
    const view = await ada.get("app.bsky.actor.getProfile", { actor: ada.did });
    expect(view).toMatchObject({ displayName: "After", description: "two\nlines", pronouns: "she/her" });
  });

  test("mutes a thread, hides a reply in their own, and deletes a post", async () => {
    const root = await ada.post("my own thread");
    const reply = await bea.reply("a rude answer", root);
    const path = `${profile(ada)}/post/${root.uri.split("/").at(-1)}`;
    await press(path, "Hide this reply for everybody");
    expect(
      (await fetchHost(path, { headers: { accept: "text/html", "cache-control": "no-cache" } })).status,
    ).toBe(200);
    const guest = await fetchHost(path, { headers: { accept: "text/html", "cache-control": "no-cache" } });
    const text = await guest.text();
    expect(text).not.toContain("a rude answer");
    expect(text).toContain("Show more replies");
    await press(path, "Mute this thread");
    expect((await viewOf(reply.uri)).viewer.threadMuted).toBe(true);
    const { html } = await visitor.get(path);
    const { action, fields } = formWith(html, "Delete this post");
    await visitor.post(action, { ...fields, back: "/" });
    expect((await visitor.get(path)).status).toBe(404);
  });

  test("who follows nobody yet is shown whom to follow, and does so at once", async () => {
    const [nia, visitorOfNia] = [await Person.join("nia-member"), new Visitor()];
    await visitorOfNia.signIn(nia.member.handle, nia.member.password);
    const { html, text } = await visitorOfNia.get("/");
    expect(text).toContain("Whom to follow");
    const did = /name="did" value="(did:[^"]*)"/.exec(html)?.[1] ?? "";
    expect((await visitorOfNia.post("/app/act", { do: "follow", did, back: "/" })).location).toBe("/");
    const view = await nia.get("app.bsky.actor.getProfile", { actor: did });
    expect(view.viewer.following).toContain(nia.did);
  });

  test("sees notifications grouped, with a badge that agrees", async () => {
    const cara = await Person.join("cara-member");
    const post = await ada.post("a popular post");
    await bea.write("app.bsky.feed.like", { subject: post });
    await cara.write("app.bsky.feed.like", { subject: post });
    await cara.reply("congratulations", post);
    const { count } = await ada.get("app.bsky.notification.getUnreadCount");
    const home = await visitor.get("/");
    expect(home.html).toContain(`<b class="badge">${count}</b>`);
    const page = await visitor.get("/notifications", {
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    });
    expect(page.text).toContain("and one other liked your post");
    expect(page.text).toContain("congratulations");
    expect(page.html).not.toContain('class="badge"');
    await cara.write("app.bsky.feed.like", { subject: await ada.post("another one") });
    // By a script, for the next page of them; and through the page's worker, which leaves no destination.
    await visitor.get("/notifications", { "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" });
    expect((await visitor.get("/")).html).toContain('<b class="badge">1</b>');
    await visitor.get("/notifications", { "sec-fetch-mode": "navigate", "sec-fetch-dest": "empty" });
    expect((await visitor.get("/")).html).not.toContain('class="badge"');
    expect((await ada.get("app.bsky.notification.getUnreadCount")).count).toBe(0);
  });

  test("finds what they keep at /saved", async () => {
    const post = await bea.post("worth keeping");
    await press(`${profile(bea)}/post/${post.uri.split("/").at(-1)}`, "Bookmark");
    expect((await visitor.get("/saved")).html).toContain("worth keeping");
  });

  test("does not see words that they mute in other apps, and what they hide", async () => {
    await bea.post("nothing but marzipan here");
    await bea.post("marzipanese is another word");
    await ada.do("app.bsky.actor.putPreferences", {
      preferences: [
        {
          $type: "app.bsky.actor.defs#mutedWordsPref",
          items: [{ value: "Marzipan", targets: ["content", "tag"], actorTarget: "all" }],
        },
      ],
    });
    const { html } = await visitor.get("/?tab=local");
    expect(html).not.toContain("nothing but marzipan");
    expect(html).toContain("marzipanese");
  });
});

describe("nobody else", () => {
  test("is asked to sign in, and then comes back", async () => {
    const guest = new Visitor();
    const asked = await guest.get("/intent/compose?text=hello");
    expect(asked.location).toBe("/account/sign-in?to=%2Fintent%2Fcompose%3Ftext%3Dhello");
    await guest.get(asked.location ?? "");
    const back = await guest.post("/account/sign-in", {
      step: "sign-in",
      identifier: bea.member.handle,
      password: bea.member.password,
      to: "/intent/compose?text=hello",
    });
    expect(back.location).toBe("/intent/compose?text=hello");
    expect((await guest.get(back.location ?? "")).html).toContain(">hello</textarea>");
  });

  test.each(["//evil.example/", "/\\evil.example", "https://evil.example/", "/profile/x\n//y"])(
    "is sent to %s",
    async (to) => {
      await visitor.get("/");
      const answer = await visitor.post("/app/act", { do: "mute", did: bea.did, back: to });
      expect(answer.location).toBe("/");
      await visitor.post("/app/act", { do: "unmute", did: bea.did });
      const guest = new Visitor();
      await guest.get("/account/sign-in");
      const { member } = bea;
      const fields = { step: "sign-in", identifier: member.handle, password: member.password, to };
      expect((await guest.post("/account/sign-in", fields)).location).toMatch(/^\/account/);
    },
  );

  test("acts in a member's name from another site", async () => {
    const post = await bea.post("like me by force");
    const before = await visitor.get("/");
    const csrf = /name="csrf" value="([^"]*)"/.exec(before.html)?.[1] ?? "";
    expect(csrf).not.toBe("");
    const fields = { do: "like", uri: post.uri, cid: post.cid };
    expect((await visitor.post("/app/act", { ...fields, csrf: "0".repeat(csrf.length) })).status).toBe(403);
    expect((await visitor.post("/intent/compose", { text: "by force", csrf: "" })).status).toBe(403);
    expect((await viewOf(post.uri)).viewer.like).toBeUndefined();
    const stranger = new Visitor();
    expect((await stranger.post("/app/act", { ...fields, csrf })).location).toMatch(/^\/account\/sign-in/);
  });

  test("gets an act that there is not, or one on nothing", async () => {
    await visitor.get("/");
    for (const fields of [
      { do: "constructor" },
      { do: "" },
      { do: "unlike ../../x" },
      { do: "like", uri: "at://nonsense", cid: "x" },
      { do: "follow", did: "nobody" },
      {
        do: "hide",
        uri: `at://${bea.did}/app.bsky.feed.post/3k2aaaaaaaaaa`,
        root: `at://${bea.did}/app.bsky.feed.post/3k2aaaaaaaaaa`,
      },
    ] as Record<string, string>[]) {
      const { status } = await visitor.post("/app/act", fields);
      expect([fields["do"], status]).toEqual([fields["do"], 404]);
    }
  });

  test("signed out, is a guest again", async () => {
    const other = new Visitor();
    await other.signIn(bea.member.handle, bea.member.password);
    expect((await other.get("/")).html).toContain("Following");
    await xrpc("com.atproto.server.deactivateAccount", { auth: bea.member.auth, input: {} });
    const page = await other.get("/");
    expect(page.html).not.toContain("Following");
    await xrpc("com.atproto.server.activateAccount", { auth: bea.member.auth, method: "POST" });
  });
});

test("preferences of other apps are read, whatever their shape", () => {
  const { tastes, pinned } = wishesOf(
    [
      { $type: "app.bsky.actor.defs#adultContentPref", enabled: true },
      { $type: "app.bsky.actor.defs#contentLabelPref", label: "nudity", visibility: "show" },
      {
        $type: "app.bsky.actor.defs#contentLabelPref",
        label: "porn",
        visibility: "hide",
        labelerDid: "did:web:x",
      },
      {
        $type: "app.bsky.actor.defs#mutedWordsPref",
        items: [{ value: "a", targets: [], expiresAt: "2020-01-01T00:00:00Z" }, 3, null],
      },
      {
        $type: "app.bsky.actor.defs#savedFeedsPrefV2",
        items: [
          { type: "feed", value: "at://did:web:x.example/app.bsky.feed.generator/x", pinned: true },
          { type: "timeline", value: "following", pinned: true },
        ],
      },
      { $type: "com.example.other" },
      {},
    ],
    { sources: [], labels: [] },
    Date.now(),
  );
  expect([tastes.adult, [...tastes.labels], tastes.words, pinned]).toEqual([
    true,
    [["nudity", "ignore"]],
    [],
    ["at://did:web:x.example/app.bsky.feed.generator/x"],
  ]);
});

test("notifications are grouped by what they are about, read and unread apart", () => {
  const one = (reason: string, reasonSubject: string | undefined, isRead: boolean, uri: string) =>
    ({ reason, reasonSubject, isRead, uri }) as never;
  const groups = grouped([
    one("like", "at://a", false, "1"),
    one("reply", "at://a", false, "2"),
    one("like", "at://a", false, "3"),
    one("like", "at://b", false, "4"),
    one("like", "at://a", true, "5"),
    one("follow", undefined, true, "6"),
    one("follow", undefined, true, "7"),
    one("reply", "at://a", false, "8"),
  ]);
  expect(groups.map(({ reason, all }) => `${reason} ${all.length}`)).toEqual([
    "like 2",
    "reply 1",
    "like 1",
    "like 1",
    "follow 2",
    "reply 1",
  ]);
});
