/** A host whose index was made by an earlier version, and what the new one makes of it by itself. */
import { beforeAll, expect, test } from "vitest";
import { continueRebuild, readRebuild } from "../../src/appview/index/rebuild.ts";
import { searchActors } from "../../src/appview/reads/methods/actor/search-actors.ts";
import { searchPosts } from "../../src/appview/reads/methods/feed/search-posts.ts";
import { AppViewReads } from "../../src/appview/reads/view-context.ts";
import { migrate } from "../../schema/migrate.ts";
import { APPVIEW_MIGRATIONS } from "../../schema/migrations.ts";
import { bindings, Community, HOST, noActs } from "../support/community.ts";
import { empty } from "../support/empty.ts";

const db = bindings.APPVIEW_DB;
const anyone = new AppViewReads(bindings, HOST).on(null);
const town = new Community();
const EARLIER = APPVIEW_MIGRATIONS.filter(({ name }) => name < "0005");

/** What the earlier version wrote, for what is in the repos: no folding, and places by a hash. */
async function writeAsBefore(): Promise<void> {
  const posts = [...town.repos]
    .flatMap(([did, repo]) => [...repo.values()].map(({ path, cid }) => ({ did, path, cid })))
    .filter(({ path }) => path.startsWith("app.bsky.feed.post/"))
    .map(({ did, path, cid }, i) => ({ did, uri: `at://${did}/${path}`, cid, tie: 1000 + i }));
  const record = { $type: "app.bsky.feed.post", text: "Straße in Łódź", createdAt: "2025-01-01T00:00:00Z" };
  await db.batch([
    db
      .prepare("INSERT INTO actor (did, handle, known) SELECT value ->> 0, value ->> 1, 1 FROM json_each(?1)")
      .bind(JSON.stringify([...town.dids].map(([name, did]) => [did, `${name}.test`]))),
    db
      .prepare(
        `INSERT INTO actor_search (rowid, handle, name, did)
          SELECT 9007199254740000 + key, handle, 'Zoë', did FROM json_each(?1) JOIN actor ON did = value`,
      )
      .bind(JSON.stringify([...town.dids.values()])),
    ...posts.flatMap(({ did, uri, cid, tie }) => [
      db
        .prepare(
          `INSERT INTO post (uri, author, cid, record, sort, indexed, flags, tie)
            VALUES (?1, ?2, ?3, ?4, 1735689600000, 1735689600000, 0, ?5)`,
        )
        .bind(uri, did, cid, JSON.stringify({ ...record, extra: "x".repeat(500_000) }), tie),
      db
        .prepare(
          `INSERT INTO post_search (rowid, text, terms, uri)
            SELECT sort * 2097152 + tie, record ->> 'text', '', uri FROM post WHERE uri = ?1`,
        )
        .bind(uri),
    ]),
  ]);
}

beforeAll(async () => {
  await empty(db);
  await migrate(db, EARLIER);
  town.join("ann", "bob");
  town.profile("ann", { displayName: "Zoë" });
  const createdAt = "2025-01-01T00:00:00Z";
  const post = { createdAt, extra: "x".repeat(500_000) };
  town.post("ann", "Straße in Łódź", post);
  town.post("bob", "Straße in Łódź", post);
  await writeAsBefore();
  town.queue = [];
  await db.prepare("UPDATE cursor SET seq = ?1").bind(town.seq).run();
  town.cursor = town.stored = town.seq;
  await migrate(db, APPVIEW_MIGRATIONS);
});

const found = async (q: string) => (await searchPosts(anyone, { q, limit: 10 })).posts.length;

test("what was found before is found, and what comes is indexed, before the index is derived anew", async () => {
  expect(await readRebuild(db)).toMatchObject({ phase: "wanted", finished: null });
  expect(await found("in")).toBe(2);
  expect((await searchActors(anyone, { q: "ann", limit: 10 })).actors).toHaveLength(1);
  town.profile("ann", { displayName: "Zoë Groß" });
  const late = town.post("ann", "Straße, spät", { createdAt: "2025-01-01T00:00:00Z" });
  await town.index();
  expect(await found("spat")).toBe(1);
  expect(await found("in")).toBe(2);
  expect((await searchActors(anyone, { q: "gross", limit: 10 })).actors).toHaveLength(1);
  town.remove(late);
  await town.index();
  expect(await found("spat")).toBe(0);
  expect(await found("in")).toBe(2);
});

test("the host's clock derives it anew, and then all is found as it is written now", async () => {
  const members = (after: string) =>
    Promise.resolve(
      [...town.dids]
        .map(([name, did]) => ({ did, handle: `${name}.test`, status: "active" as const }))
        .filter(({ did }) => did > after)
        .toSorted((a, b) => (a.did < b.did ? -1 : 1)),
    );
  await continueRebuild(
    { db, account: town.account, host: { acts: noActs, bookmarks: noActs, members }, now: () => 1 },
    2,
  );
  expect(await readRebuild(db)).toMatchObject({ phase: "done", error: null });
  expect(await found("strasse lodz")).toBe(2);
  expect(await found("from:bob.test")).toBe(1);
  expect((await searchActors(anyone, { q: "zoe gross", limit: 10 })).actors).toHaveLength(1);
  const { results } = await db.prepare("SELECT length(record) AS size, tie FROM post ORDER BY tie").all();
  expect(results).toEqual([
    { size: expect.any(Number), tie: expect.any(Number) },
    { size: expect.any(Number), tie: expect.any(Number) },
  ]);
  expect(new Set(results.map(({ tie }) => tie)).size).toBe(2);
  for (const { size } of results) expect(size).toBeLessThan(1000);
});

test("a new host has nothing to derive anew", async () => {
  await empty(db);
  await migrate(db, APPVIEW_MIGRATIONS);
  expect(await readRebuild(db)).toBeNull();
});
