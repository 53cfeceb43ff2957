/** The community's own feeds in every app: "what's new here" and "best of the week", from the index. */
import { beforeAll, expect, test } from "vitest";
import { HOST_DID, fetchHost, xrpc } from "../support/account-host.ts";
import { Person, type Ref } from "../support/appview-host.ts";

const uri = (key: string) => `at://${HOST_DID}/app.bsky.feed.generator/${key}`;
const NEW = uri("whats-new");
const BEST = uri("best-of-the-week");

let ada: Person;
let bea: Person;
let liked: Ref;
const posts: Ref[] = [];

beforeAll(async () => {
  [ada, bea] = await Promise.all([Person.join("ada-feeds"), Person.join("bea-feeds")]);
  liked = await bea.post("liked by both");
  // Of one instant, as clients that write whole seconds have them.
  const createdAt = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
  for (let n = 0; n < 7; n++) posts.push(await ada.post(`post ${n}`, { createdAt }));
  await bea.reply("an answer is not new here", liked);
  for (const each of [ada, bea]) await each.write("app.bsky.feed.like", { subject: liked });
});

const urisOf = (feed: { post: { uri: string } | string }[]) =>
  feed.map(({ post }) => (typeof post === "string" ? post : post.uri));

test("the host describes them, and names itself as their service", async () => {
  const { body } = await xrpc("app.bsky.feed.describeFeedGenerator");
  expect(body).toEqual({ did: HOST_DID, feeds: [{ uri: NEW }, { uri: BEST }] });
  const document = await (await fetchHost("/.well-known/did.json")).json<{ service: { id: string }[] }>();
  expect(document.service.map(({ id }) => id)).toContain("#bsky_fg");
});

test("apps find their records, and read them page by page, each post once", async () => {
  const { view, isOnline, isValid } = await ada.get("app.bsky.feed.getFeedGenerator", { feed: NEW });
  expect(view).toMatchObject({
    uri: NEW,
    did: HOST_DID,
    displayName: "What’s new here",
    creator: { did: HOST_DID },
  });
  expect([isOnline, isValid]).toEqual([true, true]);
  const { feeds } = await ada.get("app.bsky.feed.getFeedGenerators", { feeds: [NEW, BEST, uri("other")] });
  expect(feeds.map((feed: { uri: string }) => feed.uri)).toEqual([NEW, BEST]);
  for (const read of [
    (params: object) => ada.get("app.bsky.feed.getFeed", { feed: NEW, limit: "3", ...params }),
    async (params: object) =>
      (await xrpc("app.bsky.feed.getFeedSkeleton", { params: { feed: NEW, limit: "3", ...params } }))
        .body as never,
  ]) {
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages < 9; pages++) {
      const page: { feed: []; cursor?: string } = await read(cursor === undefined ? {} : { cursor });
      seen.push(...urisOf(page.feed));
      cursor = page.cursor;
      if (cursor === undefined) break;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(new Set(seen)).toEqual(new Set([liked, ...posts].map((post) => post.uri)));
  }
});

test("the best of the week begins with what was liked most", async () => {
  const { feed } = await ada.get("app.bsky.feed.getFeed", { feed: BEST });
  expect(feed[0].post.uri).toBe(liked.uri);
  expect(feed[0].post.viewer.like).toBeDefined();
});

test("a viewer's own rules hold", async () => {
  await ada.do("app.bsky.graph.muteActor", { actor: bea.did });
  const { feed } = await ada.get("app.bsky.feed.getFeed", { feed: NEW });
  expect(urisOf(feed)).not.toContain(liked.uri);
  await ada.do("app.bsky.graph.unmuteActor", { actor: bea.did });
});

test("a record of the community's account that names the host is served likewise", async () => {
  const record = { did: HOST_DID, displayName: "Ours" };
  const own = await ada.write("app.bsky.feed.generator", record, "best-of-the-week");
  const { feed } = await bea.get("app.bsky.feed.getFeed", { feed: own.uri });
  expect(feed[0].post.uri).toBe(liked.uri);
  const skeleton = await xrpc("app.bsky.feed.getFeedSkeleton", { params: { feed: own.uri } });
  expect((skeleton.body["feed"] as { post: string }[])[0]).toEqual({ post: liked.uri });
  const { view } = await bea.get("app.bsky.feed.getFeedGenerator", { feed: own.uri });
  expect(view.displayName).toBe("Ours");
});

test("feeds that the host does not have are refused by name", async () => {
  const other = await ada.write("app.bsky.feed.generator", { did: HOST_DID, displayName: "Other" }, "other");
  for (const feed of [uri("other"), other.uri, liked.uri]) {
    const { status, body } = await xrpc("app.bsky.feed.getFeedSkeleton", { params: { feed } });
    expect([feed, status, body["error"]]).toEqual([feed, 400, "UnknownFeed"]);
  }
  expect(await bea.refused("app.bsky.feed.getFeed", { params: { feed: other.uri } })).toMatch(
    /^400 UnknownFeed/,
  );
  const bad = await xrpc("app.bsky.feed.getFeedSkeleton", { params: { feed: NEW, cursor: "nonsense" } });
  expect([bad.status, bad.body["error"]]).toEqual([400, "InvalidRequest"]);
});

test("they have pages in the app", async () => {
  const page = await fetchHost(`/profile/${HOST_DID}/feed/whats-new`, { headers: { accept: "text/html" } });
  const html = await page.text();
  expect([page.status, html.includes("post 3"), html.includes("What’s new here")]).toEqual([200, true, true]);
});
