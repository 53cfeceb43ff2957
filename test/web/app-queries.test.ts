/**
 * What each page of the app asks of the databases, in a community with one of everything, for a member with
 * everything unread: at most forty queries, so that the free plan's fifty leave room for thinned-out pages.
 */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { countDatabase } from "../../src/appview/counted-database.ts";
import worker from "../../src/worker.ts";
import { underRules } from "../../tools/kit/worker/platform/bindings.ts";
import { allFigures, invoke, takeBreaches } from "../../tools/kit/worker/platform/invocation.ts";
import { HOST_DID, ORIGIN, asAdmin, bindings } from "../support/account-host.ts";
import { Person, type Ref } from "../support/appview-host.ts";
import { type Shown, Visitor } from "../support/visitor.ts";

/** The plan allows fifty. */
const QUERIES = 40;

const rules = underRules(bindings);

let ada: Person;
let bea: Person;
let cat: Person;
let guest: Visitor;
let member: Visitor;
let operation = "";

/** As the platform would count it. */
async function fetchCounted(path: string, init?: RequestInit): Promise<Response> {
  const context = createExecutionContext();
  const request = new Request(new URL(path, ORIGIN), init);
  const response = await invoke(operation, () => worker.fetch(request, rules, context));
  const body = await response.arrayBuffer();
  await waitOnExecutionContext(context);
  return new Response(response.status === 304 || response.status === 303 ? null : body, response);
}

/** One visit, and what it asked. */
async function counted(name: string, visit: () => Promise<Shown>): Promise<Shown & { queries: number }> {
  // An isolate's first request reads secrets and settings.
  operation = `${name}, first`;
  await visit();
  operation = name;
  const shown = await visit();
  const { queries = NaN } = allFigures().find((each) => each.operation === name) ?? {};
  return { ...shown, queries };
}

const strong = ({ uri, cid }: Ref) => ({ uri, cid });
const rkeyOf = ({ uri }: Ref) => uri.split("/").at(-1) ?? "";

let root: Ref;
let list: Ref;
let feed: Ref;
let pack: Ref;

async function furnish(): Promise<void> {
  list = await bea.list("Boats", "curatelist");
  await bea.enlist(list, cat);
  await bea.enlist(list, ada);
  feed = await bea.write("app.bsky.feed.generator", { did: HOST_DID, displayName: "Harbour" });
  pack = await bea.write("app.bsky.graph.starterpack", {
    name: "Begin",
    list: list.uri,
    feeds: [{ uri: feed.uri }],
  });
  root = await bea.post("Who rows?");
  const quoted = await cat.post("A quote", {
    embed: { $type: "app.bsky.embed.record", record: strong(root) },
  });
  const below = await ada.reply("I do", root);
  await cat.reply("And I", below, root);
  await bea.post("Pinned", { embed: { $type: "app.bsky.embed.record", record: strong(list) } });
  await cat.post("Of a feed", { embed: { $type: "app.bsky.embed.record", record: strong(feed) } });
  await cat.post("Twice", { embed: { $type: "app.bsky.embed.record", record: strong(quoted) } });
  await bea.post("Of a pack", { embed: { $type: "app.bsky.embed.record", record: strong(pack) } });
  await bea.write(
    "app.bsky.feed.threadgate",
    {
      post: root.uri,
      allow: [{ $type: "app.bsky.feed.threadgate#listRule", list: list.uri }],
    },
    rkeyOf(root),
  );
  await bea.write(
    "app.bsky.actor.profile",
    {
      displayName: "Bea",
      description: "Rows @cat",
      pinnedPost: strong(root),
      joinedViaStarterPack: strong(pack),
    },
    "self",
  );
  for (const who of [bea, cat]) {
    await ada.follow(who);
    await who.follow(ada);
    await who.write("app.bsky.feed.repost", { subject: strong(below) });
    await who.write("app.bsky.feed.like", { subject: strong(below) });
    await who.post(`Hello @${ada.member.handle}`, {
      facets: [
        {
          index: { byteStart: 6, byteEnd: 7 + ada.member.handle.length },
          features: [{ $type: "app.bsky.richtext.facet#mention", did: ada.did }],
        },
      ],
    });
  }
  await cat.follow(bea);
  await cat.post("Of hers", { embed: { $type: "app.bsky.embed.record", record: strong(below) } });
  await cat.write("app.bsky.graph.verification", {
    subject: ada.did,
    handle: ada.member.handle,
    displayName: "",
  });
}

/** What Ada keeps for herself. */
async function choose(): Promise<void> {
  const rude = await cat.list("Rude", "modlist");
  const dan = await Person.join("dan-queries");
  await cat.enlist(rude, dan);
  await ada.do("app.bsky.graph.muteActorList", { list: rude.uri });
  await ada.write("app.bsky.graph.listblock", { subject: rude.uri });
  await ada.do("app.bsky.bookmark.createBookmark", strong(root));
  await ada.do("app.bsky.notification.putActivitySubscription", {
    subject: bea.did,
    activitySubscription: { post: true, reply: true },
  });
  await ada.do("app.bsky.actor.putPreferences", {
    preferences: [
      {
        $type: "app.bsky.actor.defs#savedFeedsPrefV2",
        items: [{ id: "1", type: "feed", value: feed.uri, pinned: true }],
      },
    ],
  });
  await asAdmin("com.atproto.admin.updateSubjectStatus", {
    input: {
      subject: { $type: "com.atproto.repo.strongRef", ...strong(await dan.post("gone")) },
      takedown: { applied: true },
    },
  });
}

beforeAll(async () => {
  [ada, bea, cat] = (await Promise.all(
    ["ada", "bea", "cat"].map((name) => Person.join(`${name}-queries`)),
  )) as [Person, Person, Person];
  await furnish();
  await choose();
  guest = new Visitor(fetchCounted);
  member = new Visitor(fetchCounted);
  await member.signIn(ada.member.handle, ada.member.password);
});

const of = (who: Person) => `/profile/${who.member.handle}`;

/** Every page that shows something of the index. */
const PAGES: Record<string, () => string> = {
  home: () => "/",
  local: () => "/?tab=local",
  best: () => "/?tab=best",
  profile: () => of(bea),
  replies: () => `${of(bea)}?tab=replies`,
  media: () => `${of(bea)}?tab=media`,
  "own profile": () => of(ada),
  followers: () => `${of(bea)}/followers`,
  follows: () => `${of(bea)}/follows`,
  feeds: () => `${of(bea)}/feeds`,
  lists: () => `${of(bea)}/lists`,
  "starter packs": () => `${of(bea)}/starter-packs`,
  thread: () => `${of(bea)}/post/${rkeyOf(root)}`,
  "other replies": () => `${of(bea)}/post/${rkeyOf(root)}?others`,
  feed: () => `${of(bea)}/feed/${rkeyOf(feed)}`,
  list: () => `${of(bea)}/lists/${rkeyOf(list)}`,
  "people of a list": () => `${of(bea)}/lists/${rkeyOf(list)}?tab=people`,
  "starter pack": () => `/starter-pack/${bea.member.handle}/${rkeyOf(pack)}`,
  hashtag: () => "/hashtag/rows",
  search: () => "/search?q=rows",
  people: () => "/search?q=bea&tab=people",
  missing: () => "/profile/nobody-queries.test",
};

const OWN: Record<string, () => string> = {
  "older notifications": () => "/notifications?cursor=9999999999999::z",
  bookmarks: () => "/saved",
  compose: () => "/intent/compose",
  answer: () => `/intent/compose?reply=${encodeURIComponent(root.uri)}&quote=${encodeURIComponent(root.uri)}`,
  "profile form": () => "/app/profile",
  report: () => `/app/report?uri=${encodeURIComponent(root.uri)}&cid=${root.cid}`,
};

/** What the menu says is unread. */
const badge = ({ html }: Shown): string => /<b class="badge">([^<]*)</.exec(html)?.[1] ?? "";

test("a page that mutes leave nothing of goes on, at no greater cost", async () => {
  const loud = await Person.join("loud-queries");
  await ada.follow(loud);
  for (let n = 0; n < 65; n++) await loud.post(`loud ${n}`);
  await ada.do("app.bsky.graph.muteActor", { actor: loud.did });
  const { queries, html, text } = await counted("member: thinned out", () => member.get("/"));
  expect(queries).toBeLessThanOrEqual(QUERIES);
  expect(text).not.toContain("loud 64");
  expect(text).not.toContain("Nobody you follow has posted yet");
  let next = html;
  for (let page = 0; page < 3 && !next.includes("Who rows?"); page++) {
    const path = /rel="next" href="([^"]*)"/.exec(next)?.[1]?.replaceAll("&amp;", "&") ?? "";
    next = (await member.get(path)).html;
  }
  expect(next).toContain("Who rows?");
  await loud.erase(await loud.post("bye"));
});

test("an app's answer that mutes leave nothing of stays within the plan", async () => {
  operation = "thinned out answer";
  const response = await fetchCounted("/xrpc/app.bsky.feed.getTimeline?limit=10", {
    headers: { authorization: ada.member.auth },
  });
  expect(response.status).toBe(200);
  expect(takeBreaches()).toEqual([]);
});

test("the front page goes to the index as often as getTimeline does", async () => {
  const trips = async (path: string, headers: Record<string, string>) => {
    const { db, cost } = countDatabase(bindings.APPVIEW_DB);
    const context = createExecutionContext();
    const request = new Request(new URL(path, ORIGIN), { headers });
    const response = await worker.fetch(request, { ...bindings, APPVIEW_DB: db }, context);
    expect(response.status).toBe(200);
    await response.arrayBuffer();
    return cost.trips;
  };
  const timeline = await trips("/xrpc/app.bsky.feed.getTimeline", { authorization: ada.member.auth });
  const page = await trips("/", { accept: "text/html", cookie: member.cookie });
  expect(page).toBeLessThanOrEqual(timeline);
});

describe("a guest's", () => {
  test.each(Object.entries(PAGES))("%s", async (name, path) => {
    const { queries } = await counted(`guest: ${name}`, () =>
      guest.get(path(), { "cache-control": "no-cache" }),
    );
    expect(queries).toBeLessThanOrEqual(QUERIES);
  });
});

describe("a member's", () => {
  test.each(Object.entries({ ...PAGES, ...OWN }))("%s, with the badge", async (name, path) => {
    const shown = await counted(`member: ${name}`, () => member.get(path()));
    expect(shown.queries).toBeLessThanOrEqual(QUERIES);
    const { notifications } = await ada.get("app.bsky.notification.listNotifications");
    const unread = notifications.filter(({ isRead }: { isRead: boolean }) => !isRead).length;
    const { count } = await ada.get("app.bsky.notification.getUnreadCount");
    expect(badge(shown)).toBe(String(count));
    expect(unread).toBeLessThanOrEqual(count);
  });

  test("notifications, which empty the badge", async () => {
    const { queries, ...shown } = await counted("member: notifications", () => member.get("/notifications"));
    expect(queries).toBeLessThanOrEqual(QUERIES);
    expect(badge(shown)).toBe("");
    expect(badge(await member.get("/"))).toBe("");
  });

  test("none passes the plan's limits", () => {
    expect(takeBreaches()).toEqual([]);
  });
});
