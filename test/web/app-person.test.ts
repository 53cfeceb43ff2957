/** One person's host: its front page is the person, from their own repo where the AppView is elsewhere. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asAdmin, bindings, fetchHost, xrpc } from "../support/account-host.ts";
import { Person, type Ref } from "../support/appview-host.ts";
import { Visitor } from "../support/visitor.ts";

const BROWSER = { accept: "text/html", "cache-control": "no-cache" };
const rkeyOf = ({ uri }: Ref) => uri.split("/").at(-1) ?? "";

async function read(path: string) {
  const response = await fetchHost(path, { headers: BROWSER, redirect: "manual" });
  return { status: response.status, html: await response.text() };
}

let owner: Person;
let guest: Person;
let first: Ref;
let second: Ref;
const { APPVIEW, REGISTRATION } = bindings;

beforeAll(async () => {
  [owner, guest] = await Promise.all([Person.join("olga-own"), Person.join("gast-own")]);
  await owner.write(
    "app.bsky.actor.profile",
    { displayName: "Olga <Own>", description: "lives at the dyke" },
    "self",
  );
  first = await owner.post("a thread begins");
  second = await owner.reply("and goes on", first);
  const other = await guest.post("somebody else said this");
  await owner.reply("to somebody else", other);
  await owner.post("look at this", { embed: { $type: "app.bsky.embed.record", record: other } });
  await owner.post("look at me", { embed: { $type: "app.bsky.embed.record", record: first } });
  await owner.post("of adults", {
    labels: { $type: "com.atproto.label.defs#selfLabels", values: [{ val: "porn" }] },
  });
  await owner.write("com.example.essay", {
    title: 'On dykes "<i>',
    description: "an essay",
    url: "https://example.com/dykes",
  });
  const granted = await asAdmin("internal.atoll.admin.grantRole", {
    input: { did: owner.did, role: "owner" },
  });
  expect(granted.status).toBe(200);
  Object.assign(bindings, {
    HOST_KIND: "person",
    REGISTRATION: "closed",
    PERSON_SHOWS: "replies,com.example.essay",
  });
});

afterAll(() => {
  Object.assign(bindings, { HOST_KIND: "community", APPVIEW, REGISTRATION, PERSON_SHOWS: "replies,media" });
});

describe.each(["local", "did:web:appview.invalid#bsky_appview"])("with the AppView %s", (appview) => {
  beforeAll(() => {
    bindings.APPVIEW = appview;
  });

  test("/ is the person: profile, posts and what they choose to show", async () => {
    const { status, html } = await read("/");
    expect(status).toBe(200);
    expect(html).toContain("Olga &lt;Own&gt;");
    expect(html).toContain("lives at the dyke");
    expect(html).toContain("a thread begins");
    expect(html).toContain("look at me");
    expect(html).not.toContain("to somebody else");
    expect(html).not.toContain("of adults");
    expect(html).not.toContain("somebody else said this &lt;");
    expect(html).not.toContain('href="/account/sign-up"');
    expect(html).toContain('property="og:title" content="Olga &lt;Own&gt; (@olga-own.test)"');
    expect(html).toContain(`<link rel="alternate" href="at://${owner.did}/app.bsky.actor.profile/self"/>`);
    expect(html).toContain('<link rel="canonical" href="http://localhost:2583/"/>');
    expect((await read("/?tab=replies")).html).toContain("to somebody else");
    // Not chosen: there is no such tab, and no way to it.
    expect(html).not.toContain("tab=media");
    expect((await read("/?tab=media")).html).toContain("a thread begins");
  });

  test("records of other apps that they show lead to where they are read", async () => {
    expect((await read("/")).html).toContain('href="/?tab=com.example.essay"');
    const { html } = await read("/?tab=com.example.essay");
    expect(html).toContain('href="https://example.com/dykes" rel="nofollow ugc noopener"');
    expect(html).toContain("On dykes &quot;&lt;i&gt;");
    expect(html).not.toContain('rel="next"');
    expect((await read("/?tab=app.bsky.graph.block")).html).toContain("a thread begins");
  });

  test("a post has its page, with what the person went on to say", async () => {
    const { status, html } = await read(`/profile/${owner.member.handle}/post/${rkeyOf(first)}`);
    expect(status).toBe(200);
    expect(html.indexOf("a thread begins")).toBeLessThan(html.indexOf("and goes on"));
    const below = await read(`/profile/${owner.did}/post/${rkeyOf(second)}`);
    expect(below.html).toContain("a thread begins");
    expect((await read(`/profile/${owner.did}/post/3aaaaaaaaaa2a`)).status).toBe(404);
  });

  test("RSS at both addresses has the posts", async () => {
    for (const path of ["/rss", `/profile/${owner.member.handle}/rss`]) {
      const response = await fetchHost(path, { headers: { "cache-control": "no-cache" } });
      expect(response.headers.get("content-type")).toContain("application/rss+xml");
      const text = await response.text();
      expect(text).toContain("a thread begins");
      expect(text).not.toContain("of adults");
    }
  });

  test("takedowns, labels and the wish to be shown to nobody else hold", async () => {
    const gone = await owner.post("taken from the page");
    await asAdmin("com.atproto.admin.updateSubjectStatus", {
      input: {
        subject: { $type: "com.atproto.repo.strongRef", ...gone },
        takedown: { applied: true, ref: "1" },
      },
    });
    const hidden = await owner.post("hidden from the page");
    const label = (uri: string, val: string, neg = false) =>
      asAdmin("internal.atoll.admin.createLabels", { input: { labels: [{ uri, val, neg }] } });
    expect((await label(hidden.uri, "!hide")).status).toBe(200);
    for (const path of ["/", "/rss", `/profile/${owner.did}/post/${rkeyOf(gone)}`]) {
      expect((await read(path)).html).not.toMatch(/(taken|hidden) from the page/);
    }
    expect((await read(`/profile/${owner.did}/post/${rkeyOf(hidden)}`)).html).not.toContain("hidden from");
    await label(owner.did, "!no-unauthenticated");
    for (const path of [
      "/",
      "/?tab=com.example.essay",
      "/rss",
      `/profile/${owner.did}/post/${rkeyOf(first)}`,
    ]) {
      expect((await read(path)).html).not.toMatch(/a thread begins|lives at the dyke|On dykes/);
    }
    await label(owner.did, "!no-unauthenticated", true);
    expect((await read("/")).html).toContain("a thread begins");
  });

  test("an account that is switched off shows nothing", async () => {
    await xrpc("com.atproto.server.deactivateAccount", { auth: owner.member.auth, input: {} });
    try {
      // The index learns of it a moment later.
      for (const path of ["/", "/rss"]) {
        await expect.poll(async () => (await read(path)).html).not.toContain("a thread begins");
      }
    } finally {
      await xrpc("com.atproto.server.activateAccount", { auth: owner.member.auth, method: "POST" });
    }
    await expect.poll(async () => (await read("/")).html).toContain("a thread begins");
  });

  test("nobody signs up", async () => {
    const { html } = await new Visitor().get("/account/sign-up");
    expect(html).toMatch(/no new accounts|not given out|does not take/i);
  });
});

test("of a host without an index, guests see nobody else, and search nothing", async () => {
  bindings.APPVIEW = "did:web:appview.invalid#bsky_appview";
  for (const path of [
    `/profile/${guest.member.handle}`,
    "/search?q=thread",
    "/hashtag/x",
    "/profile/x.y/lists/1",
  ]) {
    const { status, html } = await read(path);
    expect([path, status]).toEqual([path, 404]);
    expect(html).not.toContain("somebody else said this");
  }
  expect((await read("/")).html).not.toContain('role="search"');
});

test("by default one person's host takes no sign-ups", async () => {
  const { readSettings } = await import("../../src/protocol/settings/list.ts");
  expect(readSettings({ HOST_KIND: "person" }).settings.REGISTRATION).toBe("closed");
  expect(readSettings({ HOST_KIND: "person", REGISTRATION: "invite" }).settings.REGISTRATION).toBe("invite");
  expect(readSettings({ HOST_KIND: "person" }, { REGISTRATION: "open" }).settings.REGISTRATION).toBe("open");
  expect(readSettings({}, { HOST_KIND: "person" }).settings.REGISTRATION).toBe("closed");
  expect(readSettings({}).settings.REGISTRATION).toBe("invite");
});
