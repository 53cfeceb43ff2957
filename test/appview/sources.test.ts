/** Events of two sources: the host's own, and those of other hosts, which say nothing of members or names. */
import { beforeEach, expect, test } from "vitest";
import { ingest, readCursor } from "../../src/appview/index/ingest.ts";
import { continueRebuild, startRebuild } from "../../src/appview/index/rebuild.ts";
import type { EventSource } from "../../src/protocol/stations.ts";
import { Community, bindings, noActs } from "../support/community.ts";
import { wipeIndex } from "../support/wipe-index.ts";

const db = bindings.APPVIEW_DB;
let town: Community;
/** Events taken from the community's queue that another host tells. */
let told = 0;

beforeEach(async () => {
  town = new Community();
  told = 0;
  await wipeIndex(db);
  await db.batch(
    ["DELETE FROM actor", "DELETE FROM rebuild", "DELETE FROM poison", "UPDATE cursor SET seq = 0"].map(
      (sql) => db.prepare(sql),
    ),
  );
});

const context = (source: EventSource) => ({ db, source, account: town.account, now: () => 0 });

/** Sends what is queued as the neighbours' events, whose numbers are their own. */
async function hear(): Promise<void> {
  const events = town.queue.splice(0).map(({ frame }) => ({ seq: ++told, frame }));
  for (let at = { passed: await readCursor(db, "neighbours"), stored: 0 }; at.passed < told;) {
    at = { ...at, stored: await readCursor(db, "neighbours") };
    at = await ingest(
      context("neighbours"),
      at,
      events.filter(({ seq }) => seq > at.passed),
    );
  }
  const stored = await readCursor(db, "neighbours");
  await ingest(context("neighbours"), { passed: told, stored }, []);
}

/** Makes an account one that was looked up. */
const settle = (name: string, handle = `${name}.south.example`) =>
  db
    .prepare(
      `INSERT INTO actor (did, handle, known, home, checked) VALUES (?1, ?2, 5, 'south.example', 7)
        ON CONFLICT (did) DO UPDATE SET handle = ?2, known = 5, home = 'south.example', checked = 7`,
    )
    .bind(town.did(name), handle)
    .run();

const actor = async (name: string) =>
  await db
    .prepare("SELECT handle, known, home, checked, status, posts, followers FROM actor WHERE did = ?1")
    .bind(town.did(name))
    .first();

const count = async (table: string) =>
  await db.prepare(`SELECT count(*) AS n FROM "${table}"`).first<number>("n");

test("each source has a cursor of its own, and its events are applied once", async () => {
  town.join("ann");
  await town.index();
  await settle("bob");
  town.dids.set("bob", town.did("bob"));
  town.post("bob", "from the south");
  const [event] = town.queue;
  await hear();
  expect([await readCursor(db, "host"), await readCursor(db, "neighbours")]).toEqual([2, 1]);
  const again = await ingest(context("neighbours"), { passed: 0, stored: 0 }, [
    { seq: 1, frame: event?.frame ?? new Uint8Array() },
  ]);
  expect(again).toEqual({ passed: 1, stored: 1 });
  expect(await actor("bob")).toMatchObject({ posts: 1 });
  town.cursor = town.stored = 2;
  town.seq = 2;
  town.post("ann", "from here");
  await town.index();
  expect([await readCursor(db, "host"), await readCursor(db, "neighbours")]).toEqual([3, 1]);
});

test("nobody speaks for a member but this host", async () => {
  town.join("ann");
  const post = town.post("ann", "mine");
  await town.index();
  const before = await actor("ann");
  town.post("ann", "not mine");
  town.remove(post);
  town.handle("ann", "mallory.example");
  town.status("ann", "takendown");
  town.status("ann", "deleted");
  town.sync("ann");
  await hear();
  expect(await actor("ann")).toEqual(before);
  expect(await db.prepare("SELECT uri FROM post").all()).toMatchObject({ results: [{ uri: post.uri }] });
  expect(await readCursor(db, "neighbours")).toBe(told);
});

test("a name in an outsider's event is not believed: it takes none from anybody, and asks for a look", async () => {
  town.join("ann");
  await town.index();
  await settle("bob");
  for (const name of ["ann.test", "free.atoll.test", "bob2.south.example"]) town.handle("bob", name);
  await hear();
  expect(await actor("ann")).toMatchObject({ handle: "ann.test", home: null });
  expect(await actor("bob")).toMatchObject({ handle: "bob.south.example", checked: 0 });
});

test("an event about an account that is not shown makes none", async () => {
  town.handle("stranger", "stranger.example");
  town.status("stranger", "suspended");
  await hear();
  expect(await actor("stranger")).toBeNull();
});

test("a home's word about its own account is followed, and reversed by it", async () => {
  await settle("bob");
  town.status("bob", "takendown");
  await hear();
  expect(await actor("bob")).toMatchObject({ status: "takendown", home: "south.example" });
  town.status("bob", "active");
  await hear();
  expect(await actor("bob")).toMatchObject({ status: null, known: 5 });
  town.dids.set("bob", town.did("bob"));
  town.post("bob", "gone soon");
  town.status("bob", "deleted");
  await hear();
  expect(await actor("bob")).toMatchObject({ handle: null, known: null, home: null, checked: null });
  expect(await count("post")).toBe(0);
});

test("whoever moves here lives here, and whoever moves away is told apart", async () => {
  await settle("bob");
  town.join("bob");
  await town.index();
  expect(await actor("bob")).toMatchObject({ handle: "bob.test", home: null, checked: null });
});

test("a follow, a like and a mention of an outsider who is shown write no notification", async () => {
  town.join("ann", "cleo");
  await town.index();
  await settle("bob");
  town.dids.set("bob", town.did("bob"));
  const post = town.post("bob", "hello");
  await hear();
  town.seq = town.cursor;
  town.follow("ann", "bob");
  town.like("ann", post);
  town.reply("ann", "hi", post);
  town.post("ann", "@bob", town.mention("bob"));
  town.follow("ann", "cleo");
  await town.index();
  const { results } = await db.prepare("SELECT did, reason FROM notification").all();
  expect(results).toEqual([{ did: town.did("cleo"), reason: "follow" }]);
  expect(await actor("bob")).toMatchObject({ followers: 1 });
});

test("a reply from elsewhere tells the member as a member's does", async () => {
  town.join("ann");
  const post = town.post("ann", "hello");
  await town.index();
  town.dids.set("bob", town.did("bob"));
  town.reply("bob", "hi from the south", post);
  await hear();
  expect((await db.prepare("SELECT did, reason, author FROM notification").all()).results).toEqual([
    { did: town.did("ann"), reason: "reply", author: town.did("bob") },
  ]);
});

test("a poisoned event stands aside for its source, beside the same number of the other", async () => {
  const broken = { seq: 1, frame: new Uint8Array([1, 2, 3]) };
  for (const source of ["host", "neighbours"] as const) {
    expect(await ingest(context(source), { passed: 0, stored: 0 }, [broken])).toEqual({
      passed: 1,
      stored: 1,
    });
  }
  expect((await db.prepare("SELECT source, seq FROM poison ORDER BY source").all()).results).toEqual([
    { source: 1, seq: 1 },
    { source: 2, seq: 1 },
  ]);
});

test("a rebuild asks no repo of an account elsewhere, keeps what it has, and derives it anew", async () => {
  town.join("ann");
  await town.index();
  await settle("bob");
  town.dids.set("bob", town.did("bob"));
  const post = town.post("bob", "Straße des Südens");
  const reply = town.reply("bob", "and on", post);
  await hear();
  town.seq = town.cursor;
  town.like("ann", post);
  await town.index();
  const rows = async () => ({
    posts: (
      await db.prepare("SELECT uri, cid, sort, indexed, likes, replies, flags FROM post ORDER BY uri").all()
    ).results,
    bob: await actor("bob"),
    found: (await db.prepare("SELECT uri FROM post_search WHERE post_search MATCH 'strasse'").all()).results,
    names: (await db.prepare("SELECT did FROM actor_search ORDER BY did").all()).results,
  });
  const before = await rows();
  expect(before.posts.map(({ uri }) => uri)).toEqual([post.uri, reply.uri]);
  await db.batch([db.prepare("DELETE FROM post_search"), db.prepare("DELETE FROM actor_search")]);
  const asked: string[] = [];
  await startRebuild(db, 1);
  await continueRebuild(
    {
      db,
      now: () => 1,
      account: (did) => {
        asked.push(did);
        return town.account(did);
      },
      host: {
        acts: noActs,
        bookmarks: noActs,
        members: (after) =>
          Promise.resolve(
            after < town.did("ann")
              ? [{ did: town.did("ann"), handle: "ann.test", status: "active" as const }]
              : [],
          ),
      },
    },
    2,
  );
  expect(asked).not.toContain(town.did("bob"));
  expect(await rows()).toEqual({ ...before, names: expect.arrayContaining([{ did: town.did("bob") }]) });
});
