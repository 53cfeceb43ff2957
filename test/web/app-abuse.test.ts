/**
 * What a guest can ask of the pages: crafted places, sizes, words and paths. Each is a page or says that there is
 * none; none is large, reads much, or leaves a row behind. And lists whose items are all of one instant.
 */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { countDatabase } from "../../src/appview/counted-database.ts";
import worker from "../../src/worker.ts";
import { ORIGIN, bindings, fetchHost } from "../support/account-host.ts";
import { Person, type Ref } from "../support/appview-host.ts";
import { Visitor } from "../support/visitor.ts";

const MANY = 65;
const AT = new Date(Date.now() - 3_600_000).toISOString();

let ada: Person;
let bea: Person;
let list: Ref;
let root: Ref;
let posts: string[];

const rkeyOf = ({ uri }: Ref) => uri.split("/").at(-1) ?? "";
const own = () => `/profile/${ada.member.handle}`;

/** Writes many records in one commit, all of one instant. */
async function writeMany(who: Person, collection: string, records: object[]): Promise<void> {
  const writes = records.map((value) => ({
    $type: "com.atproto.repo.applyWrites#create",
    collection,
    value: { $type: collection, createdAt: AT, ...value },
  }));
  await who.do("com.atproto.repo.applyWrites", { repo: who.did, writes });
}

beforeAll(async () => {
  [ada, bea] = await Promise.all([Person.join("ada-abuse"), Person.join("bea-abuse")]);
  root = await ada.post("the first of the tied", { createdAt: AT });
  const facets = [
    {
      index: { byteStart: 0, byteEnd: 5 },
      features: [{ $type: "app.bsky.richtext.facet#tag", tag: "tied" }],
    },
  ];
  await writeMany(
    ada,
    "app.bsky.feed.post",
    Array.from({ length: MANY }, (_, n) => ({ text: `#tied number ${n}.`, facets })),
  );
  list = await bea.list("Tied", "curatelist");
  await bea.enlist(list, ada);
  const { feed } = await bea.get("app.bsky.feed.getAuthorFeed", { actor: ada.did, limit: "100" });
  posts = feed.map(({ post }: { post: Ref }) => post.uri).filter((uri: string) => uri !== root.uri);
  expect(posts.length).toBe(MANY);
  const subjects = feed.map(({ post: { uri, cid } }: { post: Ref }) => ({ subject: { uri, cid } }));
  await writeMany(bea, "app.bsky.feed.like", subjects);
  for (const { subject } of subjects) await bea.do("app.bsky.bookmark.createBookmark", subject);
});

/** Every list that has pages. */
const LISTS: Record<string, () => string> = {
  community: () => "/",
  best: () => "/?tab=best",
  profile: own,
  hashtag: () => "/hashtag/tied",
  "best of a hashtag": () => "/hashtag/tied?tab=top",
  search: () => "/search?q=tied&tab=latest",
  "best found": () => "/search?q=tied&tab=top",
  people: () => "/search?q=abuse&tab=people",
  list: () => `/profile/${bea.member.handle}/lists/${rkeyOf(list)}`,
  "people of a list": () => `/profile/${bea.member.handle}/lists/${rkeyOf(list)}?tab=people`,
  followers: () => `${own()}/followers`,
  follows: () => `${own()}/follows`,
  feeds: () => `${own()}/feeds`,
  lists: () => `/profile/${bea.member.handle}/lists`,
  packs: () => `${own()}/starter-packs`,
  thread: () => `${own()}/post/${rkeyOf(root)}`,
};

describe("items of one instant are there once each, page by page", () => {
  /** Numbers of the posts that the pages show, from one page to the next. */
  async function read(visitor: Visitor, path: string, of: RegExp): Promise<string[]> {
    const seen: string[] = [];
    let next: string | undefined = path;
    for (let page = 0; next !== undefined && page < 9; page++) {
      const { html } = await visitor.get(next, { "cache-control": "no-cache" });
      seen.push(...[...html.slice(html.indexOf("<main")).matchAll(of)].map(([, n]) => n ?? ""));
      next = /rel="next" href="([^"]*)"/.exec(html)?.[1]?.replaceAll("&amp;", "&");
    }
    return seen;
  }
  const NUMBER = /number (\d+)\./g;

  test.each(["community", "best", "profile", "hashtag", "best of a hashtag", "search", "best found", "list"])(
    "%s",
    async (name) => {
      const seen = await read(new Visitor(), LISTS[name]?.() ?? "", NUMBER);
      expect(new Set(seen).size).toBe(MANY);
      expect(seen.length).toBe(MANY);
    },
  );

  test("bookmarks and notifications of a member", async () => {
    const [keeper, author] = [new Visitor(), new Visitor()];
    await keeper.signIn(bea.member.handle, bea.member.password);
    await author.signIn(ada.member.handle, ada.member.password);
    const kept = await read(keeper, "/saved", NUMBER);
    expect([kept.length, new Set(kept).size]).toEqual([MANY, MANY]);
    const liked = await read(author, "/notifications", NUMBER);
    expect([liked.length, new Set(liked).size]).toEqual([MANY, MANY]);
  });
});

/**
 * What the databases were asked, of one visit by a guest. One request in a hundred is noted in the only row of
 * the host's own meter.
 */
async function visit(path: string, headers: Record<string, string> = {}) {
  const [index, directory] = [countDatabase(bindings.APPVIEW_DB), countDatabase(bindings.DIRECTORY)];
  const context = createExecutionContext();
  const request = new Request(new URL(path, ORIGIN), {
    headers: { accept: "text/html", "cache-control": "no-cache", ...headers },
  });
  const response = await worker.fetch(
    request,
    { ...bindings, APPVIEW_DB: index.db, DIRECTORY: directory.db },
    context,
  );
  const bytes = (await response.arrayBuffer()).byteLength;
  await waitOnExecutionContext(context);
  return {
    status: response.status,
    bytes,
    read: index.cost.read + directory.cost.read,
    written: index.cost.written + directory.cost.written,
  };
}

const CURSORS = [
  "0",
  "-1",
  "999999999",
  "99999999999999999999",
  "1e9",
  "NaN",
  "9999999999999999__9999999",
  "-9999999999999999__0",
  "0__0",
  "::",
  "9007199254740993::z",
  "9999999999999::at://x",
  "'; DROP TABLE post; --",
  "\u0000",
  "..",
  "x".repeat(4_000),
  "2026-01-01T00:00:00Z",
  "3zzzzzzzzzzzz",
  "\ud800",
];

/** Rows that a page of a small community may read, and bytes of a page. */
const MOST = { read: 5_000, bytes: 400_000 };

describe("a guest with crafted", () => {
  test.each(Object.keys(LISTS))("cursors gets a page of %s, or none", async (name) => {
    const path = LISTS[name]?.() ?? "";
    for (const cursor of CURSORS) {
      const asked = `${path}${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor.toWellFormed())}`;
      const { status, bytes, read, written } = await visit(asked);
      expect([cursor, status === 200 || status === 404]).toEqual([cursor, true]);
      expect([cursor, bytes < MOST.bytes, read < MOST.read, written <= 1]).toEqual([
        cursor,
        true,
        true,
        true,
      ]);
    }
  });

  test.each([
    ["sizes", () => `${own()}?limit=100000&per_page=100000&page=9999`],
    ["many parameters", () => `/?${Array.from({ length: 500 }, (_, n) => `tab=${n}&q=${n}`).join("&")}`],
    ["words", () => `/search?q=${"word%20".repeat(400)}`],
    ["prefixes", () => `/search?q=${encodeURIComponent("a* b* c* d* e* f* g* h* i* j*")}`],
    ["quotes and operators", () => `/search?q=${encodeURIComponent('"a OR (b NEAR/9 c" AND -d: ^*')}`],
    ["authors", () => `/search?q=${encodeURIComponent("from:a.test ".repeat(60))}`],
    ["dates", () => "/search?q=since:0000-00-00%20until:9999-99-99"],
    ["signs", () => "/search?q=%F0%9F%9A%A3%E2%80%8D%00%EF%BF%BE"],
    ["a tag", () => `/hashtag/${"t".repeat(4_000)}`],
    ["a tag of dots", () => "/hashtag/%2E%2E%2F%2E%2E"],
    ["a name", () => `/profile/${"n".repeat(4_000)}.test`],
    ["a key", () => `${own()}/post/${"k".repeat(4_000)}`],
    ["depths", () => `/${"x/".repeat(2_000)}`],
    ["a tab", () => `${own()}?tab=com.atproto.repo.strongRef`],
  ])("%s gets a page, or none", async (_, path) => {
    const { status, bytes, read, written } = await visit(path());
    expect(status === 200 || status === 404).toBe(true);
    expect([bytes < MOST.bytes, read < MOST.read, written <= 1]).toEqual([true, true, true]);
  });

  test("languages gets one that there is", async () => {
    const { status, bytes } = await visit("/", { "accept-language": "x-y;q=0.1,".repeat(3_000) });
    expect([status, bytes < MOST.bytes]).toEqual([200, true]);
  });

  test("forms without a session changes nothing", async () => {
    for (const path of ["/", own(), "/search", "/hashtag/tied", "/rss", "/app/act", "/nowhere"]) {
      const answer = await fetchHost(path, {
        method: "POST",
        redirect: "manual",
        headers: { "content-type": "application/x-www-form-urlencoded", accept: "text/html" },
        body: "do=delete",
      });
      await answer.text();
      expect([path, answer.status < 500 && answer.status !== 200]).toEqual([path, true]);
    }
  });
});

test("two hundred paths at which nothing is leave no row, and read a few", async () => {
  let [read, written] = [0, 0];
  for (let n = 0; n < 200; n++) {
    const kinds = [
      `/profile/nobody-${n}.test`,
      `/profile/did:plc:${String(n)
        .padStart(24, "a")
        .replaceAll(/[0189]/g, "b")}`,
      `${own()}/post/3k2aaaaaaa${String(n)
        .padStart(3, "a")
        .replaceAll(/[0189]/g, "b")}`,
      `/hashtag/nothing${n}`,
      `/starter-pack/${ada.member.handle}/x${n}`,
      `/nowhere/${n}`,
    ];
    const seen = await visit(kinds[n % kinds.length] ?? "");
    expect(seen.status === 200 || seen.status === 404).toBe(true);
    read += seen.read;
    written += seen.written;
  }
  expect(written).toBeLessThanOrEqual(3);
  expect(read / 200).toBeLessThan(60);
});
