import { beforeAll, expect, test } from "vitest";
import type { Did } from "@atcute/lexicons";
import { AppViewReads } from "../../src/appview/reads/view-context.ts";
import { getAuthorFeed } from "../../src/appview/reads/methods/feed/get-author-feed.ts";
import { getFollowers, getFollows } from "../../src/appview/reads/methods/graph/get-follows.ts";
import { getLikes } from "../../src/appview/reads/methods/feed/get-likes.ts";
import { getPosts } from "../../src/appview/reads/methods/feed/get-posts.ts";
import { getPostThread } from "../../src/appview/reads/methods/feed/get-post-thread.ts";
import { getProfile, getProfiles } from "../../src/appview/reads/methods/actor/get-profile.ts";
import { getTimeline } from "../../src/appview/reads/methods/feed/get-timeline.ts";
import {
  getUnreadCount,
  listNotifications,
  updateSeen,
} from "../../src/appview/reads/methods/notification/notifications.ts";
import { searchActorsTypeahead } from "../../src/appview/reads/methods/actor/search-actors.ts";
import { bindings, Community, counting, HOST, type Ref } from "../support/community.ts";

const index = counting(bindings.APPVIEW_DB);
const reads = new AppViewReads({ APPVIEW_DB: index.db, DIRECTORY: bindings.DIRECTORY }, HOST);
const town = new Community();
const as = (name: string) => reads.on(town.did(name));
const anyone = reads.on(null);
const at: Record<string, Ref> = {};

beforeAll(async () => {
  town.join("ann", "bob", "cleo", "dora", "eve", "finn");
  at.profile = town.profile("ann", {
    displayName: "Ann",
    description: "first",
    website: "http://ann.example",
    avatar: {
      $type: "blob",
      ref: { $link: "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku" },
      mimeType: "image/png",
      size: 1,
    },
  });
  town.profile("bob", {
    displayName: "Bob",
    labels: { $type: "com.atproto.label.defs#selfLabels", values: [{ val: "silly" }] },
  });
  for (const [who, whom] of [
    ["ann", "bob"],
    ["bob", "ann"],
    ["cleo", "ann"],
    ["cleo", "bob"],
    ["dora", "ann"],
    ["dora", "cleo"],
  ] as const) {
    at[`${who}>${whom}`] = town.follow(who, whom);
  }
  at.root = town.post("ann", "hello world");
  at.reply = town.reply("bob", "hi ann", at.root);
  at.deep = town.reply("cleo", "hi both", at.reply, at.root);
  at.other = town.reply("dora", "another", at.root);
  at.quote = town.quote("cleo", "look at this", at.root);
  at.quoteOfQuote = town.quote("dora", "and this", at.quote);
  at.like = town.like("bob", at.root);
  at.like2 = town.like("cleo", at.root);
  at.repost = town.repost("bob", at.quote);
  at.mention = town.post("eve", "hey @ann", town.mention("ann"));
  at.ownLike = town.like("ann", at.reply);
  await town.index();
});

test("a profile: counts, names, pictures, how the viewer stands to it", async () => {
  index.reset();
  const profile = await getProfile(as("cleo"), { actor: "ANN.test" });
  expect(index.cost.trips).toBe(2);
  expect(profile).toMatchObject({
    did: town.did("ann"),
    handle: "ann.test",
    displayName: "Ann",
    description: "first",
    followersCount: 3,
    followsCount: 1,
    postsCount: 1,
    associated: {
      lists: 0,
      feedgens: 0,
      starterPacks: 0,
      labeler: false,
      activitySubscription: { allowSubscriptions: "followers" },
    },
    viewer: { muted: false, blockedBy: false, following: at["cleo>ann"]?.uri },
    labels: [],
  });
  expect(profile.website).toBeUndefined();
  expect(profile.avatar).toBe(
    `https://atoll.test/img/avatar/plain/${town.did("ann")}/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku@jpeg`,
  );
  expect(profile.viewer?.knownFollowers).toMatchObject({ count: 1, followers: [{ did: town.did("bob") }] });
  const self = await getProfile(as("ann"), { actor: town.did("ann") });
  expect(self.viewer).toMatchObject({ muted: false, blockedBy: false });
  expect((await getProfile(anyone, { actor: "bob.test" })).labels).toMatchObject([
    { val: "silly", src: town.did("bob") },
  ]);
  await expect(getProfile(anyone, { actor: "nobody.test" })).rejects.toMatchObject({
    error: "InvalidRequest",
    message: "Profile not found",
  });
});

test("profiles come in the order asked for, without those that nobody is", async () => {
  const { profiles } = await getProfiles(anyone, { actors: ["bob.test", "nobody.test", town.did("ann")] });
  expect(profiles.map(({ handle }) => handle)).toEqual(["bob.test", "ann.test"]);
});

test("posts: record verbatim, counts, the viewer's own like and repost, quotes two deep", async () => {
  index.reset();
  const { posts } = await getPosts(as("bob"), {
    uris: [at.root, at.quoteOfQuote].flatMap((ref) => ref?.uri ?? []),
  });
  expect(index.cost.trips).toBe(2);
  expect(posts[0]).toMatchObject({
    uri: at.root?.uri,
    record: { $type: "app.bsky.feed.post", text: "hello world" },
    likeCount: 2,
    replyCount: 2,
    quoteCount: 1,
    repostCount: 0,
    bookmarkCount: 0,
    viewer: { like: at.like?.uri, bookmarked: false, threadMuted: false, embeddingDisabled: false },
  });
  expect(posts[1]?.embed).toMatchObject({
    $type: "app.bsky.embed.record#view",
    record: {
      $type: "app.bsky.embed.record#viewRecord",
      uri: at.quote?.uri,
      embeds: [{ $type: "app.bsky.embed.record#view", record: { uri: at.root?.uri } }],
    },
  });
});

test("a timeline: own and followed, reposts with their reason, replies with what they answer", async () => {
  index.reset();
  const { feed } = await getTimeline(as("ann"), { limit: 50 });
  expect(index.cost.trips).toBe(3);
  expect(feed.map(({ post, reason }) => [post.uri, reason?.$type])).toEqual([
    [at.quote?.uri, "app.bsky.feed.defs#reasonRepost"],
    [at.reply?.uri, undefined],
    [at.root?.uri, undefined],
  ]);
  expect(feed[0]?.reason).toMatchObject({ by: { handle: "bob.test" }, uri: at.repost?.uri });
  expect(feed[1]?.reply).toMatchObject({
    root: { $type: "app.bsky.feed.defs#postView", uri: at.root?.uri },
    parent: { $type: "app.bsky.feed.defs#postView", uri: at.root?.uri },
  });
});

test("a timeline pages through everything once", async () => {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await getTimeline(as("cleo"), { limit: 1, cursor });
    seen.push(...page.feed.map(({ post, reason }) => `${post.uri} ${reason?.$type ?? ""}`));
    cursor = page.cursor;
  } while (cursor !== undefined);
  const whole = await getTimeline(as("cleo"), { limit: 100 });
  expect(seen).toEqual(whole.feed.map(({ post, reason }) => `${post.uri} ${reason?.$type ?? ""}`));
  expect(new Set(seen).size).toBe(seen.length);
  await expect(getTimeline(as("cleo"), { limit: 1, cursor: "nonsense" })).rejects.toMatchObject({
    message: "Malformed cursor",
  });
});

test("an author's feed under each filter", async () => {
  const feed = async (actor: string, filter: string) =>
    (await getAuthorFeed(anyone, { actor, limit: 50, filter, includePins: false })).feed.map(
      ({ post }) => post.uri,
    );
  expect(await feed("bob.test", "posts_with_replies")).toEqual([at.quote?.uri, at.reply?.uri]);
  expect(await feed("bob.test", "posts_no_replies")).toEqual([at.quote?.uri]);
  expect(await feed("bob.test", "posts_and_author_threads")).toEqual([at.quote?.uri]);
  expect(await feed(town.did("cleo"), "posts_with_media")).toEqual([]);
  await expect(feed("nobody.test", "posts_with_replies")).rejects.toMatchObject({
    message: "Profile not found",
  });
});

test("a thread, from the middle: parents above, replies below, newest first", async () => {
  index.reset();
  const { thread } = await getPostThread(as("dora"), {
    uri: at.reply?.uri ?? "at://did:plc:x",
    depth: 6,
    parentHeight: 80,
  });
  expect(index.cost.trips).toBe(2);
  expect(thread).toMatchObject({
    $type: "app.bsky.feed.defs#threadViewPost",
    post: { uri: at.reply?.uri },
    parent: { post: { uri: at.root?.uri } },
    replies: [{ post: { uri: at.deep?.uri }, replies: [] }],
    threadContext: { rootAuthorLike: at.ownLike?.uri },
  });
  const whole = await getPostThread(anyone, {
    uri: at.root?.uri ?? "at://did:plc:x",
    depth: 1,
    parentHeight: 80,
  });
  expect(whole.thread).toMatchObject({
    replies: [{ post: { uri: at.other?.uri } }, { post: { uri: at.reply?.uri } }],
  });
  expect("replies" in whole.thread && whole.thread.replies?.[0]).not.toHaveProperty("replies.0");
  const byHandle = at.root?.uri.replace(town.did("ann"), "ann.test") as `at://${Did}`;
  expect((await getPostThread(anyone, { uri: byHandle, depth: 0, parentHeight: 0 })).thread).toMatchObject({
    post: { uri: at.root?.uri },
  });
  await expect(
    getPostThread(anyone, { uri: `${at.root?.uri}x` as `at://${Did}`, depth: 6, parentHeight: 80 }),
  ).rejects.toMatchObject({ error: "NotFound" });
});

test("followers and follows, newest first, page by page", async () => {
  index.reset();
  const followers = await getFollowers(anyone, { actor: "ann.test", limit: 2 });
  expect(index.cost.trips).toBe(2);
  expect(followers).toMatchObject({
    subject: { handle: "ann.test" },
    followers: [{ handle: "dora.test" }, { handle: "cleo.test" }],
  });
  expect(await getFollowers(anyone, { actor: "ann.test", limit: 2, cursor: followers.cursor })).toMatchObject(
    { followers: [{ handle: "bob.test" }] },
  );
  expect(await getFollows(anyone, { actor: town.did("cleo"), limit: 10 })).toMatchObject({
    follows: [{ handle: "bob.test" }, { handle: "ann.test" }],
  });
  await expect(getFollows(anyone, { actor: "nobody.test", limit: 10 })).rejects.toMatchObject({
    message: "Actor not found: nobody.test",
  });
});

test("likes of a post, newest first", async () => {
  const likes = await getLikes(anyone, { uri: at.root?.uri ?? "at://did:plc:x", limit: 10 });
  expect(likes.likes.map(({ actor }) => actor.handle)).toEqual(["cleo.test", "bob.test"]);
});

test("people by the beginning of handle or name", async () => {
  const found = async (q: string) =>
    (await searchActorsTypeahead(anyone, { q, limit: 10 })).actors.map(({ handle }) => handle);
  expect(await found("an")).toEqual(["ann.test"]);
  expect(await found("@BOB.te")).toEqual(["bob.test"]);
  expect(await found("zzz")).toEqual([]);
  expect(await found("")).toHaveLength(6);
});

test("notifications: reasons, records, read and unread", async () => {
  index.reset();
  const { notifications } = await listNotifications(as("ann"), { limit: 50 });
  expect(index.cost.trips).toBeLessThanOrEqual(3);
  expect(notifications.map(({ reason, author }) => [reason, author.handle])).toEqual([
    ["mention", "eve.test"],
    ["like", "cleo.test"],
    ["like", "bob.test"],
    ["quote", "cleo.test"],
    ["reply", "dora.test"],
    ["reply", "cleo.test"],
    ["reply", "bob.test"],
    ["follow", "dora.test"],
    ["follow", "cleo.test"],
    ["follow", "bob.test"],
  ]);
  expect(notifications[1]?.record).toEqual({
    $type: "app.bsky.feed.like",
    subject: at.root,
    createdAt: expect.any(String),
  });
  expect(notifications[0]?.isRead).toBe(false);
  expect(await getUnreadCount(as("ann"), {})).toEqual({ count: 10 });
  await town.house();
  await updateSeen(as("ann"), { seenAt: notifications[3]?.indexedAt ?? "" });
  expect(await getUnreadCount(as("ann"), {})).toEqual({ count: 3 });
  const likes = await listNotifications(as("ann"), { limit: 50, reasons: ["like"] });
  expect(likes.notifications).toHaveLength(2);
  await expect(
    listNotifications(as("ann"), { limit: 5, seenAt: "2024-01-01T00:00:00Z" }),
  ).rejects.toMatchObject({ error: "InvalidRequest" });
});

test("blocks hide both ways, and third parties' replies and quotes between them", async () => {
  const block = town.block("dora", "ann");
  await town.index();
  await expect(
    getAuthorFeed(as("dora"), {
      actor: "ann.test",
      limit: 5,
      filter: "posts_with_replies",
      includePins: false,
    }),
  ).rejects.toMatchObject({ error: "BlockedActor" });
  await expect(
    getAuthorFeed(as("ann"), {
      actor: "dora.test",
      limit: 5,
      filter: "posts_with_replies",
      includePins: false,
    }),
  ).rejects.toMatchObject({ error: "BlockedByActor" });
  const { thread } = await getPostThread(anyone, {
    uri: at.root?.uri ?? "at://did:plc:x",
    depth: 6,
    parentHeight: 80,
  });
  expect(thread).toMatchObject({ replies: [{ post: { uri: at.reply?.uri } }] });
  expect(
    (await getPostThread(as("dora"), { uri: at.root?.uri ?? "at://did:plc:x", depth: 6, parentHeight: 80 }))
      .thread,
  ).toMatchObject({
    $type: "app.bsky.feed.defs#blockedPost",
    author: { did: town.did("ann"), viewer: { blocking: block.uri } },
  });
  expect(
    (await getFollowers(anyone, { actor: "ann.test", limit: 10 })).followers.map(({ handle }) => handle),
  ).toEqual(["cleo.test", "bob.test"]);
  expect((await getPosts(as("dora"), { uris: [at.root?.uri ?? "at://did:plc:x"] })).posts).toEqual([]);
  town.remove(block);
  await town.index();
});

test("mutes take authors out of timelines and notifications, and show on profiles", async () => {
  const directory = bindings.DIRECTORY;
  await directory
    .prepare("INSERT INTO actor_mute (did, subject_did, created_at) VALUES (?1, ?2, '2026-01-01')")
    .bind(town.did("ann"), town.did("bob"))
    .run();
  const { feed } = await getTimeline(as("ann"), { limit: 50 });
  expect(feed.map(({ post }) => post.uri)).toEqual([at.root?.uri]);
  expect((await getProfile(as("ann"), { actor: "bob.test" })).viewer?.muted).toBe(true);
  const { notifications } = await listNotifications(as("ann"), { limit: 50 });
  expect(notifications.map(({ author }) => author.handle)).not.toContain("bob.test");
  await directory.prepare("DELETE FROM actor_mute").run();
});

test("accounts that are deactivated or taken down are gone from views, and named where they are asked for", async () => {
  town.status("cleo", "deactivated");
  await town.index();
  await expect(getProfile(anyone, { actor: "cleo.test" })).rejects.toMatchObject({
    error: "AccountDeactivated",
  });
  expect(
    (await getPosts(anyone, { uris: [at.quoteOfQuote?.uri ?? "at://did:plc:x"] })).posts[0]?.embed,
  ).toMatchObject({ record: { $type: "app.bsky.embed.record#viewNotFound" } });
  town.status("cleo", "takendown");
  await town.index();
  await expect(getProfile(anyone, { actor: "cleo.test" })).rejects.toMatchObject({
    error: "AccountTakedown",
  });
  town.status("cleo", "active");
  await town.index();
  expect((await getProfile(anyone, { actor: "cleo.test" })).handle).toBe("cleo.test");
});
