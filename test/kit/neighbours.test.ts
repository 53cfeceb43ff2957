/** Two communities that see each other, host to host: no relay, nothing believed that is not signed. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestNetwork, type TestNetwork } from "../../tools/kit/index.ts";

let network: TestNetwork;

beforeAll(async () => {
  network = await createTestNetwork({ hosts: ["north", "south"], vars: { NEIGHBOURS: "known" } });
  await network.account("alice");
  await network.account("bob", { host: "south" });
}, 60_000);
afterAll(() => network.dispose());

const hear = async () => {
  await network.settle();
  return network.host("north").hearNeighbours();
};
const did = (name: string) => network.agent(name).did ?? "";
const timeline = async () => {
  const { data } = await network.agent("alice").getTimeline();
  return data.feed.map(({ post }) => (post.record as { text: string }).text);
};

test("a host hears nobody while its members follow nobody elsewhere", async () => {
  await network.agent("bob").post({ text: "before anybody listened" });
  expect(await hear()).toEqual({ hosts: 0, events: 0, invalid: 0 });
});

test("whom a member follows elsewhere is in their timeline, with what they wrote lately", async () => {
  await network.agent("alice").follow(did("bob"));
  await hear();
  expect(await timeline()).toEqual(["before anybody listened"]);
  const { data } = await network.agent("alice").getProfile({ actor: did("bob") });
  expect(data).toMatchObject({ handle: "bob.south.test", postsCount: 1, followersCount: 1 });
});

test("a post is there after one round, once, and gone after the next if it is deleted", async () => {
  const { uri } = await network.agent("bob").post({ text: "fresh from the south" });
  expect(await hear()).toEqual({ hosts: 1, events: 1, invalid: 0 });
  expect(await timeline()).toEqual(["fresh from the south", "before anybody listened"]);
  expect(await hear()).toEqual({ hosts: 1, events: 0, invalid: 0 });
  await network.agent("bob").deletePost(uri);
  expect(await hear()).toMatchObject({ events: 1 });
  expect(await timeline()).toEqual(["before anybody listened"]);
});

test("an answer to a member's post tells them, and is in the thread", async () => {
  const { uri, cid } = await network.agent("alice").post({ text: "who hears me?" });
  await network.settle();
  const ref = { uri, cid };
  await network.agent("bob").post({ text: "I do", reply: { root: ref, parent: ref } });
  await hear();
  const told = await network.notification("alice", ({ reason }) => reason === "reply");
  expect(told).toMatchObject({ author: { handle: "bob.south.test" }, record: { text: "I do" } });
  const { data } = await network.agent("alice").getPostThread({ uri });
  expect(data.thread).toMatchObject({
    post: { replyCount: 1 },
    replies: [{ post: { record: { text: "I do" } } }],
  });
});

test("somebody whom nobody here follows is heard of when they like, follow or answer a member, and not else", async () => {
  await network.account("carol", { host: "south" });
  const carol = network.agent("carol");
  const { data: feed } = await network.agent("alice").getAuthorFeed({ actor: did("alice") });
  const post = feed.feed.find(({ post: { author } }) => author.did === did("alice"))?.post;
  await carol.post({ text: "about nobody in the north" });
  const { uri: like } = await carol.like(post?.uri ?? "", post?.cid ?? "");
  await carol.follow(did("alice"));
  expect(await hear()).toMatchObject({ events: 2, invalid: 0 });
  const liked = await network.notification("alice", ({ reason }) => reason === "like");
  expect(liked.author.handle).toBe("carol.south.test");
  const likes = async () =>
    (await network.agent("alice").getPosts({ uris: [post?.uri ?? ""] })).data.posts[0]?.likeCount;
  expect(await likes()).toBe(1);
  const kept = "SELECT count(*) AS posts FROM post WHERE author = ?";
  expect(await network.host("north").query("APPVIEW_DB", kept, did("carol"))).toEqual([{ posts: 0 }]);
  // What was counted is taken back.
  await carol.deleteLike(like);
  expect(await hear()).toMatchObject({ events: 1 });
  expect(await likes()).toBe(0);
});

test("either host is killed, and nothing is lost or counted twice", async () => {
  await network.agent("bob").post({ text: "before the crash" });
  await network.settle();
  const interrupted = network
    .host("north")
    .hearNeighbours()
    .catch(() => null);
  await network.crash("north");
  await interrupted;
  await network.agent("bob").post({ text: "between" });
  await network.crash("south");
  await network.agent("bob").post({ text: "after the crash" });
  await hear();
  expect(await timeline()).toEqual([
    "after the crash",
    "between",
    "before the crash",
    "I do",
    "who hears me?",
    "before anybody listened",
  ]);
  const { data } = await network.agent("alice").getProfile({ actor: did("bob") });
  expect(data.postsCount).toBe(5);
});

test("a host that says it has news is heard at once, and one that nobody asked about is only noted", async () => {
  const south = new URL(network.host("south").url).host;
  const ask = (hostname: string) =>
    network.host("north").xrpc("com.atproto.sync.requestCrawl", { input: { hostname } });
  await network.agent("bob").post({ text: "news" });
  await network.settle();
  // It was heard a moment ago; half a minute later it may be heard again.
  await network.clock.advance(31_000);
  await ask(south);
  await expect.poll(timeline, { timeout: 10_000 }).toContain("news");
  await ask("localhost:1");
  for (const hostname of ["not a host", "http://localhost:1", "10.0.0.1", "user@localhost"])
    await expect(ask(hostname), hostname).rejects.toMatchObject({ error: "InvalidRequest" });
});

test("an account that is switched off at home is not shown, and is again when it is back", async () => {
  const bob = network.agent("bob");
  await bob.com.atproto.server.deactivateAccount({});
  await hear();
  expect(await timeline()).toEqual(["who hears me?"]);
  await bob.com.atproto.server.activateAccount();
  await hear();
  expect((await timeline()).length).toBe(7);
});

test("a new name counts once it leads both ways", async () => {
  await network.agent("bob").com.atproto.identity.updateHandle({ handle: "bobby.south.test" });
  await hear();
  const { data } = await network.agent("alice").getProfile({ actor: did("bob") });
  expect(data.handle).toBe("bobby.south.test");
});
