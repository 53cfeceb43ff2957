/** Threads and embeds, while the AppView elsewhere has not seen the member's newest posts. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Answer } from "./stand-in.ts";
import {
  Member,
  POST,
  type Ref,
  type Stage,
  type View,
  postView,
  setStage,
  stranger,
  strong,
} from "./stage.ts";

const THREAD = "app.bsky.feed.getPostThread";
const THREAD_POST = "app.bsky.feed.defs#threadViewPost";

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

const node = (post: View, replies?: View[]): View => ({
  $type: THREAD_POST,
  post,
  ...(replies === undefined ? {} : { replies }),
});

/** A thread as the names of its posts: `root(a(b) c)`. */
function outline(thread: View): string {
  if (thread?.$type !== THREAD_POST) return `<${String(thread?.$type).split("#")[1]}>`;
  const replies = (thread.replies ?? []).map(outline).join(" ");
  return `${thread.post.record.text}${replies === "" ? "" : `(${replies})`}`;
}

/** The posts above a post, nearest first. */
function ancestors(thread: View): string[] {
  const { parent } = thread;
  return parent === undefined ? [] : [outline({ ...parent, replies: [] }), ...ancestors(parent)];
}

const root = postView("root", stranger, 60);
const answer = postView("answer", stranger, 50, {
  record: { $type: POST, text: "answer", reply: { root: strong(root), parent: strong(root) } },
});

const notFound = (member: Member, more: object = {}): Answer =>
  member.knowing({ error: "NotFound", message: "Post not found", ...more }, { status: 400 });

test("new replies stand under what they answer, and answers to those under them", async () => {
  const first = await ann.reply("first", strong(root));
  await ann.reply("second", first, strong(root));
  await ann.reply("deeper", strong(answer), strong(root));
  const other = postView("other", stranger, 5);
  await ann.reply("elsewhere", strong(other));
  await ann.post("no reply");
  stage.appview.on(THREAD, () =>
    ann.knowing({ thread: node(root, [node(answer)]), threadgate: { uri: "x" } }),
  );
  const { body, headers } = await ann.get(THREAD, { uri: root.uri });
  expect(outline(body.thread)).toBe("root(first(second) answer(deeper))");
  expect(body.threadgate).toEqual({ uri: "x" });
  expect(headers.has("atproto-upstream-lag")).toBe(true);
  expect(body.thread.replies[0].post).toMatchObject({ uri: first.uri, author: { did: ann.did } });

  stage.appview.on(THREAD, () => ann.knowing({ thread: node(answer) }));
  expect(outline((await ann.get(THREAD, { uri: answer.uri })).body.thread)).toBe("answer(deeper)");
  // To the requested depth, and no reply twice.
  stage.appview.on(THREAD, () => ann.knowing({ thread: node(root) }));
  expect(outline((await ann.get(THREAD, { uri: root.uri, depth: "0" })).body.thread)).toBe("root");
  expect(outline((await ann.get(THREAD, { uri: root.uri, depth: "1" })).body.thread)).toBe("root(first)");
  const known = node({ ...postView("first", ann, 0), uri: first.uri });
  stage.appview.on(THREAD, () => ann.knowing({ thread: node(root, [known]) }));
  expect(outline((await ann.get(THREAD, { uri: root.uri })).body.thread)).toBe("root(first(second))");
});

test("a thread nested beyond all measure is passed on as it came", async () => {
  await ann.reply("to what is nowhere in it", { ...strong(answer), uri: `${answer.uri}x` }, strong(root));
  const level = `{"$type":"${THREAD_POST}","post":${JSON.stringify(answer)},"replies":[`;
  const below = `${level.repeat(5000)}${"]}".repeat(5000)}`;
  const text = `{"thread":${JSON.stringify(node(root)).slice(0, -1)},"replies":[${below}]}}`;
  stage.appview.on(THREAD, () => ann.knowing(text, { headers: { "content-type": "application/json" } }));
  const reply = await ann.get(THREAD, { uri: root.uri, depth: "9999" });
  expect([reply.status, reply.text === text]).toEqual([200, true]);
});

test("a post that the AppView does not find is shown, with what is above it and below", async () => {
  const one = await ann.reply("one", strong(answer), strong(root));
  const two = await ann.reply("two", one, strong(root));
  const three = await ann.reply("three", two, strong(root));
  await ann.reply("four", three, strong(root));
  stage.appview.on(THREAD, ({ query }) =>
    query.get("uri") === answer.uri
      ? { body: { thread: { ...node(answer), parent: node(root) } } }
      : notFound(ann),
  );
  for (const repo of [ann.did, ann.handle]) {
    const { status, body, headers } = await ann.get(THREAD, { uri: two.uri.replace(ann.did, repo) });
    expect(status).toBe(200);
    expect(body.thread.post.uri).toBe(two.uri);
    expect(outline(body.thread)).toBe("two(three(four))");
    expect(ancestors(body.thread)).toEqual(["one", "answer", "root"]);
    expect(headers.has("atproto-upstream-lag")).toBe(true);
  }
  const above = stage.appview.heard.findLast(({ query }) => query.get("uri") === answer.uri);
  expect(Object.fromEntries(above?.query ?? [])).toEqual({ uri: answer.uri, depth: "0", parentHeight: "78" });
  expect(above?.claims).toMatchObject({ iss: ann.did, aud: stage.appview.did, lxm: THREAD });
  const low = await ann.get(THREAD, { uri: two.uri, parentHeight: "1", depth: "1" });
  expect(ancestors(low.body.thread)).toEqual(["one"]);
  expect(outline(low.body.thread)).toBe("two(three)");
});

test("of what is above a lost post, the AppView says that it is gone, or nothing", async () => {
  const late = await ann.reply("late", strong(answer), strong(root));
  stage.appview.on(THREAD, () => notFound(ann));
  const gone = await ann.get(THREAD, { uri: late.uri });
  expect(ancestors(gone.body.thread)).toEqual(["<notFoundPost>"]);
  expect(gone.body.thread.parent).toMatchObject({ uri: answer.uri, notFound: true });
  stage.appview.on(THREAD, ({ query }) =>
    query.get("uri") === answer.uri ? { status: 503 } : notFound(ann),
  );
  expect(ancestors((await ann.get(THREAD, { uri: late.uri })).body.thread)).toEqual([]);
});

test("whatever else is not found stays so, in the AppView's own words", async () => {
  const bob = await Member.join(stage);
  const refused = await bob.post("bob's");
  const lost = await ann.post("lost");
  const says = '{"error":"NotFound", "message":"Post not found: it"}';
  const json = { "content-type": "application/json" };
  let more: Answer = { status: 400, headers: json };
  stage.appview.on(THREAD, () => ann.knowing(says, more));
  for (const uri of [refused.uri, `at://${ann.did}/${POST}/3k2aaaaaaaa22`, root.uri, "at://", ""]) {
    const reply = await ann.get(THREAD, { uri });
    expect([reply.status, reply.text], uri).toEqual([400, says]);
  }
  // Refused for another reason, or without the rev that the AppView has seen.
  stage.appview.on(THREAD, () => ann.knowing({ error: "InvalidRequest" }, { status: 400 }));
  expect((await ann.get(THREAD, { uri: lost.uri })).status).toBe(400);
  more = { status: 400, headers: { ...json, "atproto-repo-rev": "" } };
  stage.appview.on(THREAD, () => ann.knowing(says, more));
  expect((await ann.get(THREAD, { uri: lost.uri })).text).toBe(says);
});

const TIMELINE = "app.bsky.feed.getTimeline";

/** The view of a post with this embed before the AppView knows it. */
async function embedded(embed: object): Promise<View> {
  const { uri } = await ann.post("with an embed", { embed });
  stage.appview.on(TIMELINE, () => ann.knowing({ feed: [] }));
  const { body } = await ann.get(TIMELINE);
  return body.feed.find(({ post }: View) => post.uri === uri).post.embed;
}

const quoting = (record: Ref) => ({ $type: "app.bsky.embed.record", record: strong(record) });

test("pictures and links are shown from this host, a video not until the AppView has it", async () => {
  const image = await ann.upload(Buffer.from("a picture"), "image/png");
  const video = await ann.upload(Buffer.from("a video"), "video/mp4");
  const at = (preset: string) =>
    `${stage.host.origin}/img/${preset}/plain/${ann.did}/${image.ref.$link}@jpeg`;
  const aspectRatio = { width: 2, height: 1 };
  const images = { $type: "app.bsky.embed.images", images: [{ image, alt: "a tree", aspectRatio }] };
  expect(await embedded(images)).toEqual({
    $type: "app.bsky.embed.images#view",
    images: [{ thumb: at("feed_thumbnail"), fullsize: at("feed_fullsize"), alt: "a tree", aspectRatio }],
  });
  const link = { uri: "https://example.com/", title: "Title", description: "of it" };
  expect(await embedded({ $type: "app.bsky.embed.external", external: { ...link, thumb: image } })).toEqual({
    $type: "app.bsky.embed.external#view",
    external: { ...link, thumb: at("feed_thumbnail") },
  });
  expect(await embedded({ $type: "app.bsky.embed.video", video })).toBeUndefined();
});

test("what is quoted is asked of the AppView at once, by the member, with their labelers", async () => {
  const own = await ann.post("quoted by myself");
  const gone = postView("gone", stranger, 70);
  stage.appview.on("app.bsky.feed.getPosts", () => ({ body: { posts: [root] } }));
  await ann.post("one", { embed: quoting(root) });
  await ann.post("two", { embed: quoting(own) });
  await ann.post("three", { embed: quoting(gone) });
  stage.appview.on(TIMELINE, () => ann.knowing({ feed: [] }));
  const { body } = await ann.get(TIMELINE, {}, { "atproto-accept-labelers": "did:web:mod.example.com" });
  const quotes = body.feed.map(({ post }: View) => post.embed?.record);
  expect(quotes.map((each: View) => each?.$type?.split("#")[1])).toEqual([
    "viewNotFound",
    "viewRecord",
    "viewRecord",
    undefined,
  ]);
  const [, self, theirs] = quotes;
  expect(self).toMatchObject({ uri: own.uri, value: { text: "quoted by myself" }, author: { did: ann.did } });
  expect(theirs).toMatchObject({ uri: root.uri, cid: root.cid, author: root.author, likeCount: 7 });
  const asked = stage.appview.heard.filter(({ nsid }) => nsid === "app.bsky.feed.getPosts");
  expect(asked).toHaveLength(1);
  expect(new Set(asked[0]?.query.getAll("uris"))).toEqual(new Set([gone.uri, root.uri]));
  expect(asked[0]?.claims).toMatchObject({ iss: ann.did, lxm: "app.bsky.feed.getPosts" });
  expect(asked[0]?.headers["atproto-accept-labelers"]).toBe("did:web:mod.example.com");
});

test("feeds, lists and starter packs are quoted too", async () => {
  const of = (collection: string) => ({ ...strong(root), uri: `at://${stranger.did}/${collection}/x` });
  const [feed, list, pack] = [
    "app.bsky.feed.generator",
    "app.bsky.graph.list",
    "app.bsky.graph.starterpack",
  ].map(of);
  stage.appview.on("app.bsky.feed.getFeedGenerators", () => ({ body: { feeds: [feed] } }));
  stage.appview.on("app.bsky.graph.getList", () => ({ body: { list, items: [] } }));
  stage.appview.on("app.bsky.graph.getStarterPacks", () => ({ body: { starterPacks: [pack] } }));
  for (const [what, $type] of [
    [feed, "app.bsky.feed.defs#generatorView"],
    [list, "app.bsky.graph.defs#listView"],
    [pack, "app.bsky.graph.defs#starterPackViewBasic"],
  ] as const) {
    if (what === undefined) throw new Error("nothing to quote");
    expect(await embedded(quoting(what))).toEqual({
      $type: "app.bsky.embed.record#view",
      record: { ...what, $type },
    });
  }
});

test("a quote with a picture, and what is left of it where the AppView does not answer", async () => {
  const image = await ann.upload(Buffer.from("another picture"), "image/png");
  const video = await ann.upload(Buffer.from("another video"), "video/mp4");
  const media = { $type: "app.bsky.embed.images", images: [{ image, alt: "" }] };
  const both = { $type: "app.bsky.embed.recordWithMedia", record: quoting(root), media };
  stage.appview.on("app.bsky.feed.getPosts", () => ({ body: { posts: [root] } }));
  const embed = await embedded(both);
  expect(embed).toMatchObject({
    $type: "app.bsky.embed.recordWithMedia#view",
    media: { $type: "app.bsky.embed.images#view" },
    record: { record: { $type: "app.bsky.embed.record#viewRecord", uri: root.uri } },
  });
  const withVideo = { ...both, media: { $type: "app.bsky.embed.video", video } };
  expect(await embedded(withVideo)).toMatchObject({
    $type: "app.bsky.embed.record#view",
    record: { uri: root.uri },
  });
  stage.appview.on("app.bsky.feed.getPosts", () => ({ status: 503, body: { error: "Overloaded" } }));
  expect(await embedded(both)).toMatchObject({ $type: "app.bsky.embed.images#view" });
  expect(await embedded(quoting(root))).toBeUndefined();
});

test("a label that the author gave the post is on it from the beginning", async () => {
  const labels = { $type: "com.atproto.label.defs#selfLabels", values: [{ val: "nudity" }] };
  const { uri } = await ann.post("labelled", { labels });
  stage.appview.on(TIMELINE, () => ann.knowing({ feed: [] }));
  const { body } = await ann.get(TIMELINE);
  expect(body.feed[0].post).toMatchObject({ uri, labels: [{ src: ann.did, uri, val: "nudity" }] });
});
