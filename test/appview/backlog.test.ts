/** A large repo that comes in by an import is indexed beside the others' events, in spells. */
import type { Did } from "@atcute/lexicons";
import { beforeEach, expect, test } from "vitest";
import { resumeBacklog } from "../../src/appview/index/backlog.ts";
import { ingest } from "../../src/appview/index/ingest.ts";
import { getPosts } from "../../src/appview/reads/methods/feed/get-posts.ts";
import { AppViewReads } from "../../src/appview/reads/view-context.ts";
import { readIndexStatus } from "../../src/appview/status.ts";
import type { BackfillSource } from "../../src/protocol/stations.ts";
import { Community, HOST, bindings } from "../support/community.ts";
import { wipeIndex } from "../support/wipe-index.ts";

const db = bindings.APPVIEW_DB;
/** Records in a page of `Community`, and pages that ingest reads of a large repo. */
const PAGE = 3;
const AT_ONCE = 4;

let town: Community;
/** Where each read of Ann's repo began. */
let reads: (string | undefined)[] = [];

beforeEach(async () => {
  town = new Community();
  reads = [];
  await wipeIndex(db);
  await db.batch(
    [
      "DELETE FROM actor",
      "DELETE FROM backlog",
      "DELETE FROM rebuild_failure",
      "UPDATE cursor SET seq = 0",
    ].map((sql) => db.prepare(sql)),
  );
});

const account = (did: Did): BackfillSource => {
  const source = town.account(did);
  return {
    ...source,
    backfill(cursor) {
      if (did === town.did("ann")) reads.push(cursor);
      return source.backfill(cursor);
    },
  };
};

let clock = 1;
const context = () => ({ db, account, now: () => clock });
/** Lets a spell do one page. */
const onePage = (more: object = {}) => ({ ...context(), now: () => clock++, ...more });

const posts = async () =>
  (
    await db
      .prepare("SELECT record ->> 'text' AS text FROM post WHERE author = ?1 ORDER BY text")
      .bind(town.did("ann"))
      .all<{ text: string }>()
  ).results.map(({ text }) => text);
const backlog = async () => (await db.prepare("SELECT did, place, tries FROM backlog").all()).results;

/** As the dispatcher does: a call ends where it is full, and the next goes on. */
async function apply(): Promise<void> {
  const events = town.queue.splice(0);
  const last = events.at(-1)?.seq ?? town.cursor;
  while (town.cursor < last) {
    const rest = events.filter(({ seq }) => seq > town.cursor);
    const place = await ingest(
      { ...context(), source: "host" },
      { passed: town.cursor, stored: town.stored },
      rest,
    );
    expect(place.passed).toBeGreaterThan(town.cursor);
    ({ passed: town.cursor, stored: town.stored } = place);
  }
}

/** Ann imports a repo that has `count` posts, and lacks one that she had. Then Bob writes. */
async function importLarge(count: number): Promise<string[]> {
  town.join("ann", "bob");
  const gone = town.post("ann", "0 gone");
  await apply();
  town.repos.get(town.did("ann"))?.delete(gone.uri.split("/").slice(3).join("/"));
  const texts = Array.from({ length: count }, (_, i) => `text ${String(i).padStart(3, "0")}`);
  for (const text of texts) {
    const [path, record] = [
      `app.bsky.feed.post/3k${text.slice(5)}`,
      { text, createdAt: "2025-01-01T00:00:00Z" },
    ];
    town.commit("ann", [{ path, record }], { silent: true });
  }
  town.sync("ann");
  town.post("bob", "meanwhile");
  await apply();
  return texts;
}

test("nobody's posts wait for it, and all of it is indexed in the end", async () => {
  const texts = await importLarge(20);
  expect(reads).toHaveLength(AT_ONCE);
  expect(
    await db.prepare("SELECT count(*) AS n FROM post WHERE author = ?1").bind(town.did("bob")).first(),
  ).toEqual({
    n: 1,
  });
  expect(await posts()).toEqual(["0 gone", ...texts.slice(0, AT_ONCE * PAGE)]);
  expect(await readIndexStatus(db, 0)).toMatchObject({ waiting: 1, failed: { count: 0, newest: [] } });
  await resumeBacklog(context(), clock + 1);
  expect(await posts()).toEqual(texts);
  expect(await readIndexStatus(db, 0)).toMatchObject({ waiting: 0 });
});

test("a spell goes on where the last one ended, or died", async () => {
  const texts = await importLarge(20);
  reads = [];
  for (let spells = 0; (await backlog()).length > 0; spells++) {
    expect(spells).toBeLessThan(20);
    await resumeBacklog(onePage(), clock + 2);
    clock += 100_000;
  }
  expect(new Set(reads).size).toBe(reads.length);
  expect(await posts()).toEqual(texts);
});

test("a small one is indexed at once, and a later import takes the place of a large one", async () => {
  await importLarge(20);
  expect(await backlog()).toHaveLength(1);
  const repo = town.repos.get(town.did("ann"));
  const kept = [...(repo ?? [])].slice(0, 2);
  repo?.clear();
  for (const [path, record] of kept) repo?.set(path, record);
  town.sync("ann");
  await apply();
  expect(await backlog()).toEqual([]);
  expect(await posts()).toEqual(["text 000", "text 001"]);
});

test("what its owner writes and deletes meanwhile holds", async () => {
  const texts = await importLarge(20);
  const path = "app.bsky.feed.post/3k015";
  town.commit("ann", [{ path, record: null }]);
  town.commit("ann", [
    { path: "app.bsky.feed.post/3k016", record: { text: "edited", createdAt: "2025-01-01T00:00:00Z" } },
  ]);
  town.post("ann", "written since");
  await apply();
  await resumeBacklog(context(), clock + 1);
  const left = texts.filter((text) => text !== "text 015" && text !== "text 016");
  expect(await posts()).toEqual(["edited", ...left, "written since"]);
});

test("two at once share no page, and an account that is deleted meanwhile leaves nothing", async () => {
  await importLarge(20);
  reads = [];
  await Promise.all([resumeBacklog(context(), clock + 1), resumeBacklog(context(), clock + 1)]);
  expect(new Set(reads).size).toBe(reads.length);
  town.sync("ann");
  await apply();
  expect(await backlog()).toHaveLength(1);
  town.repos.delete(town.did("ann"));
  town.status("ann", "deleted");
  await apply();
  expect(await backlog()).toEqual([]);
  await resumeBacklog(context(), clock + 1);
  expect(await posts()).toEqual([]);
});

test("one that cannot be read is tried again later, then set aside, and said", async () => {
  await importLarge(20);
  const broken = () => ({
    ...town.account(town.did("ann")),
    backfill: () => Promise.reject(new Error("no answer")),
  });
  for (let tries = 0; tries < 6; tries++) {
    expect(await backlog()).toMatchObject([{ tries }]);
    await resumeBacklog({ ...context(), account: broken }, clock + 1);
    // Not yet due again.
    await resumeBacklog({ ...context(), account: broken }, clock + 1);
    clock += 10_000_000;
  }
  expect(await backlog()).toEqual([]);
  expect(await readIndexStatus(db, 0)).toMatchObject({
    waiting: 0,
    failed: { count: 1, newest: [{ did: town.did("ann"), error: "no answer" }] },
  });
});

test("a large account that empties itself keeps nobody waiting, and nor does one that is deleted", async () => {
  town.join("ann", "bob");
  await apply();
  // As many rows as an account of many years has.
  const made = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
    INSERT INTO post (uri, author, cid, record, sort, indexed, flags, tie)
      SELECT 'at://' || ?1 || '/app.bsky.feed.post/k' || i, ?1, 'c' || i, '{"text":"old"}', i, i, 0, i FROM n`;
  const ann = town.did("ann");
  const left = async () =>
    await db.prepare("SELECT count(*) AS n FROM post WHERE author = ?1").bind(ann).first<number>("n");
  await db.prepare(made).bind(ann).run();
  town.sync("ann");
  town.post("bob", "meanwhile");
  await apply();
  expect(await left()).toBe(4000 - 400);
  expect(await backlog()).toEqual([{ did: ann, place: "~", tries: 0 }]);
  await resumeBacklog(onePage(), clock + 2);
  expect(await left()).toBeGreaterThan(2000);
  clock += 100_000;
  await resumeBacklog(context(), clock + 1);
  expect([await left(), await backlog()]).toEqual([0, []]);

  await db.prepare(made).bind(ann).run();
  town.repos.delete(ann);
  town.status("ann", "deleted");
  town.post("bob", "afterwards");
  await apply();
  expect(await left()).toBe(1000);
  // Nothing of it is shown from now on.
  const { posts: shown } = await getPosts(new AppViewReads(bindings, HOST).on(null), {
    uris: [`at://${ann}/app.bsky.feed.post/k4000`] as never,
  });
  expect(shown).toEqual([]);
  await resumeBacklog(context(), clock + 1);
  expect([await left(), await backlog()]).toEqual([0, []]);
  expect(await db.prepare("SELECT posts FROM actor WHERE did = ?1").bind(ann).first()).toEqual({ posts: 0 });
});
