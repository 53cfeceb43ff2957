import { beforeEach, expect, test } from "vitest";
import { ingest } from "../../src/appview/index/ingest.ts";
import { DERIVED } from "../../src/appview/index/rebuild.ts";
import { Community, bindings, counting, dump } from "../support/community.ts";

const db = bindings.APPVIEW_DB;
let town: Community;

async function clear() {
  // Posts come first, while their triggers still find the rows that they undo. The words follow their texts.
  const tables = new Set(["post", ...DERIVED, "actor", "poison"]);
  tables.delete("post_word");
  await db.batch([...tables].map((table) => db.prepare(`DELETE FROM "${table}"`)));
  await db.prepare("UPDATE cursor SET seq = 0").run();
}

const rows = async <T>(sql: string, ...values: unknown[]): Promise<T[]> =>
  (
    await db
      .prepare(sql)
      .bind(...values)
      .all<T>()
  ).results;
const counts = async (uri: string) =>
  (
    await rows<{ likes: number; reposts: number; replies: number; quotes: number }>(
      "SELECT likes, reposts, replies, quotes FROM post WHERE uri = ?1",
      uri,
    )
  )[0];
const notices = (did: string) =>
  rows<{ reason: string; author: string }>(
    "SELECT reason, author FROM notification WHERE did = ?1 ORDER BY sort, reason",
    did,
  );

beforeEach(async () => {
  await clear();
  town = new Community();
});

const standingAt = (seq: number) => ({ passed: seq, stored: seq });
const storedCursor = async () => (await rows<{ seq: number }>("SELECT seq FROM cursor"))[0]?.seq;

test("an event is applied exactly once, whatever is redelivered", async () => {
  town.join("ann", "bob");
  const post = town.post("ann", "hello");
  town.like("bob", post);
  town.reply("bob", "hi", post);
  const events = town.queue;
  await town.index();
  const before = await dump(db);
  const context = { db, source: "host" as const, account: town.account, now: () => 0 };
  const reached = standingAt(town.cursor);
  expect(await ingest(context, standingAt(0), events)).toEqual(reached);
  expect(await ingest(context, standingAt(2), events.slice(2))).toEqual(reached);
  expect(await dump(db)).toEqual(before);
  expect(await counts(post.uri)).toEqual({ likes: 1, reposts: 0, replies: 1, quotes: 0 });
});

test("a call ends before it passes the free plan's queries, and the next goes on to the same index", async () => {
  town.join("ann", "bob");
  town.profile("ann", { displayName: "Ann" });
  const post = town.post("ann", "hello", { facets: [town.mention("bob")] });
  town.reply("bob", "hi", post);
  town.like("bob", post);
  town.repost("bob", post);
  town.follow("bob", "ann");
  town.block("ann", "bob");
  town.sync("ann");
  const list = town.create("ann", "app.bsky.graph.list", {
    name: "L",
    purpose: "app.bsky.graph.defs#modlist",
  });
  town.create("ann", "app.bsky.graph.listitem", { list: list.uri, subject: town.did("bob") });
  town.create("bob", "app.bsky.graph.listblock", { subject: list.uri });
  town.create("ann", "app.bsky.feed.generator", { did: "did:web:feeds.example.com", displayName: "F" });
  town.create("ann", "app.bsky.feed.threadgate", { post: post.uri, allow: [] }, post.uri.split("/").at(-1));
  town.create("ann", "app.bsky.graph.starterpack", { name: "P", list: list.uri });
  town.remove(town.like("ann", post));
  town.remove(town.follow("ann", "bob"));
  const events = town.queue.splice(0);
  const sizes: number[] = [];
  const counted = new Proxy(db, {
    get(target, key) {
      if (key !== "batch") return Reflect.get(target, key, target).bind(target);
      return (statements: D1PreparedStatement[]) => {
        sizes.push(statements.length);
        return target.batch(statements);
      };
    },
  });
  const context = { db: counted, source: "host" as const, account: town.account, now: () => 0 };
  const last = events.at(-1)?.seq ?? 0;
  let calls = 0;
  for (let at = standingAt(0); at.passed < last; calls++) {
    sizes.length = 0;
    const rest = events.filter(({ seq }) => seq > at.passed);
    const next = await ingest(context, at, rest);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(50);
    expect(next.passed).toBeGreaterThan(at.passed);
    at = next;
  }
  expect(calls).toBeGreaterThan(1);
  const inParts = await dump(db);
  await clear();
  for (let at = standingAt(0); at.passed < last;) {
    at = await ingest(
      context,
      at,
      events.filter(({ seq }) => seq === at.passed + 1),
    );
  }
  expect(await dump(db)).toEqual(inParts);
});

test("two deliveries at once: one is applied, the other learns where the cursor stands", async () => {
  town.join("ann");
  town.post("ann", "one");
  town.post("ann", "two");
  const events = town.queue;
  const context = { db, source: "host" as const, account: town.account, now: () => 0 };
  const both = [ingest(context, standingAt(0), events), ingest(context, standingAt(0), events)];
  expect(await Promise.all(both)).toEqual([standingAt(4), standingAt(4)]);
  expect(await rows("SELECT posts FROM actor")).toEqual([{ posts: 2 }]);
});

test("does nothing unless the cursor is where the sender believes it", async () => {
  town.join("ann");
  await town.index();
  town.post("ann", "one");
  const context = { db, source: "host" as const, account: town.account, now: () => 0 };
  expect(await ingest(context, standingAt(1), town.queue)).toEqual(standingAt(2));
  expect(await rows("SELECT * FROM post")).toEqual([]);
});

test("what changes nothing is passed without a trip to the index, up to a bound", async () => {
  town.join("ann");
  await town.index();
  const counted = counting(db);
  const context = { db: counted.db, source: "host" as const, account: town.account, now: () => 0 };
  const note = (text: string) => town.create("ann", "com.example.note", { text });
  const pass = async (at: { passed: number; stored: number }, count: number) => {
    for (let i = 0; i < count; i++) note(`note ${i}`);
    return ingest(context, at, town.queue.splice(0));
  };
  const joined = town.cursor;
  const trailing = await pass(standingAt(joined), 500);
  expect(trailing).toEqual({ passed: joined + 500, stored: joined });
  expect(counted.cost.trips).toBe(0);
  expect(await storedCursor()).toBe(joined);
  expect(await pass(trailing, 1)).toEqual(standingAt(joined + 501));
  expect(counted.cost.trips).toBe(1);
  expect(await storedCursor()).toBe(joined + 501);
});

test("what trails is written when asked for, with the next change, and made good after a crash", async () => {
  town.join("ann");
  await town.index();
  const context = { db, source: "host" as const, account: town.account, now: () => 0 };
  town.create("ann", "com.example.note", { text: "asked for" });
  const first = await ingest(context, standingAt(2), town.queue.splice(0));
  expect(first).toEqual({ passed: 3, stored: 2 });
  expect(await ingest(context, first, [])).toEqual(standingAt(3));
  expect(await storedCursor()).toBe(3);
  town.create("ann", "com.example.note", { text: "before a post" });
  const events = [...town.queue];
  const second = await ingest(context, standingAt(3), town.queue.splice(0));
  town.post("ann", "seen");
  events.push(...town.queue);
  expect(await ingest(context, second, town.queue.splice(0))).toEqual(standingAt(5));
  // A sender that knew only the stored cursor sends both events again.
  expect(await ingest(context, standingAt(3), events)).toEqual(standingAt(5));
  expect(await rows("SELECT count(*) AS n FROM post")).toEqual([{ n: 1 }]);
});

test("the batch of a poisoned event is halved until it stands alone, set aside, and the rest is indexed", async () => {
  town.join("ann");
  for (let i = 0; i < 5; i++) town.post("ann", `before ${i}`);
  const bad = town.post("ann", "bad");
  for (let i = 0; i < 5; i++) town.post("ann", `after ${i}`);
  await db
    .prepare(`CREATE TRIGGER refuse BEFORE INSERT ON post WHEN new.uri = '${bad.uri}'
    BEGIN SELECT RAISE(ABORT, 'constraint failed: a row that cannot be'); END`)
    .run();
  await town.index();
  await db.prepare("DROP TRIGGER refuse").run();
  expect(town.cursor).toBe(13);
  expect(await rows("SELECT count(*) AS n FROM post")).toEqual([{ n: 10 }]);
  expect(await rows("SELECT seq, did FROM poison")).toEqual([{ seq: 8, did: town.did("ann") }]);
});

test("a frame that cannot be read is set aside", async () => {
  town.join("ann");
  town.queue.push({ seq: ++town.seq, frame: new Uint8Array([1, 2, 3]) });
  town.post("ann", "after");
  await town.index();
  expect(await rows("SELECT seq, did FROM poison")).toEqual([{ seq: 3, did: null }]);
  expect(await rows("SELECT count(*) AS n FROM post")).toEqual([{ n: 1 }]);
});

test("records that the lexicon refuses are skipped, and taken away when an update makes them so", async () => {
  town.join("ann");
  const post = town.post("ann", "fine");
  town.create("ann", "app.bsky.feed.post", { text: 5 });
  town.create("ann", "com.example.thing", { a: 1 });
  await town.index();
  expect(await rows("SELECT uri FROM post")).toEqual([{ uri: post.uri }]);
  town.commit("ann", [{ path: post.uri.split("/").slice(3).join("/"), record: { text: 7 } }]);
  await town.index();
  expect(await rows("SELECT uri FROM post")).toEqual([]);
  expect(await rows("SELECT posts FROM actor")).toEqual([{ posts: 0 }]);
});

test("what happens to one record within a batch is netted", async () => {
  town.join("ann", "bob");
  const post = town.post("ann", "hello");
  const gone = town.post("ann", "a slip");
  town.like("bob", gone);
  town.remove(gone);
  const like = town.like("bob", post);
  town.remove(like);
  town.like("bob", post);
  town.commit("ann", [
    { path: post.uri.split("/").slice(3).join("/"), record: town.dated({ text: "edited" }) },
  ]);
  await town.index();
  expect(await counts(post.uri)).toEqual({ likes: 1, reposts: 0, replies: 0, quotes: 0 });
  expect(await rows("SELECT record ->> 'text' AS text FROM post")).toEqual([{ text: "edited" }]);
  expect(await rows("SELECT posts FROM actor ORDER BY did")).toEqual([{ posts: 1 }, { posts: 0 }]);
});

test("records in any order come to the same counts and notifications", async () => {
  town.join("ann", "bob", "cleo");
  const post = town.post("ann", "root");
  const reply = town.reply("bob", "first", post);
  const deep = town.reply("cleo", "second", reply, post);
  town.quote("cleo", "look", post);
  town.like("cleo", post);
  town.repost("bob", post);
  await town.index();
  const straight = await dump(db);
  const noticed = (await rows("SELECT did, reason, uri FROM notification ORDER BY did, uri, reason")).length;
  await clear();
  const events = (await import("../support/community.ts")).Community;
  const again = new events();
  again.join("ann", "bob", "cleo");
  // The same repos, indexed as a whole, the root's author last.
  for (const [did, repo] of town.repos) again.repos.set(did, repo);
  again.now = town.now;
  for (const name of ["cleo", "bob", "ann"]) again.sync(name);
  await again.index();
  const backwards = await dump(db);
  const strip = (actors: unknown[]) =>
    (actors as Record<string, unknown>[]).map(({ backfilled: _b, known: _k, ...rest }) => rest);
  expect({ ...backwards, actor: strip(backwards.actor ?? []) }).toEqual({
    ...straight,
    actor: strip(straight.actor ?? []),
  });
  expect(noticed).toBeGreaterThan(4);
  expect(await counts(post.uri)).toEqual({ likes: 1, reposts: 1, replies: 1, quotes: 1 });
  expect(await counts(reply.uri)).toEqual({ likes: 0, reposts: 0, replies: 1, quotes: 0 });
  expect(await counts(deep.uri)).toEqual({ likes: 0, reposts: 0, replies: 0, quotes: 0 });
});

test("a second like of the same subject waits, and takes the first one's place when that goes", async () => {
  town.join("ann", "bob");
  const post = town.post("ann", "hello");
  const first = town.like("bob", post);
  const second = town.like("bob", post);
  await town.index();
  expect(await counts(post.uri)).toMatchObject({ likes: 1 });
  town.remove(first);
  await town.index();
  expect(await counts(post.uri)).toMatchObject({ likes: 1 });
  expect(await rows(`SELECT cid FROM "like"`)).toEqual([{ cid: second.cid }]);
  town.remove(second);
  await town.index();
  expect(await counts(post.uri)).toMatchObject({ likes: 0 });
  expect(await rows("SELECT * FROM duplicate")).toEqual([]);
});

test("each deletion undoes what its record did", async () => {
  town.join("ann", "bob");
  await town.index();
  const empty = await dump(db);
  const post = town.post("ann", "hello", town.mention("bob"));
  const reply = town.reply("bob", "hi", post);
  const refs = [
    town.like("bob", post),
    town.repost("bob", post),
    town.follow("bob", "ann"),
    town.block("ann", "bob"),
    town.quote("bob", "q", post),
    reply,
    post,
  ];
  await town.index();
  expect(await notices(town.did("ann"))).toHaveLength(5);
  expect(await notices(town.did("bob"))).toEqual([{ reason: "mention", author: town.did("ann") }]);
  for (const ref of refs) town.remove(ref);
  await town.index();
  expect(await dump(db)).toEqual(empty);
  expect(await rows("SELECT uri FROM post_search WHERE post_search MATCH 'hello OR hi OR q'")).toEqual([]);
});

test("the four nearest ancestors hear of a reply, once each, and nobody above a hidden one", async () => {
  const names = ["ann", "bob", "cleo", "dora", "emil", "finn"];
  town.join(...names);
  const root = town.post("ann", "0");
  let parent = root;
  const thread = [root];
  for (const name of names.slice(1)) thread.push((parent = town.reply(name, name, parent, root)));
  await town.index();
  const heard = await rows<{ did: string }>(
    "SELECT did FROM notification WHERE uri = ?1 ORDER BY did",
    thread[5]?.uri,
  );
  expect(heard.map(({ did }) => did)).toEqual(["bob", "cleo", "dora", "emil"].map((name) => town.did(name)));
  town.create(
    "ann",
    "app.bsky.feed.threadgate",
    { post: root.uri, hiddenReplies: [thread[3]?.uri] },
    root.uri.split("/").at(-1),
  );
  const late = town.reply("ann", "late", thread[4] ?? root, root);
  await town.index();
  const after = await rows<{ did: string }>(
    "SELECT did FROM notification WHERE uri = ?1 ORDER BY did",
    late.uri,
  );
  expect(after.map(({ did }) => did)).toEqual(["dora", "emil"].map((name) => town.did(name)));
});

test("a reply that the gate refuses is marked, not counted, and tells nobody", async () => {
  town.join("ann", "bob", "cleo", "dora");
  const root = town.post("ann", "for my friends", town.mention("dora"));
  const rule = (name: string) => ({ $type: `app.bsky.feed.threadgate#${name}` });
  town.create(
    "ann",
    "app.bsky.feed.threadgate",
    { post: root.uri, allow: [rule("followingRule"), rule("mentionRule")] },
    root.uri.split("/").at(-1),
  );
  town.follow("ann", "bob");
  town.reply("bob", "welcome", root);
  const refused = town.reply("cleo", "not welcome", root);
  town.reply("dora", "mentioned", root);
  town.reply("ann", "mine", root);
  await town.index();
  expect(await rows("SELECT uri FROM post WHERE violates_gate = 1")).toEqual([{ uri: refused.uri }]);
  expect(await counts(root.uri)).toMatchObject({ replies: 3 });
  expect((await notices(town.did("ann"))).map(({ author }) => author)).toEqual([
    town.did("bob"),
    town.did("dora"),
  ]);
});

test("gates of other people's posts are not gates", async () => {
  town.join("ann", "bob", "cleo");
  const root = town.post("ann", "open");
  town.create("bob", "app.bsky.feed.threadgate", { post: root.uri, allow: [] }, root.uri.split("/").at(-1));
  town.reply("cleo", "hi", root);
  await town.index();
  expect(await rows("SELECT * FROM record")).toEqual([]);
  expect(await counts(root.uri)).toMatchObject({ replies: 1 });
});

test("sortAt is never later than the commit, and 1970 for a time that cannot be read", async () => {
  town.join("ann");
  const future = town.post("ann", "future", { createdAt: "2999-01-01T00:00:00.000Z" });
  const past = town.post("ann", "past", { createdAt: "2001-01-01T00:00:00.000Z" });
  await town.index();
  const found = await rows<{ uri: string; sort: number; indexed: number }>(
    "SELECT uri, sort, indexed FROM post",
  );
  const of = (uri: string) => found.find((row) => row.uri === uri);
  expect(of(future.uri)?.sort).toBe(of(future.uri)?.indexed);
  expect(of(past.uri)?.sort).toBe(Date.UTC(2001, 0, 1));
});

test("a handle has one holder; status follows the account; deletion leaves nothing", async () => {
  town.join("ann", "bob");
  const post = town.post("ann", "hello");
  town.like("bob", post);
  town.follow("bob", "ann");
  town.profile("bob", { displayName: "Bob" });
  town.handle("bob", "Ann.test");
  town.status("ann", "deactivated");
  await town.index();
  expect(await rows("SELECT did, handle, status FROM actor ORDER BY did")).toEqual([
    { did: town.did("ann"), handle: null, status: "deactivated" },
    { did: town.did("bob"), handle: "ann.test", status: null },
  ]);
  expect(await rows("SELECT did FROM actor_search WHERE actor_search MATCH 'bob*'")).toEqual([
    { did: town.did("bob") },
  ]);
  town.status("bob", "deleted");
  town.post("ann", "still here");
  await town.index();
  expect(await counts(post.uri)).toMatchObject({ likes: 0 });
  expect(await rows("SELECT followers FROM actor WHERE did = ?1", town.did("ann"))).toEqual([
    { followers: 0 },
  ]);
  expect(await rows("SELECT known, handle, profile FROM actor WHERE did = ?1", town.did("bob"))).toEqual([
    { known: null, handle: null, profile: null },
  ]);
  expect(await rows("SELECT did FROM actor_search WHERE actor_search MATCH 'bob*'")).toEqual([]);
});

test("after an import the index holds what the repo holds, and later commits go on", async () => {
  town.join("ann", "bob");
  const old = town.post("ann", "old");
  await town.index();
  const repo = new Map(town.repos.get(town.did("ann")));
  repo.delete(old.uri.split("/").slice(3).join("/"));
  town.repos.set(town.did("ann"), repo);
  const bobs = town.post("bob", "bob's");
  for (let i = 0; i < 7; i++)
    town.commit(
      "ann",
      [{ path: `app.bsky.feed.post/3kimport${i}`, record: town.dated({ text: `imported ${i}` }) }],
      { silent: true },
    );
  town.commit("ann", [{ path: "app.bsky.feed.like/3klike", record: town.dated({ subject: bobs }) }], {
    silent: true,
  });
  town.sync("ann");
  const after = town.post("ann", "after");
  await town.index();
  expect(await rows("SELECT posts FROM actor WHERE did = ?1", town.did("ann"))).toEqual([{ posts: 8 }]);
  expect(await counts(old.uri)).toBeUndefined();
  expect(await counts(after.uri)).toBeDefined();
  expect(await counts(bobs.uri)).toMatchObject({ likes: 1 });
  const before = await dump(db);
  town.sync("ann");
  await town.index();
  const strip = (dumped: Record<string, unknown[]>) => ({ ...dumped, actor: [] });
  expect(strip(await dump(db))).toEqual(strip(before));
});

test("rows written for each kind of event keep to the budget", async () => {
  const counted = counting(db);
  town = new Community(counted.db);
  town.join("ann", "bob", "cleo");
  await town.index();
  const cost = async (write: () => unknown) => {
    write();
    counted.reset();
    await town.index();
    return counted.cost.written;
  };
  const root = town.post("ann", "root");
  const bobs = town.repost("bob", root);
  await town.index();
  expect(await cost(() => town.post("ann", "hello"))).toBe(5);
  expect(await cost(() => town.reply("bob", "hi", root))).toBe(8);
  expect(await cost(() => town.quote("bob", "look", root))).toBe(8);
  expect(
    await cost(() =>
      town.post("bob", "you two", {
        facets: [...(town.mention("ann").facets as []), ...(town.mention("cleo").facets as [])],
      }),
    ),
  ).toBe(7);
  expect(await cost(() => town.like("bob", root))).toBe(5);
  expect(await cost(() => town.like("cleo", root, { via: bobs }))).toBe(6);
  expect(await cost(() => town.repost("cleo", root))).toBe(6);
  expect(await cost(() => town.follow("bob", "ann"))).toBe(6);
  expect(await cost(() => town.block("bob", "cleo"))).toBe(2);
});
