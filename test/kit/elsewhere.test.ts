/** The pages of a member whose AppView is another host of ours: all of them, within the free plan. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestNetwork, createTestNetwork } from "../../tools/kit/index.ts";
import { MemberBrowser } from "../../tools/kit/oauth/member-browser.ts";

let network: TestNetwork;
let browser: MemberBrowser;
let post: { uri: string; cid: string };
let own: { uri: string; cid: string };
let paths: string[];
let dids: { ana: string; ben: string };

const rkeyOf = ({ uri }: { uri: string }) => uri.split("/").at(-1) ?? "";

async function open(path: string): Promise<{ status: number; html: string }> {
  const page = await browser.open(path, { headers: { accept: "text/html" } });
  if ("location" in page) throw new Error(`${path} leads away, to ${page.location.href}`);
  return page;
}

async function send(path: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
  const { html } = await open("/intent/compose");
  const csrf = /name="csrf" value="([^"]*)"/.exec(html)?.[1] ?? "";
  return browser.fetch(path, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      origin: network.host("shore").url,
      accept: "text/html",
      ...headers,
    },
    body: new URLSearchParams({ csrf, ...fields }).toString(),
  });
}

beforeAll(async () => {
  network = await createTestNetwork({
    hosts: ["north", "shore"],
    platform: "free",
    varsOf: (_, first) => (first === undefined ? {} : { APPVIEW: `${first.did}#bsky_appview` }),
  });
  const ana = await network.account("ana.north.test", { host: "north" });
  const ben = await network.account("ben.shore.test", { host: "shore" });
  dids = { ana: ana.did, ben: ben.did };
  const anas = network.agent("ana.north.test");
  await anas.upsertProfile(() => ({ displayName: "Ana <North>", description: "lives up there" }));
  post = await anas.post({ text: "the harbour is frozen" });
  await anas.post({ text: "so I walked", reply: { root: post, parent: post } });
  const list = await anas.app.bsky.graph.list.create(
    { repo: ana.did },
    { name: "Skaters", purpose: "app.bsky.graph.defs#curatelist", createdAt: new Date().toISOString() },
  );
  own = await network.agent("ben.shore.test").post({ text: "written at the shore" });
  await network.settle();
  browser = new MemberBrowser(network.host("shore").url);
  const { html } = await open("/account/sign-in");
  await browser.open("/account/sign-in", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", origin: network.host("shore").url },
    body: new URLSearchParams({
      csrf: /name="csrf" value="([^"]*)"/.exec(html)?.[1] ?? "",
      step: "sign-in",
      identifier: ben.handle,
      password: ben.password,
    }).toString(),
  });
  paths = [
    "/",
    "/?tab=local",
    "/search?q=harbour",
    "/search?q=ana&tab=people",
    "/hashtag/ice",
    "/notifications",
    "/saved",
    "/intent/compose",
    `/intent/compose?reply=${encodeURIComponent(post.uri)}`,
    "/app/profile",
    `/profile/${ana.handle}`,
    `/profile/${ana.did}?tab=replies`,
    `/profile/${ana.handle}/followers`,
    `/profile/${ana.handle}/lists`,
    `/profile/${ana.handle}/post/${rkeyOf(post)}`,
    `/profile/${ana.handle}/lists/${rkeyOf(list)}`,
    `/profile/${ana.handle}/feed/none`,
    `/profile/${ben.handle}`,
    "/rss",
  ];
});

afterAll(() => network?.dispose());

describe("a member whose AppView is elsewhere", () => {
  test("reads its timelines, profiles, threads and search at their own host", async () => {
    const home = await open("/");
    expect([home.status, home.html.includes("Following")]).toEqual([200, true]);
    expect(home.html).not.toContain('href="/?tab=local"');
    const profile = await open("/profile/ana.north.test");
    expect(profile.html).toContain("Ana &lt;North&gt;");
    expect(profile.html).toContain("the harbour is frozen");
    const thread = await open(`/profile/ana.north.test/post/${rkeyOf(post)}`);
    expect(thread.html.indexOf("the harbour is frozen")).toBeLessThan(thread.html.indexOf("so I walked"));
    expect((await open("/search?q=harbour")).html).toContain("the harbour is frozen");
    expect((await open("/search?q=ana&tab=people")).html).toContain("Ana &lt;North&gt;");
    expect((await open("/profile/ana.north.test/lists")).html).toContain("Skaters");
  });

  test("likes, and sees it at once, although the AppView has not seen it", async () => {
    const fields = {
      do: "like",
      uri: post.uri,
      cid: post.cid,
      did: dids.ana,
    };
    const answer = await send("/app/act", fields, { "x-part": "1" });
    expect(answer.status).toBe(200);
    const part = await answer.text();
    const does = /name="do" value="(unlike [^"]*)"/.exec(part)?.[1] ?? "";
    expect(part).toMatch(/class="act like"[^>]*aria-pressed="true"/);
    const back = await send("/app/act", { ...fields, do: does }, { "x-part": "1" });
    expect(await back.text()).toMatch(/class="act like"[^>]*aria-pressed="false"/);
  });

  test("answers a post, and their repo has the answer", async () => {
    const back = `/profile/ana.north.test/post/${rkeyOf(post)}`;
    const answer = await send("/intent/compose", { text: "mind the cracks", reply: post.uri, back });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, back]);
    const { records } = await network
      .host("shore")
      .xrpc<{ records: { value: { reply?: object } }[] }>("com.atproto.repo.listRecords", {
        params: { repo: dids.ben, collection: "app.bsky.feed.post" },
      });
    expect(records.map(({ value }) => value.reply !== undefined)).toContain(true);
  });

  test("no page fails, and none passes the plan's 50 queries and 50 subrequests", async () => {
    for (const path of paths) {
      const { status, html } = await open(path);
      expect([path, status === 200 || status === 404]).toEqual([path, true]);
      expect(html, path).toContain("</html>");
    }
    const figures = (await network.host("shore").figures()).filter(({ queries }) => queries > 0);
    for (const { operation, queries, subrequests } of figures) {
      expect([operation, queries <= 50, subrequests <= 50]).toEqual([operation, true, true]);
    }
    expect(await network.host("shore").breaches()).toEqual([]);
  });

  test.each([
    ["is away", null],
    ["fails", 500],
    ["answers nonsense", "{"],
    ["answers with something else", { feed: 7, posts: "none", did: "no" }],
    ["refuses the member", 401],
  ] as const)("is told in honest words when it %s, and loses no text", async (_, answer) => {
    const { origin } = new URL(network.host("north").url);
    const stop = network.fetches.answer(`${origin}/xrpc/`, () => {
      if (answer === null) return null;
      if (typeof answer === "number") return new Response("", { status: answer });
      return new Response(typeof answer === "string" ? answer : JSON.stringify(answer), {
        headers: { "content-type": "application/json" },
      });
    });
    try {
      for (const path of paths) {
        const { status, html } = await open(path);
        expect([path, [200, 404, 502].includes(status)]).toEqual([path, true]);
        if (status === 502) expect(html).toContain("does not answer at the moment");
      }
      expect((await open("/")).status).toBe(502);
      // What the member's own repo has is there all the same.
      const mine = await open("/profile/ben.shore.test");
      expect([mine.status, mine.html.includes("written at the shore")]).toEqual([200, true]);
      const kept = await send("/intent/compose", { text: "not lost", reply: post.uri });
      const form = await kept.text();
      expect([kept.status, form.includes("not lost"), form.includes(post.uri)]).toEqual([400, true, true]);
      expect(form).toContain("nothing was posted");
    } finally {
      stop();
    }
    expect((await open("/")).status).toBe(200);
  });
});

test("a guest of such a host sees its front, and who it is for", async () => {
  const response = await fetch(`${network.host("shore").url}/profile/ben.shore.test/post/${rkeyOf(own)}`, {
    headers: { accept: "text/html" },
  });
  const html = await response.text();
  expect([response.status, html.includes("written at the shore")]).toEqual([403, false]);
  expect(html).toContain("Welcome to ");
});
