/** Notifications: who gets one, the list page by page over ties, and the badge that counts what the list shows. */
import { beforeEach, describe, expect, test } from "vitest";
import { applyModeration } from "../../src/appview/index/moderation.ts";
import { muteActor, muteActorList, muteThread } from "../../src/appview/reads/methods/graph/mutes.ts";
import { putActivitySubscription } from "../../src/appview/reads/methods/notification/activity-subscriptions.ts";
import { putPreferencesV2 } from "../../src/appview/reads/methods/notification/notification-preferences.ts";
import {
  getUnreadCount,
  listNotifications,
  updateSeen,
} from "../../src/appview/reads/methods/notification/notifications.ts";
import { AppViewReads } from "../../src/appview/reads/view-context.ts";
import { bindings, Community, counting, HOST, type Ref } from "../support/community.ts";
import { wipeIndex } from "../support/wipe-index.ts";

const index = counting(bindings.APPVIEW_DB);
const { db } = index;
const reads = new AppViewReads({ APPVIEW_DB: db, DIRECTORY: bindings.DIRECTORY }, HOST);
let town: Community;

const PRIVATE = ["actor_mute", "list_mute", "thread_mute", "notification_seen", "notification_pref"];

beforeEach(async () => {
  town = new Community();
  await wipeIndex(db);
  await db.batch([
    ...["notification", "actor", "rebuild", "takedown", "label"].map((table) =>
      db.prepare(`DELETE FROM ${table}`),
    ),
    db.prepare("UPDATE cursor SET seq = 0"),
  ]);
  await bindings.DIRECTORY.batch(
    [...PRIVATE, "activity_subscription"].map((table) => bindings.DIRECTORY.prepare(`DELETE FROM ${table}`)),
  );
  town.join("me", "ann", "bob", "cleo");
  await town.house();
});

const me = () => reads.on(town.did("me"));

async function walk(limit: number): Promise<string[]> {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await listNotifications(me(), { limit, cursor });
    seen.push(...page.notifications.map(({ uri, reason }) => `${reason} ${uri}`));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return seen;
}

describe("who is notified", () => {
  const mentions = (dids: string[]) => ({
    facets: dids.map((did) => ({
      index: { byteStart: 0, byteEnd: 1 },
      features: [{ $type: "app.bsky.richtext.facet#mention", did }],
    })),
  });
  const notified = async () =>
    (await db.prepare("SELECT did FROM notification ORDER BY did").all<{ did: string }>()).results.map(
      ({ did }) => did,
    );

  test("by 5,000 mentions: at most fifty, the first, and each once", async () => {
    const names = Array.from({ length: 80 }, (_, i) => `m${String(i).padStart(2, "0")}`);
    town.join(...names);
    const dids = names.map((name) => town.did(name));
    town.post(
      "ann",
      "hi",
      mentions([
        ...dids.flatMap((did) => [did, did]),
        ...Array.from({ length: 4840 }, (_, i) => `did:plc:none${i}`),
      ]),
    );
    await town.index();
    expect(await notified()).toEqual(dids.slice(0, 50).toSorted());
  });

  test("only people who are known here, whatever the reason", async () => {
    const elsewhere = "did:plc:elsewhere";
    const theirs = {
      uri: `at://${elsewhere}/app.bsky.feed.post/3kaaaaaaaaa2a`,
      cid: "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq",
    } as const;
    town.post("ann", "hi", mentions([elsewhere, town.did("me")]));
    town.like("ann", theirs);
    town.repost("ann", theirs);
    town.reply("ann", "re", theirs);
    town.quote("ann", "qu", theirs);
    town.create("ann", "app.bsky.graph.follow", { subject: elsewhere });
    town.create("ann", "app.bsky.graph.verification", {
      subject: elsewhere,
      handle: "e.test",
      displayName: "E",
    });
    town.profile("ann", {
      joinedViaStarterPack: { uri: `at://${elsewhere}/app.bsky.graph.starterpack/a`, cid: theirs.cid },
    });
    await town.index();
    expect(await notified()).toEqual([town.did("me")]);
  });
});

test("a list of one instant comes by pages, each notification once", async () => {
  const createdAt = "2025-02-02T02:02:02.000Z";
  const posts = Array.from({ length: 6 }, (_, i) => town.post("me", `post ${i}`));
  for (const name of ["ann", "bob", "cleo"]) {
    for (const post of posts) town.like(name, post, { createdAt });
    town.repost(name, posts[0] as Ref, { createdAt });
    town.reply(name, "same words", posts[0] as Ref, posts[0], { createdAt });
    town.create(name, "app.bsky.graph.follow", { subject: town.did("me"), createdAt });
  }
  // One record, two reasons.
  const repost = town.repost("me", town.post("ann", "theirs"));
  town.like("bob", posts[1] as Ref, { createdAt, via: repost });
  await town.index();
  const whole = await walk(100);
  expect(whole).toHaveLength(27);
  expect(new Set(whole).size).toBe(27);
  for (const limit of [1, 2, 3, 7]) expect([limit, await walk(limit)]).toEqual([limit, whole]);
  await expect(listNotifications(me(), { limit: 5, cursor: "nonsense" })).rejects.toMatchObject({
    message: "Malformed cursor",
  });
  // As an earlier version wrote it.
  const old = await listNotifications(me(), { limit: 50, cursor: "2025-02-02T02:02:02.001Z" });
  expect(old.notifications).toHaveLength(27);
});

test("posts of one instant that the viewer subscribed to come by pages, too", async () => {
  for (const name of ["ann", "bob"]) {
    town.follow("me", name);
    await putActivitySubscription(
      { ...me(), now: 0 },
      { subject: town.did(name), activitySubscription: { post: true, reply: false } },
    );
    for (let i = 0; i < 4; i++) town.post(name, `news ${i}`, { createdAt: "2025-02-02T02:02:02.000Z" });
  }
  town.post("cleo", "mentions", { ...town.mention("me"), createdAt: "2025-02-02T02:02:02.000Z" });
  await town.index();
  const whole = await walk(100);
  expect(whole).toHaveLength(9);
  for (const limit of [1, 2, 7]) expect([limit, await walk(limit)]).toEqual([limit, whole]);
  expect(await getUnreadCount(me(), {})).toEqual({ count: 9 });
});

describe("the badge counts what the list shows as unread", () => {
  let post: Ref;
  const takeDown = (what: { uri?: string }) =>
    applyModeration(db, [{ kind: "takedown", did: town.did("ann"), applied: true, ref: "x", ...what }]);
  const stories: Record<string, () => unknown> = {
    "a like": () => town.like("ann", post),
    "a like of somebody muted afterwards": () => (
      town.like("ann", post),
      muteActor(me(), { actor: town.did("ann") })
    ),
    "of somebody blocked": () => (town.like("ann", post), town.block("me", "ann")),
    "of somebody who blocks": () => (town.like("ann", post), town.block("ann", "me")),
    "of a member of a muted list": async () => {
      town.like("ann", post);
      const list = town.create("cleo", "app.bsky.graph.list", {
        name: "l",
        purpose: "app.bsky.graph.defs#modlist",
      });
      town.create("cleo", "app.bsky.graph.listitem", { list: list.uri, subject: town.did("ann") });
      await muteActorList(me(), { list: list.uri });
    },
    "of a member of a blocked list": () => {
      town.like("ann", post);
      const list = town.create("cleo", "app.bsky.graph.list", {
        name: "l",
        purpose: "app.bsky.graph.defs#modlist",
      });
      town.create("cleo", "app.bsky.graph.listitem", { list: list.uri, subject: town.did("ann") });
      town.create("me", "app.bsky.graph.listblock", { subject: list.uri });
    },
    "of somebody deactivated": () => (town.like("ann", post), town.status("ann", "deactivated")),
    "of somebody taken down": () => (town.like("ann", post), town.status("ann", "takendown")),
    "of somebody taken down in the index": () => (town.like("ann", post), takeDown({})),
    "of somebody deleted": () => (town.like("ann", post), town.status("ann", "deleted")),
    "a like that is taken down": () => takeDown({ uri: town.like("ann", post).uri }),
    "a reply that is taken down": () => takeDown({ uri: town.reply("ann", "r", post).uri }),
    "a quote of somebody held back for review": () => {
      town.quote("ann", "q", post);
      const label = {
        kind: "label",
        src: HOST.did,
        uri: town.did("ann"),
        val: "needs-review",
        neg: false,
      } as const;
      return applyModeration(db, [{ ...label, cts: new Date(town.now).toISOString() }]);
    },
    "a like that is taken back": () => town.remove(town.like("ann", post)),
    "a reply that is deleted": () => town.remove(town.reply("ann", "r", post)),
    "a reply that is hidden": () => {
      const reply = town.reply("ann", "rude", post);
      const gate = { post: post.uri, hiddenReplies: [reply.uri] };
      town.create("me", "app.bsky.feed.threadgate", gate, post.uri.split("/").at(-1));
    },
    "of a post that is deleted": () => (town.like("ann", post), town.remove(post)),
    "in a thread that is muted": () => (
      town.reply("ann", "r", post),
      muteThread({ ...me(), now: 0 }, { root: post.uri })
    ),
    "of a kind that is not wanted": () => {
      town.like("ann", post);
      return putPreferencesV2(me(), { like: { include: "all", list: false, push: true } });
    },
    "dated before the last look": () => town.like("ann", post, { createdAt: "2020-01-01T00:00:00Z" }),
    "of the instant of the last look": async () => {
      town.like("ann", post, { createdAt: new Date(town.now).toISOString() });
      await updateSeen(me(), { seenAt: new Date(town.now).toISOString() });
    },
    "many, some of them hidden": () => {
      for (const name of ["ann", "bob", "cleo"]) for (let i = 0; i < 5; i++) town.reply(name, `r${i}`, post);
      return muteActor(me(), { actor: town.did("bob") });
    },
  };
  const COUNTS: Record<string, number> = { "a like": 1, "many, some of them hidden": 10 };

  beforeEach(async () => {
    post = town.post("me", "mine");
    await town.index();
    await updateSeen(me(), { seenAt: new Date(town.now).toISOString() });
    town.tick();
  });

  test.each(Object.entries(stories))("%s", async (what, story) => {
    await story();
    await town.index();
    const { notifications } = await listNotifications(me(), { limit: 100 });
    const unread = notifications.filter(({ isRead }) => !isRead).length;
    index.reset();
    expect(await getUnreadCount(me(), {})).toEqual({ count: unread });
    expect(index.cost.trips).toBeLessThanOrEqual(3);
    expect([what, unread]).toEqual([what, COUNTS[what] ?? 0]);
  });

  test("nothing new costs one trip", async () => {
    index.reset();
    expect(await getUnreadCount(me(), {})).toEqual({ count: 0 });
    expect(index.cost.trips).toBe(1);
  });

  test("more than a page of hidden ones does not hide those below", async () => {
    town.like("ann", post);
    await town.index();
    for (let i = 0; i < 300; i++) town.reply("bob", `r${i}`, post);
    await town.index();
    await muteActor(me(), { actor: town.did("bob") });
    expect(await getUnreadCount(me(), {})).toEqual({ count: 1 });
  });
});

test("who has never looked finds the newest that is shown unread, and a badge of all that are shown", async () => {
  const post = town.post("me", "mine");
  for (const name of ["ann", "cleo", "bob"]) town.like(name, post);
  await town.index();
  await muteActor(me(), { actor: town.did("bob") });
  const { notifications, seenAt } = await listNotifications(me(), { limit: 10 });
  expect(notifications.map(({ author, isRead }) => [author.handle, isRead])).toEqual([
    ["cleo.test", false],
    ["ann.test", true],
  ]);
  expect(seenAt).toBe(notifications[0]?.indexedAt);
  expect(await getUnreadCount(me(), {})).toEqual({ count: 2 });
});
