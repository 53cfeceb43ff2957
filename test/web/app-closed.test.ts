/** The owner's choice that the app is for members: what every path answers a guest, and what it answers a member. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asAdmin, bindings, fetchHost, join, xrpc } from "../support/account-host.ts";
import { Person, type Ref } from "../support/appview-host.ts";
import { outsider } from "../support/outsider.ts";
import { Visitor } from "../support/visitor.ts";

const SAID = "the tide turns at nine";
const WHO = "Mara Marsh";
const HOST = "did:web:localhost%3A2583";
const rkeyOf = ({ uri }: Ref) => uri.split("/").at(-1) ?? "";

let mara: Person;
let post: Ref;
let paths: Record<string, string>;
const visitor = new Visitor();

beforeAll(async () => {
  mara = await Person.join("mara-closed");
  await mara.write("app.bsky.actor.profile", { displayName: WHO, description: SAID }, "self");
  post = await mara.post(`${SAID} #tide`, {
    facets: [
      {
        index: { byteStart: SAID.length + 1, byteEnd: SAID.length + 6 },
        features: [{ $type: "app.bsky.richtext.facet#tag", tag: "tide" }],
      },
    ],
  });
  const list = await mara.list(WHO, "curatelist");
  const pack = await mara.write("app.bsky.graph.starterpack", { name: WHO, list: list.uri });
  const feed = await mara.write("app.bsky.feed.generator", {
    did: "did:web:away.invalid",
    displayName: WHO,
  });
  const own = `/profile/${mara.member.handle}`;
  // What a member finds there.
  paths = {
    "/": SAID,
    "/?tab=local": SAID,
    "/?tab=best": SAID,
    "/rss": SAID,
    "/search?q=tide": SAID,
    "/search?q=mara&tab=people": WHO,
    "/hashtag/tide": SAID,
    [own]: SAID,
    [`/profile/${mara.did}`]: SAID,
    [`${own}?tab=replies`]: SAID,
    [`${own}?tab=media`]: WHO,
    [`${own}/rss`]: SAID,
    [`${own}/followers`]: WHO,
    [`${own}/follows`]: WHO,
    [`${own}/feeds`]: WHO,
    [`${own}/lists`]: WHO,
    [`${own}/starter-packs`]: WHO,
    [`${own}/post/${rkeyOf(post)}`]: SAID,
    [`${own}/post/${rkeyOf(post)}?others`]: SAID,
    [`${own}/feed/${rkeyOf(feed)}`]: WHO,
    [`${own}/lists/${rkeyOf(list)}`]: WHO,
    [`${own}/lists/${rkeyOf(list)}?tab=people`]: WHO,
    [`/starter-pack/${mara.member.handle}/${rkeyOf(pack)}`]: WHO,
    "/profile/nobody.test": "Nothing here",
    "/profile/%E0%A4%A": "Nothing here",
    "/app/nowhere": "Nothing here",
  };
  await visitor.signIn(mara.member.handle, mara.member.password);
  bindings.APP_READERS = "members";
});

afterAll(() => {
  bindings.APP_READERS = "everybody";
});

/** As browsers, makers of previews, readers of feeds and programs ask. */
const ASKED_AS: Record<string, Record<string, string>> = {
  browser: { accept: "text/html" },
  preview: { "user-agent": "Twitterbot/1.0" },
  reader: { accept: "application/rss+xml" },
  fresh: { accept: "text/html", "cache-control": "no-cache" },
};

describe("a guest", () => {
  test.each(Object.keys(ASKED_AS))("finds the front alone at every path, as a %s", async (as) => {
    for (const path of Object.keys(paths)) {
      const response = await fetchHost(path, { headers: ASKED_AS[as] ?? {}, redirect: "manual" });
      const html = await response.text();
      if (as === "reader" && path.split("?")[0] === "/") {
        // Programs are told where XRPC is.
        expect(html).toContain("This is Atoll");
        continue;
      }
      expect([path, response.status]).toEqual([path, path.split("?")[0] === "/" ? 200 : 403]);
      expect(html, path).toContain("Welcome to ");
      expect(html, path).toContain('href="/account/sign-up"');
      for (const secret of [SAID, WHO, "mara-closed", mara.did, "/img/", "/rss"]) {
        // The way back after a sign-in is what the guest asked for.
        const rest = html.replaceAll(/sign-in\?to=[^"]*"/g, "");
        expect([path, rest.includes(secret)]).toEqual([path, false]);
      }
    }
  });

  test("finds no handle's page, and no way round by a form", async () => {
    const handle = await fetchHost("/", { headers: { accept: "text/html", host: mara.member.handle } });
    expect(await handle.text()).not.toContain(SAID);
    for (const path of [
      "/app/act",
      "/app/report",
      "/intent/compose",
      "/app/profile",
      "/app/picture",
      "/search",
    ]) {
      const answer = await fetchHost(path, { method: "POST", redirect: "manual" });
      expect([path, answer.status === 303 || answer.status === 403]).toEqual([path, true]);
      expect(await answer.text()).not.toContain(SAID);
    }
  });

  test("comes back to where they wanted to go after a sign-in", async () => {
    const path = `/profile/${mara.member.handle}/post/${rkeyOf(post)}`;
    const { html } = await new Visitor().get(path);
    expect(html).toContain(`href="/account/sign-in?to=${encodeURIComponent(path)}"`);
    const newcomer = new Visitor();
    await newcomer.get(`/account/sign-in?to=${encodeURIComponent(path)}`);
    const { member } = mara;
    const { location } = await newcomer.post("/account/sign-in", {
      step: "sign-in",
      identifier: member.handle,
      password: member.password,
      to: path,
    });
    expect(location).toBe(path);
  });

  test("is shown to no robot", async () => {
    expect(await (await fetchHost("/robots.txt")).text()).toMatch(/Allow: \/\$\nDisallow: \/\n/);
    const page = await fetchHost(`/profile/${mara.member.handle}`, { headers: { accept: "text/html" } });
    expect(await page.text()).toContain('content="noindex"');
  });
});

test("a member finds everything where it was", async () => {
  for (const [path, wanted] of Object.entries(paths)) {
    const { html } = await visitor.get(path);
    expect([path, html.includes(wanted)]).toEqual([path, true]);
  }
});

describe("apps", () => {
  const READS: Record<string, () => Record<string, string>> = {
    "app.bsky.feed.getAuthorFeed": () => ({ actor: mara.did }),
    "app.bsky.feed.getPosts": () => ({ uris: post.uri }),
    "app.bsky.feed.getPostThread": () => ({ uri: post.uri }),
    "app.bsky.feed.searchPosts": () => ({ q: "tide" }),
    "app.bsky.actor.getProfile": () => ({ actor: mara.did }),
    "app.bsky.actor.searchActors": () => ({ q: "mara" }),
    "app.bsky.graph.getFollowers": () => ({ actor: mara.did }),
    "app.bsky.unspecced.getPostThreadV2": () => ({ anchor: post.uri }),
    "app.bsky.feed.getFeed": () => ({
      feed: "at://did:web:localhost%3A2583/app.bsky.feed.generator/whats-new",
    }),
    "app.bsky.feed.getFeedSkeleton": () => ({
      feed: "at://did:web:localhost%3A2583/app.bsky.feed.generator/whats-new",
    }),
  };

  test("of guests, and of accounts elsewhere, are refused the AppView's answers", async () => {
    const elsewhere = await outsider();
    for (const [nsid, params] of Object.entries(READS)) {
      const asGuest = await xrpc(nsid, { params: params() });
      expect([nsid, asGuest.status, asGuest.body.error]).toEqual([nsid, 401, "AuthMissing"]);
      const auth = elsewhere.auth(nsid);
      const asOutsider = await xrpc(nsid, { params: params(), auth });
      expect([nsid, asOutsider.status, asOutsider.body.error]).toEqual([nsid, 401, "AuthMissing"]);
    }
  });

  test("of members have them, by session and by a token of their own", async () => {
    const other = await join();
    for (const [nsid, params] of Object.entries(READS)) {
      if (nsid === "app.bsky.feed.getFeedSkeleton") continue;
      const { status } = await xrpc(nsid, { params: params(), auth: other.auth });
      expect([nsid, status]).toEqual([nsid, 200]);
    }
    const nsid = "app.bsky.feed.getFeedSkeleton";
    const signed = await xrpc("com.atproto.server.getServiceAuth", {
      auth: other.auth,
      params: { aud: "did:web:localhost%3A2583", lxm: nsid },
    });
    const { status, body } = await xrpc(nsid, {
      params: READS[nsid]?.() ?? {},
      auth: `Bearer ${String(signed.body.token)}`,
    });
    expect([status, JSON.stringify(body).includes(post.uri)]).toEqual([200, true]);
  });

  test("of everybody read repos, labels and what a feed or a labeler is: the protocol needs them", async () => {
    for (const [nsid, params] of [
      [
        "com.atproto.repo.getRecord",
        { repo: mara.did, collection: "app.bsky.feed.post", rkey: rkeyOf(post) },
      ],
      ["com.atproto.repo.listRecords", { repo: mara.did, collection: "app.bsky.feed.post" }],
      ["com.atproto.sync.getLatestCommit", { did: mara.did }],
      ["com.atproto.identity.resolveHandle", { handle: mara.member.handle }],
      ["com.atproto.label.queryLabels", { uriPatterns: post.uri, sources: HOST }],
      ["app.bsky.feed.describeFeedGenerator", {}],
      ["app.bsky.labeler.getServices", { dids: HOST }],
      ["com.atproto.server.describeServer", {}],
    ] as const) {
      const { status, body } = await xrpc(nsid, { params });
      expect([nsid, status, body.message]).toEqual([nsid, 200, undefined]);
    }
  });
});

test("a page that was kept for guests before the choice is not given out after it", async () => {
  bindings.APP_READERS = "everybody";
  const page = await fetchHost("/", { headers: { accept: "text/html" } });
  expect(await page.text()).toContain(SAID);
  bindings.APP_READERS = "members";
  const closed = await fetchHost("/", { headers: { accept: "text/html" } });
  expect(await closed.text()).not.toContain(SAID);
  expect((await asAdmin("com.atproto.admin.getAccountInfo", { params: { did: mara.did } })).status).toBe(200);
});
