/** What the index keeps of accounts elsewhere: whom it never changes, and what it forgets again. */
import type { ResourceUri } from "@atcute/lexicons";
import { beforeEach, describe, expect, test } from "vitest";
import {
  type ForeignAccount,
  pointedAt,
  putForeign,
  removeForeign,
  settleForeign,
  sweepForeign,
} from "../../src/appview/index/foreign.ts";
import type { Put } from "../../src/appview/index/indexers/indexer.ts";
import { foreignInstant } from "../../src/appview/instants.ts";
import { tidFromMicros } from "../../src/protocol/tid.ts";
import { Community, bindings } from "../support/community.ts";
import { wipeIndex } from "../support/wipe-index.ts";

const db = bindings.APPVIEW_DB;
const DAY = 24 * 60 * 60 * 1000;
let town: Community;

beforeEach(async () => {
  town = new Community();
  await wipeIndex(db);
  await db.batch(["DELETE FROM actor", "UPDATE cursor SET seq = 0"].map((sql) => db.prepare(sql)));
});

const foreigner = (name: string, more: Partial<ForeignAccount> = {}): ForeignAccount => ({
  did: town.did(name),
  handle: `${name}.south.example`,
  home: "south.example",
  status: null,
  profile: null,
  ...more,
});

const put = (name: string, rkey: string, text: string): Put => ({
  uri: `at://${town.did(name)}/app.bsky.feed.post/${rkey}` as ResourceUri,
  did: town.did(name),
  collection: "app.bsky.feed.post",
  rkey,
  cid: `bafy${rkey}`,
  record: { $type: "app.bsky.feed.post", text, createdAt: "2026-01-01T00:00:00Z" },
  sort: 1000,
  indexed: 1000,
  fresh: false,
  elsewhere: true,
});

const all = async (sql: string) => (await db.prepare(sql).all()).results;
const handles = () => all("SELECT did, handle, home FROM actor ORDER BY did");

describe("settling", () => {
  test("changes no member, nor their name", async () => {
    town.join("ann");
    await town.index();
    const before = await all("SELECT * FROM actor");
    await settleForeign(db, foreigner("ann"), 5);
    expect(await all("SELECT * FROM actor")).toEqual(before);
    await settleForeign(db, foreigner("bob", { handle: "ann.test" }), 5);
    expect(await handles()).toEqual([
      { did: town.did("ann"), handle: "ann.test", home: null },
      { did: town.did("bob"), handle: null, home: "south.example" },
    ]);
  });

  test("a member who has left may live elsewhere, and a name goes to its new holder", async () => {
    town.join("ann");
    town.status("ann", "deactivated");
    await town.index();
    await settleForeign(db, foreigner("ann"), 5);
    await settleForeign(db, foreigner("bob", { handle: "ann.south.example" }), 6);
    expect(await handles()).toEqual([
      { did: town.did("ann"), handle: null, home: "south.example" },
      { did: town.did("bob"), handle: "ann.south.example", home: "south.example" },
    ]);
    const found = await all("SELECT did FROM actor_search WHERE actor_search MATCH 'handle:ann'");
    expect(found).toEqual([{ did: town.did("bob") }]);
  });

  test("keeps since when it is known, and says when it was looked up", async () => {
    await settleForeign(db, foreigner("bob"), 5);
    await settleForeign(db, foreigner("bob", { status: "takendown" }), 9);
    expect(await all("SELECT known, checked, status FROM actor")).toEqual([
      { known: 5, checked: 9, status: "takendown" },
    ]);
  });
});

test("a post is wanted while an answer, a quote, a like or a repost points at it", async () => {
  town.join("ann");
  const posts = ["3kaaaaaaaaa2a", "3kaaaaaaaaa2b", "3kaaaaaaaaa2c", "3kaaaaaaaaa2d", "3kaaaaaaaaa2e"].map(
    (rkey) => put("bob", rkey, rkey),
  );
  const [a, b, c, d, e] = posts.map(({ uri, cid }) => ({ uri, cid })) as never as {
    uri: ResourceUri;
    cid: string;
  }[];
  // A reference needs a CID of the right form.
  const cid = "bafyreie5cvv4h45feadgeuwhbcutmh6t2ceseocckahdoe6uat64zmz454";
  const ref = (post: { uri: ResourceUri } | undefined) => ({ uri: post?.uri ?? ("" as ResourceUri), cid });
  town.reply("ann", "answer", ref(a));
  town.quote("ann", "quote", ref(b));
  town.like("ann", ref(c));
  town.repost("ann", ref(d));
  await town.index();
  const wanted = await pointedAt(
    db,
    posts.map(({ uri }) => uri),
  );
  expect([...wanted].toSorted()).toEqual([a, b, c, d].map((one) => one?.uri));
  await settleForeign(db, foreigner("bob"), 5);
  await putForeign(db, posts);
  await putForeign(db, posts);
  expect(
    await all(
      "SELECT uri, likes, reposts, replies, quotes FROM post WHERE author <> (SELECT did FROM actor WHERE home IS NULL LIMIT 1) ORDER BY uri",
    ),
  ).toEqual([
    { uri: a?.uri, likes: 0, reposts: 0, replies: 1, quotes: 0 },
    { uri: b?.uri, likes: 0, reposts: 0, replies: 0, quotes: 1 },
    { uri: c?.uri, likes: 1, reposts: 0, replies: 0, quotes: 0 },
    { uri: d?.uri, likes: 0, reposts: 1, replies: 0, quotes: 0 },
    { uri: e?.uri, likes: 0, reposts: 0, replies: 0, quotes: 0 },
  ]);
  // They are in no community feed: that is of members.
  expect(await all("SELECT uri FROM post_search WHERE post_search MATCH 'terms:xelsewhere'")).toHaveLength(5);
  await removeForeign(db, posts[0] as Put);
  expect(await all(`SELECT uri FROM post WHERE uri = '${a?.uri}'`)).toEqual([]);
});

describe("a sweep", () => {
  const NOW = 100 * DAY;

  test("forgets who was unseen for a month, but nobody whom a member follows or answers", async () => {
    town.join("ann");
    for (const name of ["old", "followed", "answered", "recent"]) {
      await settleForeign(db, foreigner(name), name === "recent" ? NOW - DAY : NOW - 31 * DAY);
    }
    await putForeign(db, [
      put("old", "3kaaaaaaaaa2a", "x"),
      put("answered", "3kaaaaaaaaa2a", "y"),
      put("answered", "3kaaaaaaaaa2b", "z"),
    ]);
    town.follow("ann", "followed");
    const cid = "bafyreie5cvv4h45feadgeuwhbcutmh6t2ceseocckahdoe6uat64zmz454";
    town.reply("ann", "answer", { uri: put("answered", "3kaaaaaaaaa2a", "").uri, cid });
    await town.index();
    await sweepForeign(db, NOW, 1000);
    expect(
      (await all("SELECT did FROM actor WHERE home IS NOT NULL ORDER BY did")).map(({ did }) => did),
    ).toEqual(["answered", "followed", "recent"].map((name) => town.did(name)));
    expect(await all(`SELECT uri FROM post WHERE author <> '${town.did("ann")}'`)).toEqual([
      { uri: put("answered", "3kaaaaaaaaa2a", "").uri },
    ]);
    expect(await all("SELECT did FROM actor_search ORDER BY did")).toHaveLength(4);
  });

  test("forgets the longest unseen of too many, and comes to an end of those that stay", async () => {
    for (let i = 0; i < 250; i++) {
      await db
        .prepare(
          "INSERT INTO actor (did, known, home, checked, posts) VALUES (?1, 1, 'south.example', ?2, ?3)",
        )
        .bind(`did:plc:${i}`, NOW - 1000 + i, i < 210 ? 1 : 0)
        .run();
    }
    for (let times = 0; times < 4; times++) await sweepForeign(db, NOW, 5);
    const left = await all("SELECT count(*) AS n, sum(posts) AS kept FROM actor");
    expect(left).toEqual([{ n: 215, kept: 210 }]);
  });
});

describe("the instant of a foreign record", () => {
  const tid = tidFromMicros(5_000_000);
  test.each([
    ["the date, where that is earliest", "1970-01-01T00:00:01Z", tid, 9000, 1000],
    ["the key's time, for a date ahead of it", "2030-01-01T00:00:00Z", tid, 9000, 5000],
    ["the commit's, for a date ahead and a key that is no time", "2030-01-01T00:00:00Z", "self", 9000, 9000],
    ["the key's, without a date", undefined, tid, 9000, 5000],
  ])("is %s", (_, createdAt, rkey, commit, instant) => {
    expect(foreignInstant(createdAt, rkey, commit)).toBe(instant);
    // Another commit that has it makes no other, unless nothing else says when.
    if (rkey !== "self") expect(foreignInstant(createdAt, rkey, commit + 1)).toBe(instant);
  });
});
