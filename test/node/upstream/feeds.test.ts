/** Profiles and feeds, while the AppView elsewhere has not seen the member's newest records. */
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Member, POST, type Stage, type View, postView, setStage, stranger, textsOf } from "./stage.ts";

let stage: Stage;
let ann: Member;
beforeAll(async () => {
  stage = await setStage();
  ann = await Member.join(stage);
});
afterAll(() => stage?.stop());
beforeEach(async () => {
  stage.appview.reset();
  await ann.settle();
});

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
  "base64",
);

const detailed = ({ did, handle }: { did: string; handle: string }): View => ({
  did,
  handle,
  displayName: "Before",
  description: "as it was",
  avatar: "https://cdn.example.com/before",
  banner: "https://cdn.example.com/banner",
  followersCount: 3,
  labels: [],
});

const timelineOf = (feed: View[], more: object = {}) => ({ feed, cursor: "older", ...more });

test("an edit of one's own profile shows at once, and what only the AppView knows stays", async () => {
  const avatar = await ann.upload(PNG, "image/png");
  await ann.profile({
    displayName: "After",
    avatar,
    pronouns: "they/them",
    website: "https://ann.example.com",
  });
  stage.appview.on("app.bsky.actor.getProfile", () => ann.knowing(detailed(ann)));
  const { status, body, headers } = await ann.get("app.bsky.actor.getProfile", { actor: ann.did });
  expect(status).toBe(200);
  expect(body).toEqual({
    did: ann.did,
    handle: ann.handle,
    displayName: "After",
    pronouns: "they/them",
    website: "https://ann.example.com",
    avatar: `${stage.host.origin}/img/avatar/plain/${ann.did}/${avatar.ref.$link}@jpeg`,
    followersCount: 3,
    labels: [],
  });
  expect(Number(headers.get("atproto-upstream-lag"))).toBeGreaterThan(0);
  expect(headers.get("atproto-repo-rev")).toBe(ann.seen);
  expect(headers.get("access-control-expose-headers")).toContain("atproto-upstream-lag");
  const picture = await fetch(body.avatar);
  expect(Buffer.from(await picture.arrayBuffer())).toEqual(PNG);
});

test("among several profiles, and in the record of likes, only one's own is edited", async () => {
  await ann.profile({ displayName: "After" });
  const [own, other] = [postView("own", ann, 9), postView("other", stranger, 8)];
  stage.appview.on("app.bsky.actor.getProfiles", () =>
    ann.knowing({ profiles: [detailed(stranger), detailed(ann)] }),
  );
  stage.appview.on("app.bsky.feed.getActorLikes", () =>
    ann.knowing({ feed: [{ post: other }, { post: own }] }),
  );
  const actors = [stranger.did, ann.did];
  const { body } = await ann.get("app.bsky.actor.getProfiles", { actors });
  expect(body.profiles[0]).toEqual(detailed(stranger));
  expect(body.profiles[1]).toMatchObject({ did: ann.did, displayName: "After", followersCount: 3 });
  expect(body.profiles[1]).not.toHaveProperty("description");
  const likes = await ann.get("app.bsky.feed.getActorLikes", { actor: ann.did });
  expect(likes.body.feed[0]).toEqual({ post: other });
  expect(likes.body.feed[1].post.author).toEqual({
    did: ann.did,
    handle: ann.handle,
    displayName: "After",
    labels: [],
  });
});

test("new posts stand in the timeline where their time is, each once", async () => {
  const known = await ann.post("known already");
  const repost = {
    post: postView("reposted", stranger, 99_999),
    reason: {
      $type: "app.bsky.feed.defs#reasonRepost",
      by: { ...stranger },
      indexedAt: new Date(Date.now() + 60_000).toISOString(),
    },
  };
  const items = [
    repost,
    { post: { ...postView("x", ann, 1), uri: known.uri } },
    { post: postView("old", stranger, 5) },
  ];
  await ann.post("first");
  await ann.post("from long ago", { createdAt: "2020-01-01T00:00:00.000Z" });
  const second = await ann.post("second");
  stage.appview.on("app.bsky.feed.getTimeline", () =>
    ann.knowing(timelineOf(items), { headers: { "atproto-content-labelers": "did:web:mod.example.com" } }),
  );
  const { body, headers } = await ann.get("app.bsky.feed.getTimeline");
  expect(textsOf(body.feed)).toEqual(["reposted", "second", "first", "x", "old"]);
  expect(body.cursor).toBe("older");
  expect(headers.get("atproto-content-labelers")).toBe("did:web:mod.example.com");
  const { post } = body.feed[1];
  expect(post).toMatchObject({
    uri: second.uri,
    cid: second.cid,
    author: { did: ann.did, handle: ann.handle, displayName: "Before" },
    record: { $type: POST, text: "second" },
    likeCount: 0,
    replyCount: 0,
    repostCount: 0,
    quoteCount: 0,
    labels: [],
  });
  expect(post.indexedAt).toBe(post.record.createdAt);
  // The profile has not changed, so the AppView's version stays.
  expect(body.feed.slice(3)).toEqual(items.slice(1));
});

test("the next page does not show again what the first showed", async () => {
  await ann.post("new");
  stage.appview.on("app.bsky.feed.getTimeline", ({ query }) =>
    ann.knowing(timelineOf([{ post: postView(query.get("cursor") ?? "top", stranger, 5) }])),
  );
  expect(textsOf((await ann.get("app.bsky.feed.getTimeline")).body.feed)).toEqual(["new", "top"]);
  const next = await ann.get("app.bsky.feed.getTimeline", { cursor: "older" });
  expect(textsOf(next.body.feed)).toEqual(["older"]);
});

test("one's own feed has them too, by DID or handle, even if the AppView has nothing yet", async () => {
  await ann.post("new");
  await ann.profile({ displayName: "After" });
  const pinned = { post: postView("pinned", ann, 999), reason: { $type: "app.bsky.feed.defs#reasonPin" } };
  let feed: View[] = [pinned, { post: postView("old", ann, 5) }];
  stage.appview.on("app.bsky.feed.getAuthorFeed", () => ann.knowing({ feed }));
  for (const actor of [ann.did, ann.handle, ann.handle.toUpperCase()]) {
    const { body } = await ann.get("app.bsky.feed.getAuthorFeed", { actor });
    expect(textsOf(body.feed), actor).toEqual(["pinned", "new", "old"]);
    const names = body.feed.map(({ post }: View) => post.author.displayName);
    expect(names).toEqual(["After", "After", "After"]);
  }
  feed = [];
  const { body } = await ann.get("app.bsky.feed.getAuthorFeed", { actor: ann.did });
  expect(textsOf(body.feed)).toEqual(["new"]);
});

test("a filter of one's own feed holds for what is added", async () => {
  const image = await ann.upload(PNG, "image/png");
  const start = await ann.post("start");
  await ann.reply("to myself", start);
  const elsewhere = { uri: `at://${stranger.did}/${POST}/far`, cid: start.cid };
  await ann.reply("to a stranger", elsewhere);
  await ann.post("picture", { embed: { $type: "app.bsky.embed.images", images: [{ image, alt: "" }] } });
  stage.appview.on("app.bsky.feed.getAuthorFeed", () => ann.knowing({ feed: [] }));
  const shown = async (filter: string) =>
    textsOf((await ann.get("app.bsky.feed.getAuthorFeed", { actor: ann.did, filter })).body.feed);
  expect(await shown("posts_with_replies")).toEqual(["picture", "to a stranger", "to myself", "start"]);
  expect(await shown("posts_no_replies")).toEqual(["picture", "start"]);
  expect(await shown("posts_and_author_threads")).toEqual(["picture", "to myself", "start"]);
  expect(await shown("posts_with_media")).toEqual(["picture"]);
  expect(await shown("posts_with_video")).toEqual([]);
});

test("what is about others comes as it came", async () => {
  await ann.post("new");
  await ann.profile({ displayName: "After" });
  const text = `{ "feed": [${JSON.stringify({ post: postView("theirs", stranger, 5) })}],  "cursor":"1.50" }`;
  const json = { headers: { "content-type": "application/json" } };
  stage.appview.on("app.bsky.feed.getAuthorFeed", () => ann.knowing(text, json));
  stage.appview.on("app.bsky.actor.getProfile", () =>
    ann.knowing(` ${JSON.stringify(detailed(stranger))}`, json),
  );
  stage.appview.on("app.bsky.feed.getListFeed", () => ann.knowing(text, json));
  const params = { actor: stranger.did, list: "at://x" };
  expect((await ann.get("app.bsky.feed.getAuthorFeed", params)).text).toBe(text);
  expect((await ann.get("app.bsky.actor.getProfile", params)).text).toBe(
    ` ${JSON.stringify(detailed(stranger))}`,
  );
  const list = await ann.get("app.bsky.feed.getListFeed", params);
  expect(list.text).toBe(text);
  expect(list.headers.has("atproto-upstream-lag")).toBe(false);
});

test("nothing is added where the AppView has seen all, names no rev, or names one from before a migration", async () => {
  const body = timelineOf([{ post: postView("old", stranger, 5) }]);
  await ann.post("new");
  const { seen } = ann;
  await ann.show();
  for (const rev of [ann.seen, "2222222222222", "7zzzzzzzzzzzz", "nonsense", ""]) {
    stage.appview.on("app.bsky.feed.getTimeline", () => ({ body, headers: { "atproto-repo-rev": rev } }));
    const reply = await ann.get("app.bsky.feed.getTimeline");
    expect(reply.body, rev).toEqual(body);
    expect(reply.headers.has("atproto-upstream-lag"), rev).toBe(false);
  }
  stage.appview.on("app.bsky.feed.getTimeline", () => ({ body, headers: { "atproto-repo-rev": seen } }));
  expect(textsOf((await ann.get("app.bsky.feed.getTimeline")).body.feed)).toEqual(["new", "old"]);
});

test("an answer that came compressed is completed, and one that nothing is added to is read as well", async () => {
  const feed = Array.from({ length: 50 }, (_, i) => ({ post: postView(`old ${i}`, stranger, 5 + i) }));
  const zipped = gzipSync(JSON.stringify(timelineOf(feed)));
  expect(JSON.parse(gunzipSync(zipped).toString()).feed).toHaveLength(50);
  stage.appview.on("app.bsky.feed.getTimeline", () =>
    ann.knowing(zipped, { headers: { "content-type": "application/json", "content-encoding": "gzip" } }),
  );
  expect((await ann.get("app.bsky.feed.getTimeline")).body.feed).toHaveLength(50);
  await ann.post("new");
  const { body } = await ann.get("app.bsky.feed.getTimeline");
  expect(textsOf(body.feed).slice(0, 2)).toEqual(["new", "old 0"]);
});

const JSON_TYPE = { headers: { "content-type": "application/json" } };

test.each<[string, unknown]>([
  ["no JSON", "{ not json"],
  ["a list", "[]"],
  ["null", "null"],
  ["no views", '{"feed":5,"profiles":"none","thread":[]}'],
  ["nothing", ""],
])("an answer that cannot be taken apart (%s) is passed on as it came", async (_what, text) => {
  await ann.profile({ displayName: "After" });
  for (const nsid of [
    "app.bsky.actor.getProfiles",
    "app.bsky.feed.getTimeline",
    "app.bsky.feed.getPostThread",
  ]) {
    stage.appview.on(nsid, () => ann.knowing(text, JSON_TYPE));
    const reply = await ann.get(nsid, { actors: [ann.did] });
    expect([reply.status, reply.text]).toEqual([200, text]);
  }
});

test("why nothing could be added is logged, with whose answer it was and no more", async () => {
  await ann.post("a secret of ann's");
  stage.warnings.length = 0;
  const nsid = "app.bsky.feed.getTimeline";
  stage.appview.on(nsid, () => ann.knowing('{"feed": [ a secret of the AppView', JSON_TYPE));
  await ann.get(nsid);
  await expect.poll(() => stage.warnings.length).toBe(1);
  const [line = ""] = stage.warnings;
  expect(JSON.parse(line)).toMatchObject({ at: "read-after-write", method: nsid, did: ann.did });
  expect(line).toContain("no JSON");
  expect(line).not.toContain("secret");
  expect(line).not.toContain(ann.auth.slice(-20));
});

test("an answer that does not say that it is JSON is passed on as it came", async () => {
  await ann.profile({ displayName: "After" });
  const text = JSON.stringify(detailed(ann));
  const type = { headers: { "content-type": "text/plain" } };
  stage.appview.on("app.bsky.actor.getProfile", () => ann.knowing(text, type));
  expect((await ann.get("app.bsky.actor.getProfile", { actor: ann.did })).text).toBe(text);
});

test("items of no known shape stay where they are", async () => {
  await ann.post("new");
  await ann.profile({ displayName: "After" });
  const odd: unknown[] = [
    5,
    null,
    "x",
    {},
    { post: 7 },
    { post: { author: null } },
    { reason: { by: 1 }, post: {} },
  ];
  stage.appview.on("app.bsky.feed.getTimeline", () => ann.knowing({ feed: odd }));
  const { body } = await ann.get("app.bsky.feed.getTimeline");
  expect(body.feed.filter((item: View) => item?.post?.record?.text !== "new")).toEqual(odd);
  expect(body.feed).toHaveLength(odd.length + 1);
});
