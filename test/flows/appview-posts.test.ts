/**
 * A post's life: who sees it where, who liked and shared it, and the effects of blocks, mutes and deletions.
 */
import { beforeAll, expect, test } from "vitest";
import { fetchHost } from "../support/account-host.ts";
import { Person, type Ref, type View, anyone, didsOf } from "../support/appview-host.ts";

let ann: Person;
let bob: Person;
let cleo: Person;
let dora: Person;
const at: Record<string, Ref> = {};
const ref = (name: string): Ref => at[name] ?? { uri: "at://none", cid: "none" };
const uri = (name: string) => ref(name).uri;
const strong = (name: string) => ({ uri: uri(name), cid: ref(name).cid });
const nameOf = (of: string): string => Object.keys(at).find((name) => uri(name) === of) ?? of;
/** A repost is named together with the reposter: `bob: root`. */
const named = (feed: View[]): string[] =>
  feed.map(({ post, reason }) =>
    reason?.by === undefined ? nameOf(post.uri) : `${reason.by.displayName}: ${nameOf(post.uri)}`,
  );

async function upload(who: Person, type: string): Promise<object> {
  const headers = { authorization: who.member.auth, "content-type": type };
  const reply = await fetchHost("/xrpc/com.atproto.repo.uploadBlob", { method: "POST", headers, body: type });
  return (await reply.json<{ blob: object }>()).blob;
}

beforeAll(async () => {
  const people = await Promise.all(["ann", "bob", "cleo", "dora"].map((name) => Person.join(`${name}posts`)));
  [ann, bob, cleo, dora] = people as [Person, Person, Person, Person];
  await bob.write("app.bsky.actor.profile", { displayName: "bob" }, "self");
  await dora.follow(ann);
  await dora.follow(bob);
  at.old = await ann.post("an old thing");
  at.root = await ann.post("a thread begins");
  at.more = await ann.reply("and goes on", ref("root"));
  at.answer = await bob.reply("an answer", ref("root"));
  at.thanks = await ann.reply("thank you", ref("answer"), ref("root"));
  at.aside = await cleo.reply("an aside", ref("answer"), ref("root"));
  const images = [{ image: await upload(ann, "image/png"), alt: "" }];
  at.picture = await ann.post("a picture", { embed: { $type: "app.bsky.embed.images", images } });
  const video = await upload(ann, "video/mp4");
  at.film = await ann.post("a film", { embed: { $type: "app.bsky.embed.video", video } });
  for (const who of [bob, cleo, dora]) await who.write("app.bsky.feed.like", { subject: strong("root") });
  for (const who of [cleo, bob]) await who.write("app.bsky.feed.repost", { subject: strong("root") });
});

test("who liked and who shared a post: newest first, page by page, and what a block takes away", async () => {
  const likes = async (more: object = {}, who = cleo) =>
    who.get("app.bsky.feed.getLikes", { uri: uri("root"), ...more });
  const likers = async (who?: Person) => didsOf((await likes({}, who)).likes.map(({ actor }: View) => actor));
  const sharers = async (who: Person) =>
    didsOf((await who.get("app.bsky.feed.getRepostedBy", { uri: uri("root") })).repostedBy);
  const first = await likes({ limit: "2" });
  expect(first.likes.map(({ actor }: View) => actor.did)).toEqual([dora.did, cleo.did]);
  const rest = await likes({ limit: "2", cursor: first.cursor });
  expect(rest.likes).toMatchObject([{ actor: { did: bob.did }, createdAt: expect.any(String) }]);
  expect(rest.cursor).toBeUndefined();
  expect(await sharers(dora)).toEqual([bob.did, cleo.did]);
  const page = { uri: uri("root"), limit: "1" };
  const { cursor, repostedBy } = await anyone("app.bsky.feed.getRepostedBy", page);
  expect(didsOf(repostedBy)).toEqual([bob.did]);
  const next = await anyone("app.bsky.feed.getRepostedBy", { ...page, cursor });
  expect(didsOf(next.repostedBy)).toEqual([cleo.did]);

  // A block between liker and author hides the like from everyone. It hides a repost only from those two.
  const block = await ann.block(bob);
  expect(await likers(dora)).toEqual([dora.did, cleo.did]);
  expect(await sharers(dora)).toEqual([bob.did, cleo.did]);
  expect(await sharers(ann)).toEqual([cleo.did]);
  await ann.erase(block);
  const mine = await cleo.block(dora);
  expect(await likers(cleo)).toEqual([cleo.did, bob.did]);
  expect(await likers(ann)).toEqual([dora.did, cleo.did, bob.did]);
  await cleo.erase(mine);
});

test("an author's feed: each filter, the pin once and first, page by page", async () => {
  const feed = async (params: Record<string, string>, actor = ann.member.handle) =>
    dora.get("app.bsky.feed.getAuthorFeed", { actor, ...params });
  const by = async (filter: string) => named((await feed({ filter })).feed);
  expect(await by("posts_with_replies")).toEqual(["film", "picture", "thanks", "more", "root", "old"]);
  expect(await by("posts_no_replies")).toEqual(["film", "picture", "root", "old"]);
  expect(await by("posts_with_media")).toEqual(["picture"]);
  expect(await by("posts_with_video")).toEqual(["film"]);
  // Her own thread, unbroken, without her replies to others.
  expect(await by("posts_and_author_threads")).toEqual(["film", "picture", "more", "root", "old"]);
  expect(named((await feed({}, bob.did)).feed)).toEqual(["bob: root", "answer"]);

  await ann.write("app.bsky.actor.profile", { displayName: "ann", pinnedPost: strong("root") }, "self");
  const pinned = await feed({ filter: "posts_no_replies", includePins: "true", limit: "3" });
  expect(named(pinned.feed)).toEqual(["root", "film", "picture"]);
  expect(pinned.feed[0].reason).toEqual({ $type: "app.bsky.feed.defs#reasonPin" });
  const rest = await feed({ filter: "posts_no_replies", includePins: "true", cursor: pinned.cursor });
  expect(named(rest.feed)).toEqual(["old"]);
});

test("an author's feed: of whom one mutes, whom one blocks, and who is gone", async () => {
  const params = { actor: bob.did };
  const feed = async (who: Person) => named((await who.get("app.bsky.feed.getAuthorFeed", params)).feed);
  await dora.do("app.bsky.graph.muteActor", { actor: ann.did });
  expect(await feed(dora)).toEqual(["answer"]);
  await dora.do("app.bsky.graph.muteActor", params);
  expect(await feed(dora)).toContain("answer");
  for (const { did } of [ann, bob]) await dora.do("app.bsky.graph.unmuteActor", { actor: did });

  const block = await cleo.block(bob);
  expect(await cleo.refused("app.bsky.feed.getAuthorFeed", { params })).toMatch(/^400 BlockedActor/);
  const back = { params: { actor: cleo.did } };
  expect(await bob.refused("app.bsky.feed.getAuthorFeed", back)).toMatch(/^400 BlockedByActor/);
  expect(await feed(dora)).toEqual(["bob: root", "answer"]);
  await cleo.erase(block);
  expect(await dora.refused("app.bsky.feed.getAuthorFeed", { params: { actor: "nobody.test" } })).toBe(
    "400 InvalidRequest: Profile not found",
  );
});

/** A thread as nested names; posts that may not be seen appear as the kind of their placeholder. */
function shapeOf(thread: View): View {
  if (thread.post === undefined) return thread.$type.split("#")[1];
  const replies = thread.replies?.map(shapeOf) ?? [];
  return replies.length === 0 ? nameOf(thread.post.uri) : [nameOf(thread.post.uri), ...replies];
}

test("a thread: up, down and as deep as asked; blocks between others and one's own", async () => {
  const read = async (name: string, who?: Person, more: Record<string, string> = {}) => {
    const params = { uri: uri(name), ...more };
    return (
      await (who
        ? who.get("app.bsky.feed.getPostThread", params)
        : anyone("app.bsky.feed.getPostThread", params))
    ).thread;
  };
  const whole = ["root", ["answer", "aside", "thanks"], "more"];
  expect(shapeOf(await read("root"))).toEqual(whole);
  expect(shapeOf(await read("root", dora, { depth: "1" }))).toEqual(["root", "answer", "more"]);
  const up = await read("thanks", dora);
  expect([shapeOf(up), nameOf(up.parent.post.uri), nameOf(up.parent.parent.post.uri)]).toEqual([
    "thanks",
    "answer",
    "root",
  ]);
  expect((await read("thanks", dora, { parentHeight: "1" })).parent.parent).toBeUndefined();

  // Nobody can read cleo's reply to bob any more, and she cannot read his.
  const block = await bob.block(cleo);
  expect(shapeOf(await read("root", dora))).toEqual(["root", ["answer", "thanks"], "more"]);
  expect(shapeOf(await read("answer", cleo))).toBe("blockedPost");
  const cut = await read("aside", dora);
  expect(shapeOf(cut.parent)).toBe("blockedPost");
  await bob.erase(block);
  expect(shapeOf(await read("root", dora))).toEqual(whole);
});

test("a thread: who was not asked stays out of it, and what is deleted leaves a gap", async () => {
  const read = async (name: string) =>
    (await bob.get("app.bsky.feed.getPostThread", { uri: uri(name) })).thread;
  at.closed = await ann.post("for those I follow");
  const allow = [{ $type: "app.bsky.feed.threadgate#followingRule" }];
  const rkey = uri("closed").split("/").at(-1);
  await ann.write("app.bsky.feed.threadgate", { post: uri("closed"), allow }, rkey);
  at.uninvited = await bob.reply("let me in", ref("closed"));
  at.own = await ann.reply("between us", ref("closed"));
  at.last = await ann.reply("and the end", ref("own"), ref("closed"));
  expect(shapeOf(await read("closed"))).toEqual(["closed", ["own", "last"]]);
  expect((await read("closed")).post).toMatchObject({ replyCount: 1, viewer: { replyDisabled: true } });
  const apart = await read("uninvited");
  expect([shapeOf(apart), apart.parent]).toEqual(["uninvited", undefined]);
  await ann.erase(ref("own"));
  expect(shapeOf(await read("closed"))).toBe("closed");
  expect(shapeOf((await read("last")).parent)).toBe("notFoundPost");
  const gone = { params: { uri: uri("own") } };
  expect(await bob.refused("app.bsky.feed.getPostThread", gone)).toMatch(/^400 NotFound: Post not found/);
});

test("a timeline: one's own and those one follows, less whom one mutes and what a block stands before", async () => {
  const timeline = async () => named((await dora.get("app.bsky.feed.getTimeline")).feed);
  at.dull = await bob.reply("well said", ref("aside"), ref("root"));
  at.duller = await ann.reply("is it?", ref("dull"), ref("root"));
  at.mine = await dora.post("I am here too");
  const all = [
    "mine",
    "duller",
    "dull",
    "last",
    "uninvited",
    "closed",
    "bob: root",
    "film",
    "picture",
    "thanks",
    "answer",
  ];
  const without = (...names: string[]) => all.filter((name) => !names.includes(name));
  const first = async () => (await timeline()).filter((name) => all.includes(name));
  expect(await first()).toEqual(all);
  await dora.do("app.bsky.graph.muteActor", { actor: bob.did, onlyReposts: true });
  expect(await first()).toEqual(without("bob: root"));
  await dora.do("app.bsky.graph.muteActor", { actor: bob.did });
  expect(await first()).toEqual(without("bob: root", "dull", "uninvited", "answer"));
  await dora.do("app.bsky.graph.unmuteActor", { actor: bob.did });
  // Replies to someone behind a block are removed, and so are replies to those.
  const block = await dora.block(cleo);
  expect(await first()).toEqual(without("duller", "dull"));
  await dora.erase(block);
  expect(await first()).toEqual(all);
});
