/** The search of people: who has a place in it, and what a search reads. */
import { beforeAll, expect, test } from "vitest";
import { continueRebuild, startRebuild } from "../../src/appview/index/rebuild.ts";
import { searchActors, searchActorsTypeahead } from "../../src/appview/reads/methods/actor/search-actors.ts";
import { AppViewReads } from "../../src/appview/reads/view-context.ts";
import { bindings, Community, counting, HOST, noActs } from "../support/community.ts";

const index = counting(bindings.APPVIEW_DB);
const { db } = index;
const reads = new AppViewReads({ APPVIEW_DB: db, DIRECTORY: bindings.DIRECTORY }, HOST);
const anyone = reads.on(null);
const town = new Community();
const NAMES = Array.from({ length: 30 }, (_, i) => `crowd${String(i).padStart(2, "0")}`);

beforeAll(async () => {
  town.join("ann", "bob", ...NAMES);
  town.profile("ann", { displayName: "Zoë Müller" });
  town.profile("bob", { displayName: "山田太郎" });
  for (const name of NAMES) town.profile(name, { displayName: "One of Many" });
  await town.index();
});

const found = async (q: string) =>
  (await searchActorsTypeahead(anyone, { q, limit: 100 })).actors.map(({ handle }) => handle);

test("names are found by the beginnings of their words, folded, and scripts without spaces within", async () => {
  expect(await found("zoe mull")).toEqual(["ann.test"]);
  expect(await found("太郎")).toEqual(["bob.test"]);
  expect(await found("郎太")).toEqual([]);
  expect(await found("@BOB.te")).toEqual(["bob.test"]);
  expect(await found("one many")).toHaveLength(30);
});

test("every account has a number of its own in the search", async () => {
  const { results } = await db
    .prepare(
      "SELECT s.rowid AS slot, s.did, a.slot AS own FROM actor_search AS s JOIN actor AS a ON a.did = s.did",
    )
    .all<{ slot: number; did: string; own: number }>();
  expect(results).toHaveLength(32);
  expect(new Set(results.map(({ slot }) => slot)).size).toBe(32);
  for (const { slot, own } of results) expect(slot).toBe(own);
});

test("a name that is changed is found as it is now", async () => {
  town.profile("ann", { displayName: "Anna Schmidt" });
  await town.index();
  expect(await found("zoe")).toEqual([]);
  expect(await found("schmidt")).toEqual(["ann.test"]);
});

test("an account that loses its handle is not found by it any more, live and after a rebuild", async () => {
  town.join("dora", "emil");
  town.profile("dora", { displayName: "Dora" });
  await town.index();
  expect(await found("dora.te")).toEqual(["dora.test"]);
  town.handle("emil", "dora.test");
  await town.index();
  expect((await searchActors(anyone, { q: "dora.test", limit: 10 })).actors.map(({ did }) => did)).toEqual([
    town.did("emil"),
  ]);
  expect(await found("dora")).toEqual(["dora.test", "handle.invalid"]);
  // The index did not hear that the handle moved on.
  await db.batch([
    db.prepare("UPDATE actor SET handle = NULL WHERE did = ?1").bind(town.did("emil")),
    db.prepare("UPDATE actor SET handle = 'dora.test' WHERE did = ?1").bind(town.did("dora")),
  ]);
  await startRebuild(db, 1);
  const members = (after: string) =>
    Promise.resolve(
      after < town.did("emil")
        ? [{ did: town.did("emil"), handle: "dora.test", status: "active" as const }]
        : [],
    );
  await continueRebuild(
    { db, account: town.account, host: { acts: noActs, bookmarks: noActs, members }, now: () => 1 },
    2,
  );
  const { results } = await db.prepare("SELECT did FROM actor WHERE handle = 'dora.test'").all();
  expect(results).toEqual([{ did: town.did("emil") }]);
  await startRebuild(db, 1);
  const everybody = [...town.dids].map(([name, did]) => ({
    did,
    handle: name === "dora" ? null : name === "emil" ? "dora.test" : `${name}.test`,
    status: "active" as const,
  }));
  const page = (after: string) =>
    Promise.resolve(everybody.filter(({ did }) => did > after).toSorted((a, b) => (a.did < b.did ? -1 : 1)));
  await continueRebuild(
    { db, account: town.account, host: { acts: noActs, bookmarks: noActs, members: page }, now: () => 1 },
    2,
  );
  expect(await found("dora")).toEqual(["dora.test", "handle.invalid"]);
});

test("who is deleted leaves the search, and nobody else does", async () => {
  town.status("crowd07", "deleted");
  await town.index();
  const names = await found("crowd");
  expect(names).toHaveLength(29);
  expect(names).not.toContain("crowd07.test");
  town.join("finn");
  await town.index();
  expect(await found("finn")).toEqual(["finn.test"]);
  expect(await found("crowd")).toHaveLength(29);
});

test.each(["many", "", "crowd", "zzz"])("all that are found by %j come by pages, once each", async (q) => {
  const { actors } = await searchActors(anyone, { q, limit: 100 });
  for (const limit of [1, 2, 7]) {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await searchActors(anyone, { q, limit, cursor });
      seen.push(...page.actors.map(({ did }) => did));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect([limit, seen]).toEqual([limit, actors.map(({ did }) => did)]);
  }
  await expect(searchActors(anyone, { q, limit: 1, cursor: "nonsense" })).rejects.toMatchObject({
    message: "Malformed cursor",
  });
});

test("a search reads few rows, however many members there are", async () => {
  const more = Array.from({ length: 3000 }, (_, i) => [`did:plc:z${i}`, `many${i}.test`, i, i + 100]);
  await bindings.APPVIEW_DB.batch([
    db
      .prepare(
        `INSERT INTO actor (did, handle, known, slot)
          SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1)`,
      )
      .bind(JSON.stringify(more)),
    db
      .prepare(
        `INSERT INTO actor_search (rowid, handle, name, did)
          SELECT value ->> 3, value ->> 1, '', value ->> 0 FROM json_each(?1)`,
      )
      .bind(JSON.stringify(more)),
  ]);
  for (const q of ["", "m", "many", "many1", "zzz", "?!"]) {
    index.reset();
    await searchActorsTypeahead(anyone, { q, limit: 10 });
    expect([q, index.cost.read <= 600 ? "few" : index.cost.read]).toEqual([q, "few"]);
    expect(index.cost.trips).toBeLessThanOrEqual(2);
  }
});
