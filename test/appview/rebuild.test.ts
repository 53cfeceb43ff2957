/** A rebuild gives the same rows as live indexing, for a community that does things at random. */
import { wipeIndex } from "../support/wipe-index.ts";
import { beforeEach, expect, test } from "vitest";
import type { Did } from "@atcute/lexicons";
import {
  DERIVED,
  KEPT,
  type RebuildContext,
  type RebuildHost,
  continueRebuild,
  readRebuild,
  startRebuild,
} from "../../src/appview/index/rebuild.ts";
import { meterDatabase } from "../../src/appview/metered-database.ts";
import { ModerationLabels } from "../../src/moderation/labels.ts";
import { standingActs } from "../../src/moderation/standing-acts.ts";
import { ModerationSubjects } from "../../src/moderation/subjects.ts";
import { bindings, Community, dump, HOST, noActs, type Ref } from "../support/community.ts";

const db = bindings.APPVIEW_DB;
const NAMES = ["ann", "bob", "cleo", "dora", "emil", "finn", "gail", "hugo"];
let town: Community;
let seed = 1;
const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
const below = (n: number) => Math.floor(random() * n);
const oneOf = <T>(list: readonly T[]): T => list[below(list.length)] as T;

const wipe = () => wipeIndex(db);

beforeEach(async () => {
  town = new Community();
  await wipe();
  await db.batch([
    db.prepare("DELETE FROM actor"),
    db.prepare("DELETE FROM rebuild"),
    db.prepare("DELETE FROM rebuild_failure"),
    db.prepare("UPDATE cursor SET seq = 0"),
  ]);
});

const host: RebuildHost = {
  acts: noActs,
  bookmarks: noActs,
  members: (after, limit) =>
    Promise.resolve(
      [...town.dids]
        .map(([name, did]) => ({ did, handle: `${name}.test`, status: "active" as const }))
        .filter(({ did }) => did > after)
        .sort((a, b) => (a.did < b.did ? -1 : 1))
        .slice(0, limit),
    ),
};
const context = (): RebuildContext => ({ db, account: town.account, host, now: () => 1 });

/** A clock that lets a slice do one step. */
const oneStep = () => {
  let calls = 1;
  return { ...context(), now: () => calls++ };
};

/** Leaves out actor rows that carry no information: unknown accounts without counts. */
async function comparable() {
  const { actor = [], ...tables } = await dump(db);
  const said = (row: Record<string, unknown>) =>
    row.known !== null || row.followers !== 0 || row.follows !== 0 || row.posts !== 0;
  const found = await db
    .prepare("SELECT rowid, uri FROM post_search ORDER BY rowid")
    .all<{ rowid: number; uri: string }>();
  return {
    ...tables,
    actor: (actor as Record<string, unknown>[]).filter(said).map((row) => ({
      ...row,
      backfilled: null,
      slot: null,
      selves: JSON.parse(String(row.selves)) as unknown,
    })),
    search: found.results,
  };
}

/** Gates and lists come with the thread or before it; nobody unfollows. Otherwise a rebuild would differ. */
function live(steps: number): void {
  const posts: Ref[] = [];
  const roots = new Map<string, Ref>();
  const erasable: Ref[] = [];
  for (const [i, name] of NAMES.entries()) {
    town.profile(name, { displayName: `${name} of town`, description: `number ${i}` });
    for (const other of NAMES) if (other !== name && below(3) > 0) town.follow(name, other);
  }
  const list = town.create("ann", "app.bsky.graph.list", {
    purpose: "app.bsky.graph.defs#curatelist",
    name: "friends",
  });
  for (const name of ["bob", "cleo"]) {
    town.create("ann", "app.bsky.graph.listitem", { list: list.uri, subject: town.did(name) });
  }
  const rules = [
    { $type: "app.bsky.feed.threadgate#followerRule" },
    { $type: "app.bsky.feed.threadgate#followingRule" },
    { $type: "app.bsky.feed.threadgate#mentionRule" },
    { $type: "app.bsky.feed.threadgate#listRule", list: list.uri },
  ];
  const keep = (ref: Ref, root: Ref) => {
    posts.push(ref);
    roots.set(ref.uri, root);
    erasable.push(ref);
  };
  const doings: ((name: string) => void)[] = [
    (name) => {
      const post = town.post(name, `words ${below(99)}`, below(2) ? town.mention(oneOf(NAMES)) : {});
      keep(post, post);
    },
    (name) => {
      const post = town.post(name, "gated", town.mention(oneOf(NAMES)));
      const rkey = post.uri.split("/").at(-1);
      town.create(name, "app.bsky.feed.threadgate", { post: post.uri, allow: [oneOf(rules)] }, rkey);
      posts.push(post);
      roots.set(post.uri, post);
    },
    (name) => {
      const parent = oneOf(posts);
      const root = roots.get(parent.uri) ?? parent;
      keep(town.reply(name, `reply ${below(99)}`, parent, root), root);
    },
    (name) => {
      const quote = town.quote(name, "look", oneOf(posts));
      keep(quote, quote);
    },
    (name) => erasable.push(town.like(name, oneOf(posts))),
    (name) => erasable.push(town.repost(name, oneOf(posts))),
    (name) => town.block(name, oneOf(NAMES.filter((other) => other !== name))),
    () => {
      const [gone] = erasable.splice(below(erasable.length), 1);
      if (gone !== undefined) town.remove(gone);
    },
  ];
  keep(town.post("ann", "first"), { uri: "at://did:plc:x/a.b.c/d", cid: "x" });
  roots.clear();
  for (let i = 0; i < steps; i++) oneOf(doings)(oneOf(NAMES));
}

test("every table is either derived or kept", async () => {
  const { results } = await db
    .prepare(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'd1_%' AND name NOT LIKE '\\_cf%' ESCAPE '\\'
        AND name NOT LIKE 'sqlite%' AND name NOT LIKE '%\\_search\\_%' ESCAPE '\\'`,
    )
    .all<{ name: string }>();
  expect(results.map(({ name }) => name).toSorted()).toEqual([...DERIVED, ...KEPT].toSorted());
});

const damage = () =>
  db.batch(
    [
      "DELETE FROM post WHERE length(record) % 3 = 0",
      `DELETE FROM "like" WHERE length(subject || rkey) % 2 = 0`,
      "UPDATE post SET record = '{}', flags = 0, likes = likes + 7 WHERE length(record) % 2 = 0",
      "UPDATE actor SET followers = 99, follows = 0, posts = -1, profile = '{}'",
      "INSERT INTO post_search (post_search) VALUES ('delete-all')",
    ].map((sql) => db.prepare(sql)),
  );

test.each<[string, number, () => Promise<unknown>]>([
  ["that is whole", 3, () => Promise.resolve()],
  ["that is empty", 14, wipe],
  ["that is empty", 159, wipe],
  ["that is damaged", 26, damage],
])("an index %s, of a random community (%i), comes to the rows of live indexing", async (_, n, harm) => {
  seed = n;
  town.join(...NAMES);
  live(220);
  await town.index();
  await db
    .prepare("INSERT OR REPLACE INTO takedown (subject, ref) VALUES (?1, 'kept')")
    .bind(town.did("hugo"))
    .run();
  const before = await comparable();
  await harm();
  await startRebuild(db, 1);
  expect(await readRebuild(db)).toMatchObject({ phase: "members", done: 0, failed: 0 });
  let slices = 0;
  while ((await continueRebuild(oneStep(), 12))?.phase !== "done") expect(++slices).toBeLessThan(200);
  expect(slices).toBeGreaterThan(2);
  expect(await readRebuild(db)).toMatchObject({ finished: expect.any(Number), error: null });
  expect(await comparable()).toEqual(before);
  expect(await db.prepare("SELECT ref FROM takedown").first()).toEqual({ ref: "kept" });
});

test("serves what there is until it is replaced, whatever the repos answer", async () => {
  town.join(...NAMES);
  live(60);
  await town.index();
  const before = await comparable();
  await startRebuild(db, 1);
  expect(await comparable()).toEqual(before);
  const account = (did: Did) => ({
    ...town.account(did),
    backfill: () => Promise.reject(new Error("the object throws for ever")),
  });
  expect(await continueRebuild({ ...context(), account }, 2)).toMatchObject({
    phase: "done",
    error: null,
    failed: NAMES.length,
  });
  expect(await comparable()).toEqual(before);
});

test("sets an account aside that fails, goes on, and says why", async () => {
  town.join("ann", "bob", "cleo");
  for (const name of ["ann", "bob", "cleo"]) town.post(name, `of ${name}`);
  await town.index();
  await wipe();
  await startRebuild(db, 1);
  const account = (did: Did) =>
    did === town.did("bob")
      ? { ...town.account(did), backfill: () => Promise.reject(new Error("no answer")) }
      : town.account(did);
  expect(await continueRebuild({ ...context(), account }, 2)).toMatchObject({ phase: "done", failed: 1 });
  expect(await db.prepare("SELECT did, error FROM rebuild_failure").all()).toMatchObject({
    results: [{ did: town.did("bob"), error: "no answer" }],
  });
  const { results } = await db.prepare("SELECT author FROM post ORDER BY author").all();
  expect(results).toEqual([{ author: town.did("ann") }, { author: town.did("cleo") }]);
  await startRebuild(db, 2);
  expect(await continueRebuild(context(), 3)).toMatchObject({ phase: "done", failed: 0 });
  expect(await db.prepare("SELECT count(*) AS n FROM post").first()).toEqual({ n: 3 });
});

test("ends while a member keeps writing, with all that they wrote", async () => {
  town.join("ann", "bob");
  const posts = Array.from({ length: 5 }, (_, i) => town.post("ann", `before ${i}`));
  await town.index();
  await startRebuild(db, 1);
  let n = 0;
  /** At every look at a repo, a post comes and another goes. */
  const account = (did: Did) => {
    const source = town.account(did);
    const busy =
      <Given, Answer>(ask: (given: Given) => Promise<Answer>) =>
      async (given: Given) => {
        const answer = await ask(given);
        posts.push(town.post("ann", `during ${n++}`));
        const [gone] = posts.splice(0, 1);
        if (gone !== undefined) town.remove(gone);
        await town.index();
        return answer;
      };
    return {
      backfill: busy((cursor: string | undefined) => source.backfill(cursor)),
      revs: busy((paths: string[]) => source.revs(paths)),
      recordsAt: busy((paths: string[]) => source.recordsAt(paths)),
    };
  };
  expect(await continueRebuild({ ...context(), account }, 2)).toMatchObject({ phase: "done", failed: 0 });
  expect(n).toBeGreaterThan(10);
  const { results } = await db.prepare("SELECT uri FROM post ORDER BY uri").all<{ uri: string }>();
  expect(results.map(({ uri }) => uri)).toEqual(posts.map(({ uri }) => uri).toSorted());
});

test("events go on meanwhile, and what a stale page put back is made good", async () => {
  town.join("ann", "bob");
  const gone = town.post("ann", "soon gone");
  const kept = town.post("ann", "stays");
  await town.index();
  await startRebuild(db, 1);
  let late = true;
  const account = (did: Did) => {
    const source = town.account(did);
    return {
      ...source,
      backfill: async (cursor: string | undefined) => {
        const page = await source.backfill(cursor);
        // The page has been read. Then a deletion and a post overtake it, and are indexed at once.
        if (late && page.records.some(({ path }) => path.includes("feed.post"))) {
          late = false;
          town.remove(gone);
          town.post("ann", "came between");
          await town.index();
        }
        return page;
      },
    };
  };
  await continueRebuild({ ...context(), account }, 2);
  expect(await readRebuild(db)).toMatchObject({ phase: "done", error: null });
  const { results } = await db.prepare("SELECT record ->> 'text' AS text FROM post ORDER BY sort").all();
  expect(results).toEqual([{ text: "stays" }, { text: "came between" }]);
  town.like("bob", kept);
  await town.index();
  expect(await db.prepare("SELECT likes FROM post WHERE uri = ?1").bind(kept.uri).first()).toEqual({
    likes: 1,
  });
});

test("a large repo takes several slices, none of which begins anew", async () => {
  town.join("ann", "bob");
  for (let i = 0; i < 20; i++) town.post("ann", `post ${i}`);
  town.post("bob", "after it");
  await town.index();
  await wipe();
  await startRebuild(db, 1);
  const reads: (string | undefined)[] = [];
  const account = (did: Did) => ({
    ...town.account(did),
    backfill(cursor: string | undefined) {
      if (did === town.did("ann")) reads.push(cursor);
      return town.account(did).backfill(cursor);
    },
  });
  let slices = 0;
  while ((await continueRebuild({ ...oneStep(), account }, 4))?.phase !== "done") {
    expect(++slices).toBeLessThan(100);
  }
  // Three passes, each of which reads a page once.
  const most = Math.max(...reads.map((read) => reads.filter((other) => other === read).length));
  expect(most).toBeLessThanOrEqual(3);
  expect(await db.prepare("SELECT count(*) AS n FROM post").first()).toEqual({ n: 21 });
  expect(await readRebuild(db)).toMatchObject({ failed: 0, error: null });
});

test("an account whose deletion was never heard of leaves the index, and everybody's counts", async () => {
  town.join("ann", "bob", "cleo");
  const post = town.post("ann", "of ann");
  town.follow("bob", "ann");
  town.follow("bob", "cleo");
  town.like("ann", town.post("bob", "of bob"));
  town.profile("ann", { displayName: "Ann" });
  await town.index();
  town.repos.delete(town.did("ann"));
  await startRebuild(db, 1);
  const members: RebuildHost["members"] = async (after, limit) =>
    (await host.members(after, limit)).filter(({ did }) => did !== town.did("ann"));
  expect(await continueRebuild({ ...context(), host: { ...host, members } }, 2)).toMatchObject({
    phase: "done",
    failed: 0,
  });
  const first = (sql: string, ...values: string[]) =>
    db
      .prepare(sql)
      .bind(...values)
      .first();
  expect(await first("SELECT known, handle, profile FROM actor WHERE did = ?1", town.did("ann"))).toEqual({
    known: null,
    handle: null,
    profile: null,
  });
  expect(await first("SELECT count(*) AS n FROM post WHERE uri = ?1", post.uri)).toEqual({ n: 0 });
  expect(await first("SELECT likes FROM post")).toEqual({ likes: 0 });
  expect(await first("SELECT count(*) AS n FROM actor_search WHERE name MATCH 'ann'")).toEqual({ n: 0 });
});

test("two at once do not get in each other's way, and one that the database stops says why", async () => {
  town.join("ann");
  town.post("ann", "hello");
  await town.index();
  await startRebuild(db, 1);
  const stopped = {
    ...context(),
    host: { ...host, members: () => Promise.reject(new Error("no answer")) },
  };
  const [first, second] = await Promise.all([continueRebuild(stopped, 2), continueRebuild(context(), 2)]);
  expect([first?.phase, second?.phase]).not.toContain("done");
  expect((await readRebuild(db))?.error).toBe("no answer");
  await continueRebuild(context(), 2);
  expect(await readRebuild(db)).toMatchObject({ phase: "done", error: null });
});

test("a call without the host and one without repos do their phases, and leave the others", async () => {
  town.join("ann", "bob");
  town.post("ann", "hello");
  await town.index();
  await startRebuild(db, 1);
  const index = { ...context(), host: null };
  expect(await continueRebuild(index, 2)).toMatchObject({ phase: "members", done: 0, error: null });
  const asked = { ...context(), account: null };
  expect(await continueRebuild(asked, 2)).toMatchObject({ phase: "context", done: 0, error: null });
  expect(await continueRebuild(index, 2)).toMatchObject({ phase: "done", failed: 0, error: null });
});

test("a call ends when it has sent what it may, and the calls together do the whole", async () => {
  town.join(...NAMES);
  live(120);
  await town.index();
  const before = await comparable();
  await db.prepare("DELETE FROM post").run();
  await startRebuild(db, 1);
  for (let calls = 0; (await readRebuild(db))?.phase !== "done"; calls++) {
    expect(calls).toBeLessThan(200);
    const { db: metered, spent } = meterDatabase(db);
    await continueRebuild({ ...context(), db: metered, isSpent: () => spent() >= 10 }, 2);
    expect(spent()).toBeLessThanOrEqual(50);
  }
  expect(await comparable()).toEqual(before);
});

test("an index that was lost gets back the takedowns and labels that stand", async () => {
  town.join("ann", "bob");
  const post = town.post("ann", "bad");
  await town.index();
  const directory = bindings.DIRECTORY;
  const subjects = new ModerationSubjects(directory);
  const did = town.did("ann");
  await subjects.takingDown({ did, subject: post.uri, ref: "one", cid: post.cid });
  await subjects.takingDown({ did, subject: "bafkpicture", ref: "two", cid: null });
  await subjects.takingDown({ did: town.did("bob"), subject: "bafkother", ref: "three", cid: null });
  await subjects.restoring(town.did("bob"), "bafkother");
  const label = { ver: 1, src: HOST.did, uri: post.uri, cts: "2026-01-01T00:00:00.000Z" } as const;
  const sig = new Uint8Array([1]);
  const issued = new ModerationLabels(directory).adding([
    { ...label, val: "spam", sig },
    { ...label, val: "rude", sig },
    { ...label, val: "spam", neg: true, sig },
  ]);
  for (const statement of issued) await statement;
  await db.batch([db.prepare("DELETE FROM takedown"), db.prepare("DELETE FROM label")]);
  await startRebuild(db, 1);
  await continueRebuild({ ...context(), host: { ...host, acts: () => standingActs(directory) } }, 12);
  expect(await readRebuild(db)).toMatchObject({ phase: "done", error: null });
  const takedowns = await db.prepare("SELECT subject, ref FROM takedown ORDER BY ref").all();
  expect(takedowns.results).toEqual([
    { subject: post.uri, ref: "one" },
    { subject: `${did}/bafkpicture`, ref: "two" },
  ]);
  const labels = await db.prepare("SELECT src, uri, val FROM label").all();
  expect(labels.results).toEqual([{ src: HOST.did, uri: post.uri, val: "rude" }]);
});

test("an index that was lost gets back how many have bookmarked a post", async () => {
  town.join("ann");
  const [post, other] = [town.post("ann", "saved"), town.post("ann", "not saved any more")];
  await town.index();
  await db.prepare("INSERT INTO bookmark_total (uri, n) VALUES (?1, 7)").bind(other.uri).run();
  const bookmarks = async function* () {
    yield [
      { uri: post.uri, n: 2 },
      { uri: other.uri, n: 1 },
    ];
  };
  await startRebuild(db, 1);
  await continueRebuild({ ...context(), host: { ...host, bookmarks } }, 12);
  const { results } = await db.prepare("SELECT uri, bookmarks FROM post ORDER BY bookmarks").all();
  expect(results).toEqual([
    { uri: other.uri, bookmarks: 1 },
    { uri: post.uri, bookmarks: 2 },
  ]);
});
