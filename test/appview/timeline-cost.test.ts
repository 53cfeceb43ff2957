/** A timeline's cost in a larger community, in rows and trips. SQL inserts the rows; triggers run. */
import { beforeAll, expect, test } from "vitest";
import type { Did } from "@atcute/lexicons";
import { getTimeline } from "../../src/appview/reads/methods/feed/get-timeline.ts";
import { AppViewReads } from "../../src/appview/reads/view-context.ts";
import { bindings, counting, HOST } from "../support/community.ts";

const MEMBERS = 1200;
const POSTS = 12_000;
const HEAVY = 1000;
const index = counting(bindings.APPVIEW_DB);
const { db } = index;
const reads = new AppViewReads({ APPVIEW_DB: db, DIRECTORY: bindings.DIRECTORY }, HOST);
const START = Date.UTC(2026, 0, 1);
const did = (n: number) => `did:plc:m${String(n).padStart(23, "0")}` as Did;
/** A few members write most of the posts: the square of a uniform distribution, from a fixed seed. */
let seed = 7;
const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
const author = () => Math.floor(random() ** 2 * (MEMBERS - 4));
/** The feed items of every author, newest first, as a simple program would compute them. */
const expected: { actor: Did; uri: string; sort: number }[] = [];

async function insert(sql: string, rows: unknown[][]): Promise<void> {
  for (let from = 0; from < rows.length; from += 1000) {
    await db
      .prepare(sql)
      .bind(JSON.stringify(rows.slice(from, from + 1000)))
      .run();
  }
}

beforeAll(async () => {
  await insert(
    "INSERT INTO actor (did, handle, known) SELECT value ->> 0, value ->> 1, 1 FROM json_each(?1)",
    Array.from({ length: MEMBERS }, (_, n) => [did(n), `m${n}.test`]),
  );
  const posts = Array.from({ length: POSTS }, (_, n) => {
    const actor = did(author());
    const uri = `at://${actor}/app.bsky.feed.post/3k${String(n).padStart(11, "0")}`;
    const sort = START + n * 1000;
    expected.push({ actor, uri, sort });
    const record = {
      $type: "app.bsky.feed.post",
      text: `post ${n}`,
      createdAt: new Date(sort).toISOString(),
    };
    return [uri, actor, `c${n}`, JSON.stringify(record), sort];
  });
  await insert(
    `INSERT INTO post (uri, author, cid, record, sort, indexed, flags, tie)
      SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 4, 0, 1 FROM json_each(?1)`,
    posts,
  );
  await insert(
    `INSERT INTO post_search (rowid, text, terms, uri)
      SELECT (value ->> 4) * 2097152 + 1, '', '', value ->> 0 FROM json_each(?1)`,
    posts,
  );
  const reposts = posts
    .filter((_, n) => n % 40 === 7)
    .map(([uri, , , , sort], n) => {
      const actor = did(author());
      const at = Number(sort) + 500;
      expected.push({ actor, uri: String(uri), sort: at });
      return [uri, actor, `r${n}`, at];
    });
  await insert(
    `INSERT INTO repost (subject, actor, rkey, cid, sort, indexed, subject_cid, created)
      SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 2, value ->> 3, value ->> 3, '', '' FROM json_each(?1)`,
    reposts,
  );
  const follow = (from: number, to: number) => [did(from), did(to), `${from}-${to}`];
  const mean = new Set<number>();
  while (mean.size < 100) mean.add(Math.floor(random() * MEMBERS));
  const heavy = Array.from({ length: HEAVY }, (_, n) => follow(MEMBERS - 2, n));
  // This member follows hundreds who have never posted, and three who have.
  const silent = Array.from({ length: 700 }, (_, n) => [did(MEMBERS - 4), `did:plc:s${n}`, `s${n}`]);
  const few = [3, 700, 900].map((n) => follow(MEMBERS - 3, n));
  await insert(
    `INSERT INTO follow (actor, subject, rkey, cid, sort, indexed, created)
      SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 2, 1, 1, '' FROM json_each(?1)`,
    [
      ...[...mean].map((n) => follow(MEMBERS - 1, n)),
      ...heavy,
      ...few,
      ...silent,
      ...[5, 500, 800].map((n) => follow(MEMBERS - 4, n)),
    ],
  );
});

async function page(viewer: number, limit: number, cursor?: string) {
  index.reset();
  const { feed, cursor: next } = await getTimeline(reads.on(did(viewer)), { limit, cursor });
  return { uris: feed.map(({ post }) => post.uri as string), next };
}

/** The answer of a program without an index. */
async function truth(viewer: number, from: number, limit: number): Promise<string[]> {
  const { results } = await bindings.APPVIEW_DB.prepare("SELECT subject FROM follow WHERE actor = ?1")
    .bind(did(viewer))
    .all<{ subject: Did }>();
  const followed = new Set(results.map(({ subject }) => subject));
  return expected
    .filter(({ actor }) => followed.has(actor))
    .toSorted((a, b) => b.sort - a.sort)
    .slice(from, from + limit)
    .map(({ uri }) => uri);
}

test("the timeline of one who follows 100 is right, and reads at most 3,000 rows in three trips", async () => {
  const first = await page(MEMBERS - 1, 50);
  expect(first.uris).toEqual(await truth(MEMBERS - 1, 0, 50));
  expect(index.cost.trips).toBe(3);
  expect(index.cost.read).toBeLessThanOrEqual(3000);
  const second = await page(MEMBERS - 1, 50, first.next);
  expect(second.uris).toEqual(await truth(MEMBERS - 1, 50, 50));
  expect(index.cost.read).toBeLessThanOrEqual(3000);
});

test("who follows a thousand is shown what was said of late, at no more than that costs", async () => {
  const first = await page(MEMBERS - 2, 50);
  expect(first.uris).toEqual(await truth(MEMBERS - 2, 0, 50));
  expect(index.cost.trips).toBe(3);
  expect(index.cost.read).toBeLessThanOrEqual(3500);
  const second = await page(MEMBERS - 2, 50, first.next);
  expect(second.uris).toEqual(await truth(MEMBERS - 2, 50, 50));
});

test("who follows hundreds that are silent pages through all there is, so much at a time", async () => {
  const whole: string[] = [];
  let cursor: string | undefined;
  do {
    const one = await page(MEMBERS - 4, 50, cursor);
    expect(index.cost.read).toBeLessThanOrEqual(10 * 2 * 2 * 1500 + 3000);
    whole.push(...one.uris);
    cursor = one.next;
  } while (cursor !== undefined);
  expect(whole).toEqual(await truth(MEMBERS - 4, 0, POSTS));
  expect(whole.length).toBeGreaterThan(20);
});

test("one who follows three gets as long a timeline as they fill", async () => {
  const whole: string[] = [];
  let cursor: string | undefined;
  do {
    const one = await page(MEMBERS - 3, 20, cursor);
    whole.push(...one.uris);
    cursor = one.next;
  } while (cursor !== undefined);
  expect(whole).toEqual(await truth(MEMBERS - 3, 0, POSTS));
  expect(whole.length).toBeGreaterThan(20);
});
