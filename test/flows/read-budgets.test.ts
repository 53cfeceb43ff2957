/**
 * Every read that asks for no credentials, on a host with thousands of everything: none reads more rows than a
 * fixed number, however much there is. Rows are those of all databases (`atoll-cost`).
 */
import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { SEQUENCER_NAME } from "../../src/protocol/stations.ts";
import { countDatabase } from "../../src/appview/counted-database.ts";
import { searchTerm } from "../../src/appview/search-terms.ts";
import { methods } from "../../src/xrpc/methods.ts";
import type { Member } from "../support/account-host.ts";
import { HOST_DID, bindings, fetchHost, join, xrpc } from "../support/account-host.ts";

/** The number of people, posts, likes and everything else. */
const MANY = 6000;
const POST = "app.bsky.feed.post";
const NOWHERE = "bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";

const TAGGED = [
  {
    index: { byteStart: 0, byteEnd: 4 },
    features: [{ $type: "app.bsky.richtext.facet#tag", tag: "tag" }],
  },
];

let ann: Member;

const did = (n: number) => `did:plc:m${String(n).padStart(23, "0")}`;
const rkey = (n: number) => `3k${String(n).padStart(11, "0")}`;
const uri = (by: string, collection: string, key: string) => `at://${by}/${collection}/${key}`;
/** Ann's post, list, feed and starter pack that thousands of records are about. */
const famous = (collection: string) => uri(ann.did, collection, rkey(0));
/** When all of it was written: within the last hours. */
let start: number;
const sortOf = (n: number) => start + n * 1000;

/** Inserts `MANY` rows, each an object of columns. Triggers run. */
async function fill(
  database: D1Database,
  table: string,
  row: (n: number) => Record<string, string | number | null>,
): Promise<void> {
  const columns = Object.keys(row(0));
  const values = columns.map((column) => `value ->> '${column}'`);
  for (let from = 0; from < MANY; from += 500) {
    const rows = Array.from({ length: 500 }, (_, i) => row(from + i));
    await database
      .prepare(
        `INSERT OR IGNORE INTO ${table} (${columns.join(", ")}) SELECT ${values.join(", ")} FROM json_each(?1)`,
      )
      .bind(JSON.stringify(rows))
      .run();
  }
}

const inIndex = (table: string, row: Parameters<typeof fill>[2]) => fill(bindings.APPVIEW_DB, table, row);

async function fillIndex(): Promise<void> {
  const createdAt = new Date(start).toISOString();
  const record = (collection: string, more: object) =>
    JSON.stringify({ $type: collection, createdAt, ...more });
  const dated = (n: number) => ({ sort: sortOf(n), indexed: sortOf(n) });
  await inIndex("actor", (n) => ({
    did: did(n),
    handle: `person${n}.test`,
    known: sortOf(n),
    profile: record("app.bsky.actor.profile", { displayName: `Person ${n}` }),
    name: `person ${n}`,
    slot: n + 1000,
  }));
  await inIndex("actor_search", (n) => ({
    rowid: n + 1000,
    handle: `person${n}.test`,
    name: `person ${n}`,
    did: did(n),
  }));
  const reply = { reply: { root: { uri: famous(POST), cid: "c" }, parent: { uri: famous(POST), cid: "c" } } };
  const quote = { embed: { $type: "app.bsky.embed.record", record: { uri: famous(POST), cid: "c" } } };
  // Ann's own; replies to her first post; quotes of it.
  const kinds = [
    { by: () => ann.did, key: 0, more: {}, columns: { flags: 0 } },
    { by: did, key: 1, more: reply, columns: { flags: 1, parent: famous(POST), root: famous(POST) } },
    { by: did, key: 2, more: quote, columns: { flags: 0, embed: famous(POST), quoted: famous(POST) } },
  ];
  for (const { by, key, more, columns } of kinds) {
    const at = (n: number) => n + key * MANY;
    await inIndex("post", (n) => ({
      uri: uri(by(n), POST, rkey(at(n))),
      author: by(n),
      cid: `c${at(n)}`,
      record: record(POST, { text: `#tag garden ${n}`, facets: TAGGED, ...more }),
      ...dated(at(n)),
      ...columns,
      tie: 1,
    }));
    await inIndex("post_search", (n) => ({
      rowid: sortOf(at(n)) * 2_097_152 + 1,
      text: `garden ${n} tag`,
      terms: `xpost ${searchTerm("tag", "tag")}${columns.flags === 1 ? " xreply" : ""}`,
      uri: uri(by(n), POST, rkey(at(n))),
    }));
  }
  const about = { created: createdAt };
  const act = (n: number) => ({ actor: did(n), rkey: rkey(n), cid: `c${n}`, ...dated(n) });
  await inIndex(`"like"`, (n) => ({ ...act(n), ...about, subject: famous(POST), subject_cid: "c" }));
  await inIndex(`"like"`, (n) => ({
    ...act(n),
    ...about,
    subject: famous("app.bsky.feed.generator"),
    subject_cid: "c",
  }));
  await inIndex("repost", (n) => ({ ...act(n), ...about, subject: famous(POST), subject_cid: "c" }));
  await inIndex("follow", (n) => ({ ...act(n), ...about, subject: ann.did }));
  await inIndex("follow", (n) => ({
    ...act(n),
    ...about,
    actor: ann.did,
    subject: did(n),
    rkey: rkey(n + MANY),
  }));
  const collections = {
    "app.bsky.feed.generator": { did: "did:web:feeds.example", displayName: "Feed" },
    "app.bsky.graph.list": { name: "List", purpose: "app.bsky.graph.defs#curatelist" },
    "app.bsky.graph.starterpack": { name: "Pack", list: famous("app.bsky.graph.list") },
    "app.bsky.labeler.service": { policies: { labelValues: [] } },
  };
  for (const [collection, more] of Object.entries(collections)) {
    const isOnes = collection === "app.bsky.labeler.service";
    await inIndex("record", (n) => ({
      uri: isOnes ? uri(did(n), collection, "self") : uri(ann.did, collection, rkey(n)),
      did: isOnes ? did(n) : ann.did,
      collection,
      cid: `c${n}`,
      record: record(collection, more),
      ...dated(n),
      name: "name of it",
    }));
  }
  await inIndex("list_item", (n) => ({
    list: famous("app.bsky.graph.list"),
    subject: did(n),
    rkey: rkey(n),
    cid: `c${n}`,
    ...dated(n),
    record: record("app.bsky.graph.listitem", { subject: did(n), list: famous("app.bsky.graph.list") }),
  }));
}

beforeAll(async () => {
  start = Date.now() - 3 * MANY * 1000;
  ann = await join();
  // A repo of its own, with thousands of records.
  for (let batch = 0; batch < 16; batch++) {
    const writes = Array.from({ length: 200 }, (_, n) => ({
      $type: "com.atproto.repo.applyWrites#create",
      collection: "com.example.thing",
      value: { $type: "com.example.thing", text: `thing ${batch * 200 + n}` },
    }));
    const { status } = await xrpc("com.atproto.repo.applyWrites", {
      auth: ann.auth,
      input: { repo: ann.did, writes },
    });
    expect(status).toBe(200);
  }
  await fill(bindings.DIRECTORY, "account", (n) => ({
    did: did(n),
    handle: `person${n}.test`,
    state: "active",
    created_at: new Date(sortOf(n)).toISOString(),
  }));
  await fill(bindings.DIRECTORY, "label", (n) => ({
    src: HOST_DID,
    uri: uri(did(n), POST, rkey(n)),
    val: "spoiler",
    neg: n % 2,
    cts: new Date(start).toISOString(),
    sig: "AA==",
  }));
  await runInDurableObject(
    bindings.SEQUENCER.getByName(SEQUENCER_NAME) as never as DurableObjectStub,
    (_, { storage }) => {
      for (let n = 0; n < MANY; n++) {
        storage.sql.exec(
          "INSERT INTO repo (did, position, rev, head, status, since) VALUES (?, 1, 'r', 'h', 'active', ?)",
          did(n),
          sortOf(n),
        );
      }
    },
  );
  await fillIndex();
}, 120_000);

type Params = Record<string, string | string[]>;

/** Methods that are asked for what is not there. */
const NOT_THERE = new Set([
  "app.bsky.feed.getActorLikes",
  "app.bsky.feed.getFeed",
  "app.bsky.feed.getFeedGenerator",
  "com.atproto.repo.getRecord",
  "com.atproto.sync.getBlob",
  "com.atproto.sync.getBlocks",
]);

/** What each method is asked: as much as it gives, of what there is most of. */
const READS: Record<string, () => Params> = {
  "app.bsky.actor.getProfile": () => ({ actor: ann.did }),
  "app.bsky.actor.getProfiles": () => ({ actors: Array.from({ length: 25 }, (_, n) => did(n)) }),
  "app.bsky.actor.getSuggestions": () => ({ limit: "100" }),
  "app.bsky.actor.searchActors": () => ({ q: "person", limit: "100" }),
  "app.bsky.actor.searchActorsTypeahead": () => ({ q: "pers", limit: "100" }),
  "app.bsky.ageassurance.getConfig": () => ({}),
  "app.bsky.embed.getEmbedExternalView": () => ({ url: "https://example.com", uris: famous(POST) }),
  "app.bsky.feed.describeFeedGenerator": () => ({}),
  "app.bsky.feed.getFeedSkeleton": () => ({
    feed: uri(HOST_DID, "app.bsky.feed.generator", "best-of-the-week"),
    limit: "100",
  }),
  "app.bsky.feed.getActorFeeds": () => ({ actor: ann.did, limit: "100" }),
  "app.bsky.feed.getActorLikes": () => ({ actor: ann.did, limit: "100" }),
  "app.bsky.feed.getAuthorFeed": () => ({ actor: ann.did, limit: "100" }),
  "app.bsky.feed.getFeed": () => ({ feed: famous("app.bsky.feed.generator"), limit: "100" }),
  "app.bsky.feed.getFeedGenerator": () => ({ feed: famous("app.bsky.feed.generator") }),
  "app.bsky.feed.getFeedGenerators": () => ({ feeds: famous("app.bsky.feed.generator") }),
  "app.bsky.feed.getLikes": () => ({ uri: famous(POST), limit: "100" }),
  "app.bsky.feed.getListFeed": () => ({ list: famous("app.bsky.graph.list"), limit: "100" }),
  "app.bsky.feed.getPostThread": () => ({ uri: famous(POST), depth: "1000", parentHeight: "1000" }),
  "app.bsky.feed.getPosts": () => ({
    uris: Array.from({ length: 25 }, (_, n) => uri(ann.did, POST, rkey(n))),
  }),
  "app.bsky.feed.getQuotes": () => ({ uri: famous(POST), limit: "100" }),
  "app.bsky.feed.getRepostedBy": () => ({ uri: famous(POST), limit: "100" }),
  "app.bsky.feed.getSuggestedFeeds": () => ({ limit: "100" }),
  "app.bsky.graph.getActorStarterPacks": () => ({ actor: ann.did, limit: "100" }),
  "app.bsky.graph.getFollowers": () => ({ actor: ann.did, limit: "100" }),
  "app.bsky.graph.getFollows": () => ({ actor: ann.did, limit: "100" }),
  "app.bsky.graph.getList": () => ({ list: famous("app.bsky.graph.list"), limit: "100" }),
  "app.bsky.graph.getLists": () => ({ actor: ann.did, limit: "100" }),
  "app.bsky.graph.getRelationships": () => ({
    actor: ann.did,
    others: Array.from({ length: 30 }, (_, n) => did(n)),
  }),
  "app.bsky.graph.getStarterPack": () => ({ starterPack: famous("app.bsky.graph.starterpack") }),
  "app.bsky.graph.getStarterPacks": () => ({
    uris: Array.from({ length: 25 }, (_, n) => uri(ann.did, "app.bsky.graph.starterpack", rkey(n))),
  }),
  "app.bsky.graph.getSuggestedFollowsByActor": () => ({ actor: ann.did }),
  "app.bsky.graph.searchStarterPacks": () => ({ q: "name", limit: "100" }),
  "app.bsky.graph.searchStarterPacksV2": () => ({ q: "name", limit: "100" }),
  "app.bsky.labeler.getServices": () => ({
    dids: Array.from({ length: 10 }, (_, n) => did(n)),
    detailed: "true",
  }),
  "app.bsky.unspecced.getConfig": () => ({}),
  "app.bsky.unspecced.getOnboardingSuggestedStarterPacks": () => ({ limit: "25" }),
  "app.bsky.unspecced.getPopularFeedGenerators": () => ({ limit: "100", query: "nothing like it" }),
  "app.bsky.unspecced.getPostThreadOtherV2": () => ({ anchor: famous(POST) }),
  "app.bsky.unspecced.getPostThreadV2": () => ({ anchor: famous(POST), below: "20", branchingFactor: "100" }),
  "app.bsky.unspecced.getSuggestedFeeds": () => ({ limit: "25" }),
  "app.bsky.unspecced.getSuggestedOnboardingUsers": () => ({ limit: "50" }),
  "app.bsky.unspecced.getSuggestedStarterPacks": () => ({ limit: "25" }),
  "app.bsky.unspecced.getSuggestedUsers": () => ({ limit: "50" }),
  "app.bsky.unspecced.getSuggestedUsersForDiscover": () => ({ limit: "50" }),
  "app.bsky.unspecced.getSuggestedUsersForExplore": () => ({ limit: "50" }),
  "app.bsky.unspecced.getSuggestedUsersForSeeMore": () => ({ limit: "50" }),
  "app.bsky.unspecced.getTaggedSuggestions": () => ({}),
  "app.bsky.unspecced.getTrendingTopics": () => ({ limit: "25" }),
  "app.bsky.unspecced.getTrends": () => ({ limit: "25" }),
  "com.atproto.identity.resolveDid": () => ({ did: ann.did }),
  "com.atproto.identity.resolveHandle": () => ({ handle: ann.handle }),
  "com.atproto.identity.resolveIdentity": () => ({ identifier: ann.handle }),
  "com.atproto.label.queryLabels": () => ({ uriPatterns: "*", sources: HOST_DID, limit: "250" }),
  "com.atproto.repo.describeRepo": () => ({ repo: ann.did }),
  "com.atproto.repo.getRecord": () => ({ repo: ann.did, collection: "com.example.thing", rkey: "none" }),
  "com.atproto.repo.listRecords": () => ({ repo: ann.did, collection: "com.example.thing", limit: "100" }),
  "com.atproto.server.describeServer": () => ({}),
  "com.atproto.sync.getBlob": () => ({ did: ann.did, cid: NOWHERE }),
  "com.atproto.sync.getBlocks": () => ({ did: ann.did, cids: NOWHERE }),
  "com.atproto.sync.getHead": () => ({ did: ann.did }),
  "com.atproto.sync.getHostStatus": () => ({ hostname: "localhost" }),
  "com.atproto.sync.getLatestCommit": () => ({ did: ann.did }),
  "com.atproto.sync.getRecord": () => ({ did: ann.did, collection: "com.example.thing", rkey: "none" }),
  "com.atproto.sync.getRepoStatus": () => ({ did: ann.did }),
  "com.atproto.sync.listBlobs": () => ({ did: ann.did, limit: "1000" }),
  "com.atproto.sync.listRepos": () => ({ limit: "1000" }),
};

/** Rows that these may read, since they sort or count what no index has in order: a bounded part of it. */
const SORTING = new Set([
  "app.bsky.feed.getFeedSkeleton",
  "app.bsky.actor.getSuggestions",
  "app.bsky.feed.getLikes",
  "app.bsky.feed.getListFeed",
  "app.bsky.feed.getPostThread",
  "app.bsky.feed.getRepostedBy",
  "app.bsky.graph.getFollows",
  "app.bsky.graph.getList",
  "app.bsky.graph.getSuggestedFollowsByActor",
  "app.bsky.unspecced.getPostThreadOtherV2",
  "app.bsky.unspecced.getPostThreadV2",
  "app.bsky.unspecced.getSuggestedOnboardingUsers",
  "app.bsky.unspecced.getSuggestedUsers",
  "app.bsky.unspecced.getSuggestedUsersForDiscover",
  "app.bsky.unspecced.getSuggestedUsersForExplore",
  "app.bsky.unspecced.getSuggestedUsersForSeeMore",
  "app.bsky.unspecced.getTaggedSuggestions",
  "app.bsky.unspecced.getTrendingTopics",
  "app.bsky.unspecced.getTrends",
]);
const budgetOf = (nsid: string) => (SORTING.has(nsid) ? 14_000 : 3_100);

/** Read all that they send, at their reader's pace. */
const WHOLE = ["com.atproto.sync.getRepo", "com.atproto.sync.getCheckout"];
/** Searches of posts, whose budgets are told where they are tested (`test/appview`). */
const SEARCHES = ["app.bsky.feed.searchPosts", "app.bsky.feed.searchPostsV2"];
const SOCKETS = ["com.atproto.label.subscribeLabels"];

/** Methods that look at their parameters before they ask for credentials. */
const CLOSED: Record<string, () => Params> = {
  "app.bsky.ageassurance.getState": () => ({ countryCode: "DE" }),
  "app.bsky.graph.getKnownFollowers": () => ({ actor: ann.did }),
  "app.bsky.graph.getListsWithMembership": () => ({ actor: ann.did }),
  "app.bsky.graph.getStarterPacksWithMembership": () => ({ actor: ann.did }),
  "com.atproto.admin.getAccountInfo": () => ({ did: ann.did }),
  "com.atproto.admin.getAccountInfos": () => ({ dids: ann.did }),
  "com.atproto.server.getServiceAuth": () => ({ aud: ann.did }),
};

function rowsOf(header: string | null): number {
  const read = [...(header ?? "").matchAll(/\w+=\d+\/(\d+)/g)].map(([, rows]) => Number(rows));
  expect(read.length, String(header)).toBeGreaterThan(0);
  return read.reduce((sum, rows) => sum + rows, 0);
}

describe("the rows that a stranger's read takes are bounded:", () => {
  test.each(Object.entries(READS))("%s", async (nsid, params) => {
    const reply = await xrpc(nsid, { params: params(), headers: { "atoll-cost": "1" } });
    expect(reply.status, JSON.stringify(reply.body)).toBe(NOT_THERE.has(nsid) ? 400 : 200);
    const header = reply.headers.get("atoll-cost");
    expect(rowsOf(header), String(header)).toBeLessThanOrEqual(budgetOf(nsid));
  });
});

test("no read that asks for no credentials is left out", async () => {
  const open: string[] = [];
  for (const { nsid, verb } of methods.values()) {
    if (verb !== "GET" || !/^(com\.atproto|app\.bsky)\./.test(nsid)) continue;
    const { status } = await xrpc(nsid, { params: { ...READS[nsid]?.(), ...CLOSED[nsid]?.() } });
    if (status !== 401) open.push(nsid);
  }
  const known = [...Object.keys(READS), ...WHOLE, ...SEARCHES, ...SOCKETS];
  expect(open.toSorted()).toEqual(known.toSorted());
});

/** The rows of a page that shows an account, whose counts alone take 3,000, and something of it. */
const WITH_PROFILE = 6_200;

/** The app's pages for guests, and the most rows that each reads. */
const PAGES: Record<string, [path: () => string, budget: number]> = {
  "the community": [() => "/", 3_100],
  "the best of the week": [() => "/?tab=best", 14_000],
  "the community's RSS": [() => "/rss", 3_100],
  "a profile": [() => `/profile/${ann.handle}`, WITH_PROFILE],
  "a profile's replies": [() => `/profile/${ann.did}?tab=replies`, WITH_PROFILE],
  "a profile's media": [() => `/profile/${ann.did}?tab=media`, 14_000],
  "a profile's RSS": [() => `/profile/${ann.did}/rss`, WITH_PROFILE],
  followers: [() => `/profile/${ann.did}/followers`, WITH_PROFILE],
  follows: [() => `/profile/${ann.did}/follows`, 14_000],
  feeds: [() => `/profile/${ann.did}/feeds`, WITH_PROFILE],
  lists: [() => `/profile/${ann.did}/lists`, WITH_PROFILE],
  "starter packs": [() => `/profile/${ann.did}/starter-packs`, WITH_PROFILE],
  "a thread": [() => `/profile/${ann.did}/post/${rkey(0)}`, 14_000],
  "a thread's other replies": [() => `/profile/${ann.did}/post/${rkey(0)}?others`, 28_000],
  "a list's posts": [() => `/profile/${ann.did}/lists/${rkey(0)}`, 28_000],
  "a list's people": [() => `/profile/${ann.did}/lists/${rkey(0)}?tab=people`, 14_000],
  "a feed": [() => `/profile/${ann.did}/feed/${rkey(0)}`, 3_100],
  "a starter pack": [() => `/starter-pack/${ann.did}/${rkey(0)}`, 3_100],
  "a hashtag": [() => "/hashtag/tag", 3_100],
  "the best of a hashtag": [() => "/hashtag/tag?tab=top", 3_100],
  "a search": [() => "/search?q=garden", 3_100],
  "a search for people": [() => "/search?q=person&tab=people", 3_100],
};

describe("the rows that a guest's page takes are bounded:", () => {
  test.each(Object.entries(PAGES))("%s", async (_, [path, budget]) => {
    const { APPVIEW_DB, DIRECTORY } = bindings;
    const [index, directory] = [countDatabase(APPVIEW_DB), countDatabase(DIRECTORY)];
    Object.assign(bindings, { APPVIEW_DB: index.db, DIRECTORY: directory.db });
    try {
      const headers = { accept: "text/html", "cache-control": "no-cache" };
      const page = await fetchHost(path(), { headers });
      expect(page.status).toBe(200);
      await page.text();
    } finally {
      Object.assign(bindings, { APPVIEW_DB, DIRECTORY });
    }
    expect(index.cost.read, JSON.stringify(index.cost)).toBeGreaterThan(0);
    expect(index.cost.read + directory.cost.read, JSON.stringify(index.cost)).toBeLessThanOrEqual(budget);
    expect(index.cost.written).toBe(0);
    // Those that read a record's posts as well as the record take the trips of both.
    expect(index.cost.trips).toBeLessThanOrEqual(8);
  });
});
