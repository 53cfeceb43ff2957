/**
 * What a member does in their ten minutes with a client (`client-session.test.ts`). The next read shows each
 * change, to the member and to everyone concerned.
 */
import type { AppBskyFeedDefs } from "@atproto/api";
import { BlobRef } from "@atproto/api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drawPicture } from "../../tools/seed/picture.ts";
import { type TestNetwork, createTestNetwork } from "../../tools/kit/index.ts";
import { tidFromMicros } from "../../src/protocol/tid.ts";
import { DOING } from "./client/called.ts";
import { type ClientMember, appviewOf, openClient } from "./client/member.ts";

let network: TestNetwork;
let ada: ClientMember;
let ben: ClientMember;
let cleo: ClientMember;

beforeAll(async () => {
  network = await createTestNetwork({
    platform: "free",
    seed: {
      accounts: [{ name: "ada" }, { name: "ben", displayName: "Ben" }, { name: "cleo" }],
      follows: { ada: ["ben", "cleo"], ben: ["ada", "cleo"], cleo: ["ada"] },
      posts: [
        { id: "calm", by: "ben", text: "A calm morning", minutesAgo: 60 },
        { id: "wind", by: "cleo", text: "Wind from the west", minutesAgo: 50 },
        { id: "answer", by: "cleo", text: "Calm here too", minutesAgo: 40, replyTo: "calm" },
      ],
    },
  });
  [ada, ben, cleo] = await Promise.all([
    openClient(network, "ada"),
    openClient(network, "ben"),
    openClient(network, "cleo"),
  ]);
}, 60_000);
afterAll(() => network.dispose());

let keys = 0;
/** Makes record keys as the client does. */
const newKey = () => tidFromMicros(Date.now() * 1000 + keys++, 0);

const now = () => new Date().toISOString();
const rkeyOf = (uri: string) => uri.split("/").at(-1) ?? "";
const textOf = ({ record }: AppBskyFeedDefs.PostView) => (record as { text: string }).text;
const postOf = async ({ agent }: ClientMember, uri: string) =>
  (await agent.getPosts({ uris: [uri] })).data.posts[0];
const timelineOf = async ({ agent }: ClientMember) =>
  (await agent.getTimeline({ limit: 30 })).data.feed.map(({ post }) => textOf(post));
const postBy = async (client: ClientMember, text: string) => {
  const { data } = await client.agent.getAuthorFeed({ actor: client.handle, limit: 30 });
  const found = data.feed.find(({ post }) => textOf(post) === text)?.post;
  if (found === undefined) throw new Error(`${client.handle} never said: ${text}`);
  return found;
};

describe("posting", () => {
  /** Writes as one batch: the post, who may reply to it, and who may quote it. */
  async function compose(
    client: ClientMember,
    value: object,
    gates: { $type: string; [field: string]: unknown }[] = [],
  ): Promise<string> {
    const rkey = newKey();
    const uri = `at://${client.did}/app.bsky.feed.post/${rkey}`;
    const records: { $type: string; [field: string]: unknown }[] = [
      { $type: "app.bsky.feed.post", createdAt: now(), langs: ["en"], ...value },
      ...gates,
    ];
    await client.agent.com.atproto.repo.applyWrites({
      repo: client.did,
      validate: true,
      writes: records.map((record) => ({
        $type: "com.atproto.repo.applyWrites#create" as const,
        collection: record.$type,
        rkey,
        value: "post" in record ? { ...record, post: uri } : record,
      })),
    });
    return uri;
  }

  test("with a picture, and with a gate that keeps others out", async () => {
    const bytes = drawPicture("the pier", 80, 60).bytes;
    const { data } = await ada.agent.uploadBlob(new Blob([Uint8Array.from(bytes)], { type: "image/png" }));
    expect(data.blob).toBeInstanceOf(BlobRef);
    const images = [{ image: data.blob, alt: "the pier", aspectRatio: { width: 80, height: 60 } }];
    const uri = await compose(ada, { text: "The pier", embed: { $type: "app.bsky.embed.images", images } }, [
      { $type: "app.bsky.feed.threadgate", post: "", createdAt: now(), allow: [] },
      {
        $type: "app.bsky.feed.postgate",
        post: "",
        createdAt: now(),
        embeddingRules: [{ $type: "app.bsky.feed.postgate#disableRule" }],
      },
    ]);
    expect((await timelineOf(ada))[0]).toBe("The pier");
    expect((await timelineOf(ben))[0]).toBe("The pier");
    expect(await postOf(ben, uri)).toMatchObject({
      embed: { $type: "app.bsky.embed.images#view", images: [{ alt: "the pier" }] },
      threadgate: { record: { allow: [] } },
      viewer: { replyDisabled: true, embeddingDisabled: true },
    });
    const record = await ada.agent.com.atproto.repo.getRecord({
      repo: ada.did,
      collection: "app.bsky.feed.post",
      rkey: rkeyOf(uri),
    });
    expect(record.data.value).toMatchObject({ text: "The pier" });
  });

  test("an answer and a quote, of which the author is told; and away again", async () => {
    const calm = await postBy(ben, "A calm morning");
    const subject = { uri: calm.uri, cid: calm.cid };
    const reply = await compose(ada, { text: "Here too", reply: { root: subject, parent: subject } });
    const quote = await compose(ada, {
      text: "What he says",
      embed: { $type: "app.bsky.embed.record", record: subject },
    });
    expect(await postOf(ada, calm.uri)).toMatchObject({ replyCount: 2, quoteCount: 1 });
    const { data } = await ben.agent.listNotifications({ limit: 30 });
    expect(new Map(data.notifications.slice(0, 2).map(({ reason, uri }) => [reason, uri]))).toEqual(
      new Map([
        ["quote", quote],
        ["reply", reply],
      ]),
    );
    const { data: thread } = await ben.agent.app.bsky.unspecced.getPostThreadV2({
      anchor: calm.uri,
      below: 4,
      sort: "oldest",
    });
    expect(thread.thread.map(({ uri }) => uri)).toContain(reply);
    await ada.agent.deletePost(quote);
    expect(await postOf(ben, quote)).toBeUndefined();
    expect(await postOf(ada, calm.uri)).toMatchObject({ replyCount: 2, quoteCount: 0 });
  });

  test("likes, shares, and takes both back", async () => {
    const { uri, cid } = await postBy(cleo, "Wind from the west");
    const like = await ada.agent.like(uri, cid);
    const repost = await ada.agent.repost(uri, cid);
    const shown = { likeCount: 1, repostCount: 1, viewer: { like: like.uri, repost: repost.uri } };
    expect(await postOf(ada, uri)).toMatchObject(shown);
    const liked = await ada.agent.app.bsky.feed.getActorLikes({ actor: ada.did, limit: 30 });
    expect(liked.data.feed.map(({ post }) => post.uri)).toEqual([uri]);
    await ada.agent.deleteLike(like.uri);
    await ada.agent.deleteRepost(repost.uri);
    const after = await postOf(ada, uri);
    expect(after).toMatchObject({ likeCount: 0, repostCount: 0 });
    expect(after?.viewer?.like).toBeUndefined();
  });

  test("pins a post, which comes first then", async () => {
    const uri = await compose(ada, { text: "Who I am" });
    await compose(ada, { text: "Something newer" });
    const { cid = "" } = (await postOf(ada, uri)) ?? {};
    await ada.agent.upsertProfile((existing) => ({ ...existing, pinnedPost: { uri, cid } }));
    const { data } = await ben.agent.getAuthorFeed({ actor: ada.did, includePins: true, limit: 30 });
    expect(data.feed[0]).toMatchObject({ post: { uri }, reason: { $type: "app.bsky.feed.defs#reasonPin" } });
    expect((await ben.agent.getProfile({ actor: ada.did })).data).toMatchObject({ pinnedPost: { uri } });
  });
});

describe("people", () => {
  test("a profile is changed, and everybody sees it", async () => {
    const bytes = drawPicture("ada", 64, 64).bytes;
    const { data } = await ada.agent.uploadBlob(bytes, { encoding: "image/png" });
    await ada.agent.upsertProfile((existing) => ({ ...existing, displayName: "Ada L.", avatar: data.blob }));
    const { data: seen } = await ben.agent.getProfile({ actor: "ada.test" });
    expect(seen).toMatchObject({ displayName: "Ada L.", pinnedPost: {} });
    // In small places the client requests a smaller picture, and derives its URL itself.
    const small = seen.avatar?.replace("/img/avatar/plain/", "/img/avatar_thumbnail/plain/");
    for (const address of [seen.avatar ?? "", small ?? "", seen.avatar ?? ""]) {
      const picture = await fetch(address);
      expect([picture.status, picture.headers.get("content-type")?.split("/")[0]]).toEqual([200, "image"]);
      expect((await picture.arrayBuffer()).byteLength).toBeGreaterThan(100);
    }
  });

  test("followed and left, muted and not", async () => {
    const { agent } = ada;
    const viewer = async () => (await agent.getProfile({ actor: ben.did })).data.viewer;
    await agent.deleteFollow((await viewer())?.following ?? "");
    expect((await viewer())?.following).toBeUndefined();
    expect(await timelineOf(ada)).not.toContain("A calm morning");
    const { uri } = await agent.follow(ben.did);
    expect(await viewer()).toMatchObject({ following: uri, followedBy: expect.any(String) });
    expect(await timelineOf(ada)).toContain("A calm morning");
    await agent.mute(ben.did);
    expect(await viewer()).toMatchObject({ muted: true });
    expect((await agent.app.bsky.graph.getMutes({ limit: 30 })).data.mutes.map(({ did }) => did)).toEqual([
      ben.did,
    ]);
    expect(await timelineOf(ada)).not.toContain("A calm morning");
    await agent.unmute(ben.did);
    expect(await viewer()).toMatchObject({ muted: false });
  });

  test("blocked: neither sees the other", async () => {
    const { block } = ada.agent.app.bsky.graph;
    const { uri } = await block.create({ repo: ada.did }, { subject: cleo.did, createdAt: now() });
    const { data: blocks } = await ada.agent.app.bsky.graph.getBlocks({ limit: 30 });
    expect(blocks.blocks.map(({ did }) => did)).toEqual([cleo.did]);
    expect((await cleo.agent.getProfile({ actor: ada.did })).data.viewer).toMatchObject({ blockedBy: true });
    await expect(ada.agent.getAuthorFeed({ actor: cleo.did })).rejects.toMatchObject({
      error: "BlockedActor",
    });
    expect(await timelineOf(cleo)).not.toContain("Who I am");
    await block.delete({ repo: ada.did, rkey: rkeyOf(uri) });
    expect((await ada.agent.app.bsky.graph.getBlocks({ limit: 30 })).data.blocks).toEqual([]);
    expect(await timelineOf(cleo)).toContain("Who I am");
  });

  test("a list to read, and a list to mute and to block", async () => {
    const { graph, feed } = ada.agent.app.bsky;
    const create = async (kind: string) => {
      const record = { purpose: `app.bsky.graph.defs#${kind}`, name: `My ${kind}`, createdAt: now() };
      const { uri } = await graph.list.create({ repo: ada.did }, record);
      await graph.listitem.create({ repo: ada.did }, { list: uri, subject: cleo.did, createdAt: now() });
      return uri;
    };
    const [reading, moderation] = [await create("curatelist"), await create("modlist")];
    const { data } = await graph.getLists({ actor: ada.did, limit: 30 });
    expect(data.lists.map(({ uri }) => uri).toSorted()).toEqual([reading, moderation].toSorted());
    const { data: members } = await graph.getList({ list: reading, limit: 30 });
    expect(members.items.map(({ subject }) => subject.did)).toEqual([cleo.did]);
    const { data: read } = await feed.getListFeed({ list: reading, limit: 30 });
    expect(read.feed.map(({ post }) => textOf(post))).toContain("Wind from the west");
    const { data: with_ } = await graph.getListsWithMembership({ actor: cleo.did, limit: 50 });
    expect(with_.listsWithMembership.every(({ listItem }) => listItem?.subject.did === cleo.did)).toBe(true);

    await ada.agent.muteModList(moderation);
    expect((await graph.getListMutes({ limit: 30 })).data.lists.map(({ uri }) => uri)).toEqual([moderation]);
    expect((await ada.agent.getProfile({ actor: cleo.did })).data.viewer).toMatchObject({
      muted: true,
      mutedByList: { uri: moderation },
    });
    await ada.agent.unmuteModList(moderation);
    await ada.agent.blockModList(moderation);
    expect((await graph.getListBlocks({ limit: 30 })).data.lists.map(({ uri }) => uri)).toEqual([moderation]);
    expect((await ada.agent.getProfile({ actor: cleo.did })).data.viewer).toMatchObject({
      blockingByList: { uri: moderation },
    });
    await ada.agent.unblockModList(moderation);
    expect((await graph.getListBlocks({ limit: 30 })).data.lists).toEqual([]);

    // The list is deleted together with its items, as the client does it.
    const items = await ada.agent.com.atproto.repo.listRecords({
      repo: ada.did,
      collection: "app.bsky.graph.listitem",
      limit: 100,
    });
    const writes = [...items.data.records.map(({ uri }) => uri), reading, moderation].map((uri) => ({
      $type: "com.atproto.repo.applyWrites#delete" as const,
      collection: uri.split("/").at(-2) ?? "",
      rkey: rkeyOf(uri),
    }));
    await ada.agent.com.atproto.repo.applyWrites({ repo: ada.did, writes });
    expect((await graph.getLists({ actor: ada.did, limit: 30 })).data.lists).toEqual([]);
    await expect(graph.getList({ list: reading, limit: 30 })).rejects.toMatchObject({ status: 400 });
  });
});

describe("what is nobody else's business", () => {
  test("bookmarks and drafts", async () => {
    const { bookmark, draft } = ada.agent.app.bsky;
    const { uri, cid } = await postBy(ben, "A calm morning");
    await bookmark.createBookmark({ uri, cid });
    expect(await postOf(ada, uri)).toMatchObject({ bookmarkCount: 1, viewer: { bookmarked: true } });
    const { data } = await bookmark.getBookmarks({ limit: 30 });
    expect(data.bookmarks).toMatchObject([{ subject: { uri, cid }, item: { uri } }]);
    await bookmark.deleteBookmark({ uri });
    expect((await bookmark.getBookmarks({ limit: 30 })).data.bookmarks).toEqual([]);
    const { data: made } = await draft.createDraft({ draft: { posts: [{ text: "Half a" }] } });
    await draft.updateDraft({ draft: { id: made.id, draft: { posts: [{ text: "Half a thought" }] } } });
    expect((await draft.getDrafts({ limit: 50 })).data.drafts).toMatchObject([
      { id: made.id, draft: { posts: [{ text: "Half a thought" }] } },
    ]);
    await draft.deleteDraft({ id: made.id });
    expect((await draft.getDrafts({ limit: 50 })).data.drafts).toEqual([]);
  });

  test("a thread that is muted says nothing any more", async () => {
    const { graph } = ben.agent.app.bsky;
    const { uri, cid } = await postBy(ben, "A calm morning");
    await ben.agent.updateSeenNotifications();
    expect((await ben.agent.countUnreadNotifications()).data.count).toBe(0);
    await graph.muteThread({ root: uri });
    expect(await postOf(ben, uri)).toMatchObject({ viewer: { threadMuted: true } });
    const answer = () =>
      cleo.agent.post({ text: "Still?", reply: { root: { uri, cid }, parent: { uri, cid } } });
    await answer();
    expect((await ben.agent.countUnreadNotifications()).data.count).toBe(0);
    await graph.unmuteThread({ root: uri });
    expect((await postOf(ben, uri))?.viewer).toMatchObject({ threadMuted: false });
    await answer();
    expect((await ben.agent.countUnreadNotifications()).data.count).toBeGreaterThan(0);
    await ben.agent.updateSeenNotifications();
    expect((await ben.agent.countUnreadNotifications()).data.count).toBe(0);
  });

  test("preferences, of the app and of what one is told", async () => {
    const { agent } = ada;
    await agent.setAdultContentEnabled(true);
    await agent.addMutedWord({ value: "wind", targets: ["content"], actorTarget: "all" });
    await agent.setFeedViewPrefs("home", { hideReposts: true });
    await agent.setThreadViewPrefs({ sort: "newest" });
    const preferences = await agent.getPreferences();
    expect(preferences).toMatchObject({
      threadViewPrefs: { sort: "newest" },
      feedViewPrefs: { home: { hideReposts: true } },
    });
    expect(preferences.moderationPrefs).toMatchObject({
      adultContentEnabled: true,
      mutedWords: [{ value: "wind" }],
    });
    const { notification } = agent.app.bsky;
    const like = { include: "follows", list: true, push: false };
    await notification.putPreferencesV2({ like });
    expect((await notification.getPreferences()).data.preferences).toMatchObject({ like });
    const subscription = { subject: cleo.did, activitySubscription: { post: true, reply: false } };
    await cleo.agent.com.atproto.repo.putRecord({
      repo: cleo.did,
      collection: "app.bsky.notification.declaration",
      rkey: "self",
      record: { $type: "app.bsky.notification.declaration", allowSubscriptions: "followers" },
    });
    await notification.putActivitySubscription(subscription);
    const { data } = await notification.listActivitySubscriptions({ limit: 100 });
    expect(data.subscriptions.map(({ did }) => did)).toEqual([cleo.did]);
  });

  test("a report, to the host as its labeler", async () => {
    const headers = { "atproto-proxy": appviewOf(network).replace("#bsky_appview", "#atproto_labeler") };
    const { uri, cid } = await postBy(cleo, "Wind from the west");
    const subjects = [
      { $type: "com.atproto.admin.defs#repoRef" as const, did: cleo.did },
      { $type: "com.atproto.repo.strongRef" as const, uri, cid },
    ];
    for (const subject of subjects) {
      const { data } = await ada.agent.createModerationReport(
        { reasonType: "com.atproto.moderation.defs#reasonRude", subject, reason: "loud" },
        { headers, encoding: "application/json" },
      );
      expect(data).toMatchObject({ reportedBy: ada.did, subject });
    }
  });
});

describe("the session", () => {
  test("app passwords are made, listed and taken back", async () => {
    const { server } = ada.agent.com.atproto;
    const { data } = await server.createAppPassword({ name: "tablet", privileged: true });
    expect((await server.listAppPasswords()).data.passwords).toMatchObject([
      { name: "tablet", privileged: true },
    ]);
    expect(data.password).toMatch(/^[a-z0-9]{4}(-[a-z0-9]{4}){3}$/);
    await server.revokeAppPassword({ name: "tablet" });
    expect((await server.listAppPasswords()).data.passwords).toEqual([]);
  });

  test("goes on, refreshed, after a night, and ends when it is ended", async () => {
    await network.clock.advance("9h");
    const mark = ada.browser.exchanges.length;
    expect((await timelineOf(ada)).length).toBeGreaterThan(3);
    const calls = ada.browser.since(mark).map(({ nsid, status }) => [nsid.split(".").at(-1), status]);
    expect(calls).toEqual([
      ["getTimeline", 400],
      ["refreshSession", 200],
      ["getTimeline", 200],
    ]);
    await ada.agent.logout();
    expect(ada.browser.exchanges.at(-1)).toMatchObject({
      nsid: "com.atproto.server.deleteSession",
      status: 200,
    });
  });
});

test("all that such a client does was done; nothing was odd, and nothing refused but what was to be", () => {
  const exchanges = [ada, ben, cleo].flatMap(({ browser }) => browser.since());
  const called = new Set(exchanges.map(({ nsid }) => nsid));
  expect(DOING.filter((nsid) => !called.has(nsid))).toEqual([]);
  const odd = exchanges
    .filter(({ status, problem }) => status !== 200 || problem !== null)
    .map(({ nsid, status, problem }) => `${nsid} ${status} ${problem ?? ""}`.trim());
  expect(odd.toSorted()).toEqual([
    "app.bsky.feed.getAuthorFeed 400",
    "app.bsky.feed.getTimeline 400",
    "app.bsky.graph.getList 400",
    // The client asks for the missing profile before it creates one.
    "com.atproto.repo.getRecord 400",
  ]);
});
