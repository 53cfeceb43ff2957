/** A member's notifications, bookmarks and drafts, as an app asks for them. */
import { beforeAll, expect, test } from "vitest";
import { HOST_DID, xrpc } from "../support/account-host.ts";
import { Person, type View, anyone, didsOf } from "../support/appview-host.ts";

let ann: Person;
let bob: Person;
let cleo: Person;

beforeAll(async () => {
  [ann, bob, cleo] = (await Promise.all(["ann", "bob", "cleo"].map((name) => Person.join(name)))) as [
    Person,
    Person,
    Person,
  ];
}, 60_000);

const told = async (whom: Person, params: Record<string, string> = {}): Promise<string[][]> =>
  (await whom.get("app.bsky.notification.listNotifications", params)).notifications.map((one: View) => [
    one.reason,
    one.author.handle,
  ]);
const unread = async (whom: Person): Promise<number> =>
  (await whom.get("app.bsky.notification.getUnreadCount")).count;

test("a subscriber hears of an author's posts, as long as the author lets them", async () => {
  const subscribe = (post: boolean, reply: boolean) =>
    bob.do("app.bsky.notification.putActivitySubscription", {
      subject: ann.did,
      activitySubscription: { post, reply },
    });
  const before = await ann.post("before anyone listened");
  expect(await subscribe(true, false)).toEqual({
    subject: ann.did,
    activitySubscription: { post: true, reply: false },
  });
  expect(
    await bob.refused("app.bsky.notification.putActivitySubscription", {
      input: { subject: bob.did, activitySubscription: { post: true, reply: true } },
    }),
  ).toBe("400 InvalidRequest: Cannot subscribe to own activity");

  // Only followers are notified, unless the author says otherwise.
  const news = await ann.post("news");
  expect(await told(bob)).toEqual([]);
  await bob.follow(ann);
  await ann.reply("an aside", before);
  await ann.post("an old story", { createdAt: "2020-01-01T00:00:00.000Z" });
  expect(await told(bob)).toEqual([["subscribed-post", "ann.test"]]);
  const [notice] = (await bob.get("app.bsky.notification.listNotifications")).notifications;
  expect(notice).toMatchObject({ uri: news.uri, record: { text: "news" }, isRead: false });
  expect(await unread(bob)).toBe(1);
  expect(await told(bob, { reasons: "like" })).toEqual([]);
  expect(await told(bob, { reasons: "subscribed-post" })).toHaveLength(1);
  const { viewer } = await bob.get("app.bsky.actor.getProfile", { actor: ann.did });
  expect(viewer.activitySubscription).toEqual({ post: true, reply: false });

  await subscribe(true, true);
  await ann.write("app.bsky.notification.declaration", { allowSubscriptions: "mutuals" }, "self");
  expect(await told(bob)).toEqual([]);
  await ann.follow(bob);
  expect(await told(bob)).toEqual([
    ["follow", "ann.test"],
    ["subscribed-post", "ann.test"],
    ["subscribed-post", "ann.test"],
  ]);
  await bob.do("app.bsky.notification.updateSeen", { seenAt: new Date().toISOString() });
  expect(await unread(bob)).toBe(0);

  // A post that mentions the subscriber notifies once, as a mention.
  await ann.post("hey @bob", {
    facets: [
      {
        index: { byteStart: 4, byteEnd: 8 },
        features: [{ $type: "app.bsky.richtext.facet#mention", did: bob.did }],
      },
    ],
  });
  expect((await told(bob))[0]).toEqual(["mention", "ann.test"]);
  expect(await unread(bob)).toBe(1);

  expect(didsOf((await bob.get("app.bsky.notification.listActivitySubscriptions")).subscriptions)).toEqual([
    ann.did,
  ]);
  expect(await subscribe(false, false)).toEqual({ subject: ann.did });
  expect((await bob.get("app.bsky.notification.listActivitySubscriptions")).subscriptions).toEqual([]);
  expect((await told(bob)).map(([reason]) => reason)).toEqual(["mention", "follow"]);
});

test("preferences: everything is on; what is turned off or limited leaves the list", async () => {
  const { preferences } = await ann.get("app.bsky.notification.getPreferences");
  expect(preferences).toMatchObject({
    chat: { include: "all", push: true },
    like: { include: "all", list: true, push: true },
    verified: { list: true, push: true },
  });
  expect(Object.keys(preferences)).toHaveLength(13);
  const post = await ann.post("something to like");
  const record = { subject: { uri: post.uri, cid: post.cid } };
  await bob.write("app.bsky.feed.like", record);
  await cleo.write("app.bsky.feed.like", record);
  await cleo.write("app.bsky.feed.repost", record);
  const reasons = async () => (await told(ann)).slice(0, 3);
  expect(await reasons()).toEqual([
    ["repost", "cleo.test"],
    ["like", "cleo.test"],
    ["like", "bob.test"],
  ]);
  const changed = await ann.do("app.bsky.notification.putPreferencesV2", {
    like: { include: "follows", list: true, push: false },
    repost: { include: "all", list: false, push: true },
    chat: { include: "accepted", push: false },
  });
  expect(changed.preferences).toMatchObject({
    like: { include: "follows", push: false },
    repost: { list: false },
    chat: { include: "all", push: true },
    follow: { include: "all" },
  });
  expect((await ann.get("app.bsky.notification.getPreferences")).preferences).toEqual(changed.preferences);
  // Values of `include` are open: one that is unknown here is kept, and works as `all`.
  const open = { include: "someday", list: true, push: true };
  expect(
    (await ann.do("app.bsky.notification.putPreferencesV2", { mention: open })).preferences,
  ).toMatchObject({
    mention: open,
  });
  expect((await ann.get("app.bsky.notification.getPreferences")).preferences).toMatchObject({
    mention: open,
  });
  // Ann follows bob but not cleo.
  expect(await reasons()).toEqual([
    ["like", "bob.test"],
    ["follow", "bob.test"],
  ]);
  await ann.do("app.bsky.notification.putPreferencesV2", {
    like: { include: "all", list: true, push: true },
    repost: { include: "all", list: true, push: true },
  });
  await ann.do("app.bsky.notification.putPreferences", { priority: true });
  const { priority, seenAt, notifications } = await ann.get("app.bsky.notification.listNotifications");
  expect(priority).toBe(true);
  expect(seenAt).toEqual(expect.any(String));
  expect(notifications.map((one: View) => one.author.handle)).toEqual(["bob.test", "bob.test"]);
  expect(await told(ann, { priority: "false" })).toHaveLength(4);
  await ann.do("app.bsky.notification.putPreferences", { priority: false });
  expect(await ann.refused("app.bsky.notification.putPreferences", { input: {} })).toMatch(
    /^400 InvalidRequest/,
  );
});

test("bookmarks: one's own, counted for all, kept when the post is gone", async () => {
  const posts = [await ann.post("one"), await ann.post("two"), await ann.post("three")] as const;
  for (const post of posts) await bob.do("app.bsky.bookmark.createBookmark", post);
  await bob.do("app.bsky.bookmark.createBookmark", posts[0]);
  await cleo.do("app.bsky.bookmark.createBookmark", {
    uri: posts[0].uri.replace(ann.did, ann.member.handle),
    cid: posts[0].cid,
  });
  const post = async (reader: Person) =>
    (await reader.get("app.bsky.feed.getPosts", { uris: posts[0].uri })).posts[0];
  expect(await post(bob)).toMatchObject({ bookmarkCount: 2, viewer: { bookmarked: true } });
  expect(await post(ann)).toMatchObject({ bookmarkCount: 2, viewer: { bookmarked: false } });

  const first = await bob.get("app.bsky.bookmark.getBookmarks", { limit: "2" });
  expect(first.bookmarks.map((one: View) => one.item.record.text)).toEqual(["three", "two"]);
  const rest = await bob.get("app.bsky.bookmark.getBookmarks", { limit: "2", cursor: first.cursor });
  expect(rest.bookmarks).toMatchObject([
    { subject: { uri: posts[0].uri, cid: posts[0].cid }, item: { record: { text: "one" } } },
  ]);
  expect(rest.cursor).toBeUndefined();

  await bob.do("app.bsky.bookmark.deleteBookmark", { uri: posts[0].uri });
  await bob.do("app.bsky.bookmark.deleteBookmark", { uri: posts[0].uri });
  expect(await post(bob)).toMatchObject({ bookmarkCount: 1, viewer: { bookmarked: false } });
  await ann.erase(posts[1]);
  const { bookmarks } = await bob.get("app.bsky.bookmark.getBookmarks");
  expect(bookmarks.map((one: View) => one.item.$type)).toEqual([
    "app.bsky.feed.defs#postView",
    "app.bsky.feed.defs#notFoundPost",
  ]);
  const profile = { uri: `at://${ann.did}/app.bsky.actor.profile/self`, cid: posts[0].cid };
  expect(await bob.refused("app.bsky.bookmark.createBookmark", { input: profile })).toBe(
    "400 UnsupportedCollection: Only 'app.bsky.feed.post' records can be bookmarked",
  );
});

test("drafts: written, changed, thrown away, seen by nobody else", async () => {
  const draft = (text: string) => ({ posts: [{ text }] });
  const { id } = await ann.do("app.bsky.draft.createDraft", { draft: draft("half a th") });
  const other = await ann.do("app.bsky.draft.createDraft", { draft: draft("another") });
  await ann.do("app.bsky.draft.updateDraft", { draft: { id, draft: draft("half a thought") } });
  const { drafts } = await ann.get("app.bsky.draft.getDrafts");
  expect(drafts.map((one: View) => [one.id, one.draft.posts[0].text])).toEqual([
    [id, "half a thought"],
    [other.id, "another"],
  ]);
  expect(drafts[0].updatedAt >= drafts[0].createdAt).toBe(true);
  const page = await ann.get("app.bsky.draft.getDrafts", { limit: "1" });
  const next = await ann.get("app.bsky.draft.getDrafts", { limit: "1", cursor: page.cursor });
  expect([page, next].map(({ drafts: [one] }: View) => one.id)).toEqual([id, other.id]);
  expect((await bob.get("app.bsky.draft.getDrafts")).drafts).toEqual([]);
  // Members cannot change another member's draft.
  await bob.do("app.bsky.draft.updateDraft", { draft: { id, draft: draft("mine now") } });
  await bob.do("app.bsky.draft.deleteDraft", { id });
  await ann.do("app.bsky.draft.deleteDraft", { id: other.id });
  await ann.do("app.bsky.draft.deleteDraft", { id: other.id });
  expect((await ann.get("app.bsky.draft.getDrafts")).drafts).toHaveLength(1);
  expect(await ann.refused("app.bsky.draft.createDraft", { input: { draft: { posts: [] } } })).toMatch(
    /^400 InvalidRequest/,
  );
});

test("an app's preferences: one's own; the date of birth is for one's own password only", async () => {
  const birth = { $type: "app.bsky.actor.defs#personalDetailsPref", birthDate: "1990-05-04T00:00:00.000Z" };
  const age = { isOverAge13: true, isOverAge16: true, isOverAge18: true };
  const declared = { $type: "app.bsky.actor.defs#declaredAgePref", ...age };
  const sorted = { $type: "app.bsky.actor.defs#threadViewPref", sort: "newest" };
  const kept = async (who: Person) => (await who.get("app.bsky.actor.getPreferences")).preferences;
  await ann.do("app.bsky.actor.putPreferences", { preferences: [birth, sorted] });
  expect(await kept(ann)).toEqual([birth, sorted, declared]);
  // Who has set nothing has the host's moderators as a labeler, which clients find.
  const labelers = [{ did: HOST_DID }];
  expect(await kept(bob)).toEqual([{ $type: "app.bsky.actor.defs#labelersPref", labelers }]);
  const service = await bob.get("app.bsky.labeler.getServices", { dids: [HOST_DID], detailed: "true" });
  expect(service.views).toMatchObject([{ creator: { did: HOST_DID }, policies: {} }]);
  expect((await bob.get("app.bsky.actor.getProfile", { actor: HOST_DID })).associated.labeler).toBe(true);

  const { password } = await ann.do("com.atproto.server.createAppPassword", { name: "tablet" });
  const { body } = await xrpc("com.atproto.server.createSession", {
    input: { identifier: ann.did, password },
  });
  const app = new Person({ ...ann.member, auth: `Bearer ${String(body.accessJwt)}` });
  expect(await kept(app)).toEqual([sorted, declared]);
  expect(await app.refused("app.bsky.actor.putPreferences", { input: { preferences: [birth] } })).toMatch(
    /^400 InvalidRequest/,
  );
  await app.do("app.bsky.actor.putPreferences", { preferences: [] });
  expect(await kept(ann)).toEqual([birth, declared]);
});

test("a thread is muted and unmuted", async () => {
  const root = await ann.post("a long talk begins");
  await ann.do("app.bsky.graph.muteThread", { root: root.uri });
  await bob.reply("I have a lot to say", root);
  expect((await told(ann))[0]?.[0]).not.toBe("reply");
  const viewer = async () =>
    (await ann.get("app.bsky.feed.getPosts", { uris: root.uri })).posts[0].viewer.threadMuted;
  expect(await viewer()).toBe(true);
  await ann.do("app.bsky.graph.unmuteThread", { root: root.uri });
  expect(await viewer()).toBe(false);
  expect((await told(ann))[0]).toEqual(["reply", "bob.test"]);
  const feed = `at://${ann.did}/app.bsky.feed.generator/x`;
  expect(await ann.refused("app.bsky.graph.muteThread", { input: { root: feed } })).toMatch(
    /^400 InvalidRequest/,
  );
});

test("whom one mutes or blocks one hears nothing of; of what one kept, only a block hides", async () => {
  const post = await ann.post("worth keeping");
  const own = await bob.post("worth liking");
  await ann.write("app.bsky.feed.like", { subject: { uri: own.uri, cid: own.cid } });
  await bob.do("app.bsky.bookmark.createBookmark", post);
  const subscription = { subject: ann.did, activitySubscription: { post: true, reply: false } };
  await bob.do("app.bsky.notification.putActivitySubscription", subscription);
  const seen = async () => {
    const { bookmarks } = await bob.get("app.bsky.bookmark.getBookmarks", { limit: "1" });
    const { subscriptions } = await bob.get("app.bsky.notification.listActivitySubscriptions");
    const heard = (await told(bob)).some(([, handle]) => handle === "ann.test");
    return [heard, bookmarks[0].item.$type.split("#")[1], didsOf(subscriptions)];
  };
  expect(await seen()).toEqual([true, "postView", [ann.did]]);
  await bob.do("app.bsky.graph.muteActor", { actor: ann.did });
  expect(await seen()).toEqual([false, "postView", [ann.did]]);
  await bob.do("app.bsky.graph.unmuteActor", { actor: ann.did });
  const block = await ann.block(bob);
  expect(await seen()).toEqual([false, "blockedPost", []]);
  await ann.erase(block);
});

test("a labeler says what it labels", async () => {
  await cleo.write(
    "app.bsky.labeler.service",
    { policies: { labelValues: ["rude"] }, reasonTypes: ["com.atproto.moderation.defs#reasonRude"] },
    "self",
  );
  const services = (detailed: string) =>
    anyone("app.bsky.labeler.getServices", { dids: [ann.did, cleo.did], detailed });
  expect((await services("false")).views).toMatchObject([
    { $type: "app.bsky.labeler.defs#labelerView", creator: { did: cleo.did }, likeCount: 0 },
  ]);
  expect((await services("true")).views).toMatchObject([
    { $type: "app.bsky.labeler.defs#labelerViewDetailed", policies: { labelValues: ["rude"] } },
  ]);
});

test("what a client asks before it lets somebody in, and what this host does not do", async () => {
  expect(await anyone("app.bsky.ageassurance.getConfig")).toEqual({ regions: [] });
  const { state, metadata } = await ann.get("app.bsky.ageassurance.getState", { countryCode: "GB" });
  expect(state).toEqual({ status: "unknown", access: "unknown" });
  expect(Date.parse(metadata.accountCreatedAt)).toBeGreaterThan(0);
  expect(await ann.get("app.bsky.unspecced.getAgeAssuranceState")).toEqual({ status: "unknown" });
  const card = { url: "https://blog.example.com/1", uris: `at://${ann.did}/site.standard.document/1` };
  expect(await anyone("app.bsky.embed.getEmbedExternalView", card)).toEqual({});
  const push = { serviceDid: HOST_DID, platform: "ios", token: "t", appId: "app" };
  for (const nsid of ["app.bsky.notification.registerPush", "app.bsky.notification.unregisterPush"]) {
    expect(await ann.refused(nsid, { input: push }), nsid).toMatch(/^501 MethodNotImplemented/);
  }
  for (const nsid of ["chat.bsky.convo.listConvos", "app.bsky.video.getUploadLimits"]) {
    expect(await ann.refused(nsid, {}), nsid).toMatch(/^501 MethodNotImplemented/);
  }
  expect(await ann.refused("app.bsky.contact.getMatches", {})).toMatch(/^501 MethodNotImplemented/);
  expect((await xrpc("app.bsky.ageassurance.getState", { params: { countryCode: "GB" } })).body.error).toBe(
    "AuthMissing",
  );
});
