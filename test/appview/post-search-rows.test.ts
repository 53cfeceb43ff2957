/** The search of posts: what has a place in it, in which order, and what a search reads. */
import { beforeEach, expect, test } from "vitest";
import { searchPosts, searchPostsV2 } from "../../src/appview/reads/methods/feed/search-posts.ts";
import { getTimeline } from "../../src/appview/reads/methods/feed/get-timeline.ts";
import { AppViewReads } from "../../src/appview/reads/view-context.ts";
import { tidFromMicros } from "../../src/protocol/tid.ts";
import { bindings, Community, counting, HOST } from "../support/community.ts";
import { wipeIndex } from "../support/wipe-index.ts";

const index = counting(bindings.APPVIEW_DB);
const { db } = index;
const reads = new AppViewReads({ APPVIEW_DB: db, DIRECTORY: bindings.DIRECTORY }, HOST);
const anyone = reads.on(null);
let town: Community;

beforeEach(async () => {
  town = new Community();
  await wipeIndex(db);
  await db.batch([
    db.prepare("DELETE FROM notification"),
    db.prepare("DELETE FROM actor"),
    db.prepare("DELETE FROM rebuild"),
    db.prepare("UPDATE cursor SET seq = 0"),
  ]);
});

const textOf = (record: unknown) => (record as { text: string }).text;

type SearchPage = { posts: { uri: string; record: unknown }[]; cursor?: string | undefined };

async function walk(read: (cursor: string | undefined) => Promise<SearchPage>): Promise<string[]> {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    seen.push(...page.posts.map(({ record }) => textOf(record)));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return seen;
}

/** Posts of one author and instant, in commits of 200. */
function many(name: string, count: number, createdAt: string, text: (n: number) => string): void {
  for (let from = 0; from < count; from += 200) {
    town.commit(
      name,
      Array.from({ length: Math.min(200, count - from) }, (_, i) => ({
        path: `app.bsky.feed.post/${tidFromMicros((town.now + from + i) * 1000, 3)}`,
        record: { text: text(from + i), createdAt },
      })),
    );
  }
}

test("4,000 posts of one instant are all found, once each, by pages", async () => {
  town.join("ann");
  many("ann", 4000, "2011-11-11T00:00:00.000Z", (n) => `bulk ${n}`);
  await town.index();
  const seen = await walk((cursor) => searchPosts(anyone, { q: "bulk", sort: "latest", limit: 100, cursor }));
  expect(seen).toHaveLength(4000);
  expect(new Set(seen).size).toBe(4000);
}, 60_000);

test("no post takes another's place in the search, whatever its instant and key", async () => {
  town.join("ann", "bob");
  const createdAt = "2026-01-01T00:00:00.000Z";
  const victim = town.post("ann", "mine stays", { createdAt }, "3kaaaaaaaaa2a");
  await town.index();
  many("bob", 400, createdAt, (n) => `crowd ${n}`);
  await town.index();
  expect((await searchPosts(anyone, { q: "mine stays", limit: 10 })).posts.map(({ uri }) => uri)).toEqual([
    victim.uri,
  ]);
  // A post that goes leaves the others where they are, and its number may be given again.
  const [crowd] = (await searchPosts(anyone, { q: '"crowd 399"', limit: 1 })).posts;
  town.remove({ uri: crowd?.uri ?? "at://did:plc:x", cid: "" });
  town.post("ann", "later still", { createdAt });
  await town.index();
  const seen = await walk((cursor) =>
    searchPostsV2(anyone, { authors: ["ann.test", "bob.test"], sort: "recent", limit: 7, cursor }),
  );
  expect(seen.toSorted()).toEqual(
    ["mine stays", "later still", ...Array.from({ length: 399 }, (_, n) => `crowd ${n}`)].toSorted(),
  );
});

test("an edited post is found by its new words only, and once", async () => {
  town.join("ann");
  const createdAt = "1999-01-01T00:00:00.000Z";
  town.post("ann", "neighbour", { createdAt });
  const edited = town.post("ann", "before", { createdAt });
  await town.index();
  const path = edited.uri.split("/").slice(3).join("/");
  town.commit("ann", [{ path, record: { text: "after", createdAt } }]);
  await town.index();
  const found = async (q: string) =>
    (await searchPosts(anyone, { q, limit: 10 })).posts.map(({ record }) => textOf(record));
  expect(await found("before")).toEqual([]);
  expect(await found("after")).toEqual(["after"]);
  expect(await found("neighbour")).toEqual(["neighbour"]);
  expect(await found("from:ann.test")).toHaveLength(2);
});

const DIARY = [
  "0001-01-01",
  "1660-01-01",
  "1660-01-02",
  "1661-04-23",
  "1665-06-07",
  "1666-09-02",
  "1669-05-31",
  "1912-04-15",
  "1945-05-08",
  "1969-12-31",
  "1970-01-01",
  "2026-01-01",
];

test("posts dated before 1970 are found newest first, once each, and by since and until", async () => {
  town.join("ann");
  for (const date of DIARY.toSorted(() => -1)) {
    town.post("ann", `diary ${date}`, { createdAt: `${date}T12:00:00.000Z` });
  }
  await town.index();
  const newestFirst = DIARY.toReversed().map((date) => `diary ${date}`);
  for (const limit of [1, 2, 3, 7, 50]) {
    const searches = [
      (cursor?: string) => searchPosts(anyone, { q: "diary", sort: "latest", limit, cursor }),
      (cursor?: string) => searchPostsV2(anyone, { query: "diary", sort: "recent", limit, cursor }),
    ];
    for (const search of searches) expect([limit, await walk(search)]).toEqual([limit, newestFirst]);
  }
  const found = async (q: string) =>
    (await searchPosts(anyone, { q, limit: 50 })).posts
      .map(({ record }) => textOf(record).slice(6))
      .toSorted();
  expect(await found("diary since:1665-01-01 until:1670-01-01")).toEqual([
    "1665-06-07",
    "1666-09-02",
    "1669-05-31",
  ]);
  expect(await found("since:1945-05-08 until:1970-01-01")).toEqual([
    "1945-05-08",
    "1969-12-31",
    "1970-01-01",
  ]);
  expect(await found("until:1660-01-01")).toEqual(["0001-01-01", "1660-01-01"]);
});

test("a timeline of very many has the posts before 1970, too", async () => {
  town.join("ann", "zoe");
  for (const date of DIARY) town.post("ann", date, { createdAt: `${date}T12:00:00.000Z` });
  town.follow("zoe", "ann");
  await town.index();
  await db.prepare("UPDATE actor SET follows = 10000 WHERE did = ?1").bind(town.did("zoe")).run();
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await getTimeline(reads.on(town.did("zoe")), { limit: 5, cursor });
    seen.push(...page.feed.map(({ post }) => textOf(post.record)));
    cursor = page.cursor;
  } while (cursor !== undefined);
  expect(seen).toEqual(DIARY.toReversed());
});

test("to: finds mentions and replies; from: and mentions: as they say", async () => {
  town.join("ann", "bob", "cleo");
  const first = town.post("ann", "one of ann");
  const reply = town.reply("bob", "two replies to ann", first);
  town.reply("cleo", "three replies to bob", reply, first);
  town.post("bob", "four mentions ann", town.mention("ann"));
  await town.index();
  const found = async (q: string) =>
    (await searchPosts(anyone, { q, limit: 10, sort: "latest" })).posts.map(({ record }) =>
      textOf(record).split(" ").at(0),
    );
  expect(await found("to:ann.test")).toEqual(["four", "two"]);
  expect(await found("to:@bob.test")).toEqual(["three"]);
  expect(await found("to:ann.test -to:bob.test from:bob.test")).toEqual(["four", "two"]);
  expect(await found("mentions:ann.test")).toEqual(["four"]);
  expect(await found("from:ann.test")).toEqual(["one"]);
  expect(await found("from:bob.test -to:ann.test")).toEqual([]);
  expect(await found("to:nobody.test")).toEqual([]);
  expect(await found("-to:ann.test")).toEqual(["three", "one"]);
});

test("filters find what they say, and read no more where nothing fits", async () => {
  town.join("ann", "bob");
  const list = town.create("ann", "app.bsky.graph.list", {
    name: "things",
    purpose: "app.bsky.graph.defs#curatelist",
  });
  const root = town.post("ann", "root");
  const reply = town.reply("bob", "reply", root);
  town.reply("ann", "deep", reply, root);
  town.post("bob", "embeds", { embed: { $type: "app.bsky.embed.record", record: list } });
  const blob = {
    $type: "blob",
    ref: { $link: "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku" },
    mimeType: "video/mp4",
    size: 1,
  };
  town.post("bob", "film", { embed: { $type: "app.bsky.embed.video", video: blob } });
  town.post("bob", "picture", {
    embed: {
      $type: "app.bsky.embed.images",
      images: [{ image: { ...blob, mimeType: "image/png" }, alt: "" }],
    },
  });
  many("bob", 600, "2025-01-01T00:00:00.000Z", (n) => `filler ${n}`);
  await town.index();
  const find = async (params: object) => {
    index.reset();
    const { posts } = await searchPostsV2(anyone, { sort: "recent", limit: 25, ...params });
    return posts.map(({ record }) => textOf(record)).filter((text) => !text.startsWith("filler"));
  };
  expect(await find({ replyParentUri: reply.uri })).toEqual(["deep"]);
  expect(await find({ threadRootUri: root.uri })).toEqual(["deep", "reply"]);
  expect(await find({ repliesOnly: true })).toEqual(["deep", "reply"]);
  expect(await find({ excludeReplies: true })).toEqual(["picture", "film", "embeds", "root"]);
  expect(await find({ embeddedAtUris: [list.uri] })).toEqual(["embeds"]);
  expect(await find({ excludeEmbeddedAtUris: [list.uri] })).not.toContain("embeds");
  expect(await find({ hasVideo: true })).toEqual(["film"]);
  expect(await find({ hasMedia: true })).toEqual(["picture", "film"]);
  expect(await find({ excludeAuthors: ["bob.test"] })).toEqual(["deep", "root"]);
  await expect(find({ excludeReplies: true, repliesOnly: true })).rejects.toMatchObject({
    error: "InvalidRequest",
  });
  const nothing = `at://${town.did("ann")}/app.bsky.feed.post/none` as const;
  const without = [
    { replyParentUri: nothing },
    { threadRootUri: nothing },
    { embeddedAtUris: [nothing] },
    { hasVideo: true, repliesOnly: true },
    { hasVideo: true, excludeHashtags: ["x"], repliesOnly: true },
    { query: "filler", hasMedia: true },
    { query: "filler -filler" },
    { since: "2030-01-01" },
  ];
  for (const params of without) {
    expect([params, await find(params)]).toEqual([params, []]);
    expect([params, index.cost.read < 50 ? "few" : index.cost, index.cost.trips <= 2]).toEqual([
      params,
      "few",
      true,
    ]);
    expect(await find({ ...params, sort: "top" })).toEqual([]);
    expect(index.cost.read).toBeLessThan(50);
  }
  await expect(
    find({ authors: Array.from({ length: 300 }, (_, i) => `did:plc:a${i}`) }),
  ).rejects.toMatchObject({
    error: "InvalidRequest",
  });
});

test("a search among followed accounts looks at so many matches for a page, and comes to all of them", async () => {
  town.join("ann", "bob", "zoe");
  town.post("ann", "needle one");
  many("bob", 2400, "2026-02-01T00:00:00.000Z", (n) => `needle hay ${n}`);
  town.tick(60 * 24 * 60 * 60_000);
  town.post("ann", "needle two");
  town.follow("zoe", "ann");
  await town.index();
  const as = reads.on(town.did("zoe"));
  for (const limit of [1, 50]) {
    const seen: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      index.reset();
      const page = await searchPostsV2(as, {
        query: "needle",
        following: true,
        sort: "recent",
        limit,
        cursor,
      });
      expect(index.cost.read).toBeLessThanOrEqual(4500);
      expect(index.cost.trips).toBeLessThanOrEqual(3);
      seen.push(...page.posts.map(({ record }) => textOf(record)));
      cursor = page.cursor;
      pages += 1;
    } while (cursor !== undefined);
    expect(seen).toEqual(["needle two", "needle one"]);
    expect(pages).toBeLessThan(6);
  }
});
