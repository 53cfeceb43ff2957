/**
 * Every list of the host, page by page: each item once, in the order of the whole. Everything happens at one
 * instant, in equal records by several people, as clients that write whole seconds have it.
 */
import * as atproto from "@atcute/atproto";
import * as bluesky from "@atcute/bluesky";
import { beforeAll, describe, expect, test } from "vitest";
import { methods } from "../../src/xrpc/methods.ts";
import { ADMIN, HOST_DID, asAdmin, fetchHost, xrpc } from "../support/account-host.ts";
import { Person, type Ref, type View } from "../support/appview-host.ts";

const createdAt = "2025-03-03T08:00:00.000Z";
const PAGES = [1, 2, 7];
const PEOPLE = 5;

interface World {
  /** Who writes, and reads their own lists. */
  me: Person;
  /** Whose lists of blocks and mutes are full. */
  keeper: Person;
  /** Who follows one person. */
  guest: Person;
  people: Person[];
  root: Ref;
  list: Ref;
}
let world: World;

interface List {
  params?: (world: World) => Record<string, string>;
  /** Absent: nobody. */
  as?: (world: World) => string;
  /** The items of an answer, by what tells them apart. */
  of: (body: View) => string[];
  /** How many items there are at least. */
  atLeast?: number;
}

const me = ({ me: person }: World) => person.member.auth;
const keeper = ({ keeper: person }: World) => person.member.auth;
const guest = ({ guest: person }: World) => person.member.auth;
const admin = () => ADMIN;
const by =
  (field: string, key: string) =>
  (body: View): string[] =>
    body[field].map((item: View) => String(item[key]));
const ofMe =
  (more: Record<string, string> = {}) =>
  ({ me: { did } }: World) => ({ actor: did, ...more });
const ofRoot = ({ root: { uri } }: World) => ({ uri });
const ofOnePerson = ({ people: [person] }: World) => ({ actor: person?.did ?? "" });
const inFeed = (body: View): string[] =>
  body.feed.map(({ post, reason }: View) => `${post.uri} ${reason?.by.did ?? ""}`);

const LISTS: Record<string, List> = {
  "app.bsky.actor.getSuggestions": { as: guest, of: by("actors", "did") },
  "app.bsky.actor.searchActors": { params: () => ({ q: "pages" }), of: by("actors", "did") },
  "app.bsky.bookmark.getBookmarks": {
    as: me,
    of: (body) => body.bookmarks.map(({ subject }: View) => subject.uri),
  },
  "app.bsky.draft.getDrafts": { as: me, of: by("drafts", "id") },
  "app.bsky.feed.getActorFeeds": { params: ofMe(), of: by("feeds", "uri") },
  "app.bsky.feed.getActorLikes": { params: ofMe(), as: me, of: inFeed },
  "app.bsky.feed.getAuthorFeed": { params: ofMe({ filter: "posts_with_replies" }), of: inFeed, atLeast: 6 },
  "app.bsky.feed.getFeedSkeleton": {
    params: () => ({ feed: `at://${HOST_DID}/app.bsky.feed.generator/whats-new` }),
    of: by("feed", "post"),
  },
  "app.bsky.feed.getLikes": { params: ofRoot, of: (body) => body.likes.map(({ actor }: View) => actor.did) },
  "app.bsky.feed.getListFeed": { params: ({ list }) => ({ list: list.uri }), of: inFeed, atLeast: 15 },
  "app.bsky.feed.getQuotes": { params: ofRoot, of: by("posts", "uri") },
  "app.bsky.feed.getRepostedBy": { params: ofRoot, of: by("repostedBy", "did") },
  "app.bsky.feed.getSuggestedFeeds": { of: by("feeds", "uri"), atLeast: 10 },
  "app.bsky.feed.getTimeline": { as: me, of: inFeed, atLeast: 20 },
  "app.bsky.feed.searchPosts": {
    params: () => ({ q: "morning", sort: "latest" }),
    of: by("posts", "uri"),
    atLeast: 10,
  },
  "app.bsky.feed.searchPostsV2": {
    params: () => ({ query: "morning" }),
    of: by("posts", "uri"),
    atLeast: 10,
  },
  "app.bsky.graph.getActorStarterPacks": { params: ofMe(), of: by("starterPacks", "uri") },
  "app.bsky.graph.getBlocks": { as: keeper, of: by("blocks", "did") },
  "app.bsky.graph.getFollowers": { params: ofMe(), of: by("followers", "did") },
  "app.bsky.graph.getFollows": { params: ofMe(), of: by("follows", "did") },
  "app.bsky.graph.getKnownFollowers": { params: ofOnePerson, as: me, of: by("followers", "did"), atLeast: 4 },
  "app.bsky.graph.getList": {
    params: ({ list }) => ({ list: list.uri }),
    of: (body) => body.items.map(({ subject }: View) => subject.did),
  },
  "app.bsky.graph.getListBlocks": { as: keeper, of: by("lists", "uri") },
  "app.bsky.graph.getListMutes": { as: keeper, of: by("lists", "uri") },
  "app.bsky.graph.getLists": { params: ofMe(), of: by("lists", "uri") },
  "app.bsky.graph.getListsWithMembership": {
    params: ofOnePerson,
    as: me,
    of: (body) => body.listsWithMembership.map(({ list }: View) => list.uri),
  },
  "app.bsky.graph.getMutes": { as: keeper, of: by("mutes", "did") },
  "app.bsky.graph.getStarterPacksWithMembership": {
    params: ofOnePerson,
    as: me,
    of: (body) => body.starterPacksWithMembership.map(({ starterPack }: View) => starterPack.uri),
  },
  "app.bsky.graph.searchStarterPacks": { params: () => ({ q: "pack" }), of: by("starterPacks", "uri") },
  "app.bsky.graph.searchStarterPacksV2": { params: () => ({ q: "pack" }), of: by("starterPacks", "uri") },
  "app.bsky.notification.listActivitySubscriptions": { as: me, of: by("subscriptions", "did") },
  "app.bsky.notification.listNotifications": {
    as: me,
    of: (body) => body.notifications.map(({ uri, reason }: View) => `${reason} ${uri}`),
    atLeast: 25,
  },
  "app.bsky.unspecced.getPopularFeedGenerators": { of: by("feeds", "uri"), atLeast: 10 },
  "com.atproto.admin.getInviteCodes": { as: admin, of: by("codes", "code") },
  "com.atproto.admin.searchAccounts": { as: admin, of: by("accounts", "did") },
  "com.atproto.label.queryLabels": {
    params: () => ({ uriPatterns: "*", sources: HOST_DID }),
    of: (body) => body.labels.map(({ uri, val }: View) => `${uri} ${val}`),
  },
  "com.atproto.repo.listRecords": {
    params: ({ me: { did } }) => ({ repo: did, collection: "app.bsky.feed.post" }),
    of: by("records", "uri"),
    atLeast: 3,
  },
  "com.atproto.sync.listBlobs": { params: ({ me: { did } }) => ({ did }), of: (body) => body.cids },
  "com.atproto.sync.listRepos": { of: by("repos", "did") },
  "internal.atoll.admin.listAudit": { as: admin, of: by("acts", "id") },
  "internal.atoll.admin.listLabels": {
    as: admin,
    of: (body) => body.labels.map(({ uri, val }: View) => `${uri} ${val}`),
  },
  "internal.atoll.admin.listReports": { as: admin, of: by("reports", "id") },
  "internal.atoll.admin.listReservedNames": { as: admin, of: by("names", "name") },
};

/** What has a cursor, and is no list of this host. */
const OTHERS: Record<string, string> = {
  "app.bsky.feed.getFeed": "the cursor is the feed generator's",
  "com.atproto.repo.listMissingBlobs": "pages of CIDs, without ties; test/account/import.test.ts",
  "com.atproto.label.subscribeLabels": "a stream",
  "com.atproto.sync.subscribeRepos": "a stream",
  "internal.atoll.admin.listAnnouncements": "numbers, without ties; test/web/admin/own-methods.test.ts",
  "internal.atoll.admin.listArchives": "by time and DID, as its page; test/web/admin/lists.test.ts",
  "internal.atoll.admin.listBlockedLinks": "has no pages",
  "internal.atoll.admin.listCredentials": "has no pages",
  "internal.atoll.admin.listRoles": "has no pages",
  "internal.atoll.admin.listSettings": "has no pages",
  "internal.atoll.admin.listUnsentMail": "has no pages",
  "internal.atoll.joining.listRequests": "numbers, without ties; test/web/joining.test.ts",
  "internal.atoll.backup.listAccount": "lists an account again",
  "internal.atoll.backup.listFiles": "keys of files, without ties; test/lifecycle/backup.test.ts",
};

async function enter(): Promise<World> {
  const [author, watcher, visitor, ...people] = await Promise.all(
    ["pagesme", "pageskeeper", "pagesguest", ...Array.from({ length: PEOPLE }, (_, i) => `pages${i}`)].map(
      (name) => Person.join(name),
    ),
  );
  if (author === undefined || watcher === undefined || visitor === undefined) throw new Error("nobody came");
  const root = await author.post("root", { createdAt });
  const list = await author.write("app.bsky.graph.list", {
    name: "list",
    purpose: "app.bsky.graph.defs#curatelist",
    createdAt,
  });
  return { me: author, keeper: watcher, guest: visitor, people, root, list };
}

/** What each person does, in the same words at the same instant. */
async function act(
  person: Person,
  { me: author, keeper: watcher, root, list, people }: World,
): Promise<void> {
  const ref = { uri: root.uri, cid: root.cid };
  const posts = [
    await person.post("Good morning!", { createdAt }),
    await person.post("Good morning!", { createdAt }),
  ];
  await person.post("look", { createdAt, embed: { $type: "app.bsky.embed.record", record: ref } });
  await person.post("answer", { createdAt, reply: { root: ref, parent: ref } });
  await person.write("app.bsky.feed.repost", { subject: ref, createdAt });
  await person.write("app.bsky.feed.like", { subject: ref, createdAt });
  await person.write("app.bsky.graph.follow", { subject: author.did, createdAt });
  for (const other of people) {
    if (other !== person) await person.write("app.bsky.graph.follow", { subject: other.did, createdAt });
  }
  await author.write("app.bsky.graph.follow", { subject: person.did, createdAt });
  await author.write("app.bsky.graph.listitem", { list: list.uri, subject: person.did, createdAt });
  for (const { uri, cid } of posts) {
    await author.write("app.bsky.feed.like", { subject: { uri, cid }, createdAt });
    await author.do("app.bsky.bookmark.createBookmark", { uri, cid });
  }
  await author.do("app.bsky.notification.putActivitySubscription", {
    subject: person.did,
    activitySubscription: { post: true, reply: false },
  });
  await person.write("app.bsky.feed.generator", {
    did: "did:web:feeds.test",
    displayName: "feed",
    createdAt,
  });
  const modlist = { name: "mods", purpose: "app.bsky.graph.defs#modlist", createdAt };
  const mods = await person.write("app.bsky.graph.list", modlist);
  await watcher.do("app.bsky.graph.muteActorList", { list: mods.uri });
  await watcher.write("app.bsky.graph.listblock", { subject: mods.uri, createdAt });
}

/** What there are several of, of one person. */
async function actAlone({ me: author, list }: World, i: number): Promise<void> {
  await author.post("again", { createdAt });
  await author.write("app.bsky.graph.list", {
    name: "more",
    purpose: "app.bsky.graph.defs#curatelist",
    createdAt,
  });
  await author.write("app.bsky.feed.generator", {
    did: "did:web:feeds.test",
    displayName: "feed",
    createdAt,
  });
  await author.write("app.bsky.graph.starterpack", { name: "pack", list: list.uri, createdAt });
  await author.do("app.bsky.draft.createDraft", { draft: { posts: [{ text: `draft ${i}` }] } });
  const { body } = await xrpc("com.atproto.moderation.createReport", {
    auth: author.member.auth,
    input: {
      reasonType: "com.atproto.moderation.defs#reasonSpam",
      subject: { $type: "com.atproto.admin.defs#repoRef", did: author.did },
    },
  });
  expect(body.id).toBeDefined();
  await asAdmin("internal.atoll.admin.createLabels", {
    input: { labels: [{ uri: author.did, val: `label-${"abcdefghij"[i]}` }] },
  });
  await asAdmin("com.atproto.server.createInviteCode", { input: { useCount: 1 } });
  await asAdmin("internal.atoll.admin.reserveNames", { input: { names: [`kept-${i}`] } });
  const bytes = new TextEncoder().encode(`blob ${i}`);
  const headers = { authorization: author.member.auth, "content-type": "text/plain" };
  const blob: View = await (
    await fetchHost("/xrpc/com.atproto.repo.uploadBlob", { method: "POST", headers, body: bytes })
  ).json();
  await author.write("com.example.file", { blob: blob.blob });
}

beforeAll(async () => {
  world = await enter();
  for (const person of world.people) await act(person, world);
  await world.guest.write("app.bsky.graph.follow", { subject: world.people[0]?.did, createdAt });
  for (let i = 0; i < PEOPLE; i++) await actAlone(world, i);
  for (const person of world.people) {
    await world.keeper.do("app.bsky.graph.muteActor", { actor: person.did });
    await world.keeper.write("app.bsky.graph.block", { subject: person.did, createdAt });
  }
}, 120_000);

async function ask(nsid: string, { params, as }: List, page: Record<string, string>): Promise<View> {
  const auth = as?.(world);
  const reply = await xrpc(nsid, {
    ...(auth === undefined ? {} : { auth }),
    params: { ...params?.(world), ...page },
  });
  if (reply.status !== 200) throw new Error(`${nsid}: ${JSON.stringify(reply.body)}`);
  return reply.body;
}

describe.each(Object.entries(LISTS))("%s", (nsid, list) => {
  test.each(PAGES)("by %i", async (limit) => {
    const whole = list.of(await ask(nsid, list, { limit: "100" }));
    expect(whole.length).toBeGreaterThanOrEqual(list.atLeast ?? PEOPLE);
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages <= whole.length + 1; pages++) {
      const body = await ask(nsid, list, {
        limit: String(limit),
        ...(cursor === undefined ? {} : { cursor }),
      });
      const items = list.of(body);
      expect(items.length).toBeLessThanOrEqual(limit);
      seen.push(...items);
      cursor = body.cursor;
      if (cursor === undefined) break;
    }
    expect(cursor).toBeUndefined();
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(whole);
  });
});

test("there is no list but these", () => {
  const schemas = [...Object.values(atproto), ...Object.values(bluesky)].flatMap((module) =>
    "mainSchema" in module ? [module.mainSchema as View] : [],
  );
  const paged = schemas
    .filter(({ params }) => params?.shape?.cursor !== undefined)
    .map(({ nsid }) => String(nsid))
    .concat([...methods.keys()].filter((nsid) => /^internal\.atoll\..*\.list/.test(nsid)))
    .filter((nsid) => methods.has(nsid));
  expect(paged.toSorted()).toEqual(
    [...Object.keys(LISTS), ...Object.keys(OTHERS).filter((nsid) => methods.has(nsid))].toSorted(),
  );
});
