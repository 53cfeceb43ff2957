/** queryLabels: what it finds, each label once, and how many rows that takes. */
import { drizzle } from "drizzle-orm/d1";
import { beforeAll, describe, expect, test } from "vitest";
import { countDatabase } from "../../src/appview/counted-database.ts";
import { ModerationLabels } from "../../src/moderation/labels.ts";
import { HOST_DID, bindings, xrpc } from "../support/account-host.ts";
import { refusalOf } from "../support/bindings.ts";

const NOW = Date.parse("2026-11-30T12:00:00.000Z");
const labels = new ModerationLabels(bindings.DIRECTORY, () => NOW);
const PEOPLE = 30;
const POSTS = 40;

const uriOf = (person: number, post: number) =>
  `at://did:plc:p${100 + person}/app.bsky.feed.post/${100 + post}`;

const label = (uri: string, more: object = {}) => ({
  src: HOST_DID,
  uri,
  val: "spoiler",
  cts: "2026-11-29T00:00:00.000Z",
  sig: new Uint8Array([1]),
  ...more,
});

/** In one transaction, as they are issued. */
async function add(issued: ReturnType<typeof label>[]): Promise<void> {
  const [first, ...others] = labels.adding(issued);
  if (first !== undefined) await drizzle(bindings.DIRECTORY).batch([first, ...others]);
}

/** Every URI whose label is in force, sorted. */
let inForce: string[];

beforeAll(async () => {
  const all = Array.from({ length: PEOPLE * POSTS }, (_, i) => uriOf(i % PEOPLE, Math.floor(i / PEOPLE)));
  for (let i = 0; i < all.length; i += 100) await add(all.slice(i, i + 100).map((uri) => label(uri)));
  // Of every person: the first three taken back, the fourth over, the fifth given again.
  const gone = new Set<string>();
  for (let person = 0; person < PEOPLE; person++) {
    const [a, b, c, over, again] = [0, 1, 2, 3, 4].map((post) => uriOf(person, post)) as [
      string,
      string,
      string,
      string,
      string,
    ];
    await add([a, b, c].map((uri) => label(uri, { neg: true })));
    await add([label(over, { exp: "2026-11-29T11:59:59.000Z" }), label(again)]);
    for (const uri of [a, b, c, over]) gone.add(uri);
  }
  inForce = all.filter((uri) => !gone.has(uri)).toSorted();
});

async function walk(patterns: string[], limit: number, sources = [HOST_DID]): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await labels.query({ patterns, sources, limit, cursor });
    expect(page.labels.length).toBeLessThanOrEqual(limit);
    found.push(...page.labels.map(({ uri }) => uri));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

describe("a walk", () => {
  test.each([1, 2, 7, 50, 250])("by pages of %i finds each label once", async (limit) => {
    const some = limit < 7 ? ["at://did:plc:p100/*"] : ["*"];
    const expected = limit < 7 ? inForce.filter((uri) => uri.startsWith("at://did:plc:p100/")) : inForce;
    expect(await walk(some, limit)).toEqual(expected);
  });

  test("of patterns that overlap finds each label once", async () => {
    const patterns = ["at://did:plc:p101/*", uriOf(1, 9), "at://did:plc:p10*", uriOf(1, 9), uriOf(20, 9)];
    const expected = inForce.filter((uri) => uri.startsWith("at://did:plc:p10") || uri === uriOf(20, 9));
    expect(await walk(patterns, 7)).toEqual(expected);
  });

  test("of 400 URIs finds all of them", async () => {
    const patterns = inForce.filter((_, i) => i % 2 === 0).slice(0, 400);
    expect(await walk(patterns, 250)).toEqual(patterns);
  });

  test("of another source finds nothing, and ends", async () => {
    expect(await walk(["*"], 50, ["did:plc:another"])).toEqual([]);
  });

  test("of what no URI is finds nothing", async () => {
    expect(
      await walk(["at://did:plc:p1", "", "ü*", "at://did:plc:p100/app.bsky.feed.post/100/x"], 50),
    ).toEqual([]);
  });
});

describe("the rows that a page takes", () => {
  const cost = async (patterns: string[], cursor?: string) => {
    const counted = countDatabase(bindings.DIRECTORY);
    await new ModerationLabels(counted.db, () => NOW).query({
      patterns,
      sources: [HOST_DID],
      limit: 50,
      cursor,
    });
    return counted.cost.read;
  };

  test("are few, whatever is asked for", async () => {
    expect(await cost(["*"])).toBeLessThan(1200);
    expect(await cost(["at://*"])).toBeLessThan(1200);
    expect(await cost(["zzz*", "nobody"])).toBeLessThan(10);
    expect(await cost([uriOf(5, 20)])).toBeLessThan(10);
    expect(await cost(Array.from({ length: 400 }, (_, i) => `nobody${i}`))).toBeLessThan(1000);
  });
});

describe("over HTTP", () => {
  const ask = (uriPatterns: string[], more: Record<string, string> = {}) =>
    xrpc("com.atproto.label.queryLabels", { params: { uriPatterns, sources: HOST_DID, ...more } });

  test("two hundred patterns are no fault of ours", async () => {
    const { status, body } = await ask(Array.from({ length: 200 }, (_, i) => uriOf(3, i)));
    expect([status, (body.labels as object[]).length]).toEqual([200, 36]);
  });

  test("a star in the middle, and a cursor that is none, are refused by name", async () => {
    expect((await ask(["at://*/x"])).body).toEqual({
      error: "InvalidRequest",
      message: "invalid pattern: at://*/x",
    });
    for (const cursor of ["abc", "-1", "999999999", "1.5"]) {
      expect((await ask(["*"], { cursor })).body).toEqual({
        error: "InvalidRequest",
        message: "Malformed cursor",
      });
    }
    expect((await refusalOf(labels.query({ patterns: ["a*b"], sources: [], limit: 1 }))).error).toBe(
      "InvalidRequest",
    );
  });
});
