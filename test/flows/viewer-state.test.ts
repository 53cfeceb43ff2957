/** What a viewer keeps here: for members alone, and no more than so much of each. */
import { beforeAll, describe, expect, test } from "vitest";
import { type Member, bindings, join, post, xrpc } from "../support/account-host.ts";
import { serviceToken } from "../support/credentials.ts";
import { type Outsider, outsider } from "../support/outsider.ts";

const database = bindings.DIRECTORY;
const CID = "bafyreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";

let member: Member;
let other: Member;
let stranger: Outsider;
beforeAll(async () => {
  [member, other, stranger] = await Promise.all([join(), join(), outsider()]);
});

const draft = (text: string) => ({ draft: { posts: [{ text }] } });

/** Each method that stores something of the viewer's, with its input and its table. */
const kept = (): [method: string, input: object, table: string][] => [
  ["app.bsky.graph.muteActor", { actor: other.did }, "actor_mute"],
  ["app.bsky.graph.muteActorList", { list: `at://${other.did}/app.bsky.graph.list/a` }, "list_mute"],
  ["app.bsky.graph.muteThread", { root: `at://${other.did}/app.bsky.feed.post/a` }, "thread_mute"],
  [
    "app.bsky.bookmark.createBookmark",
    { uri: `at://${other.did}/app.bsky.feed.post/a`, cid: CID },
    "bookmark",
  ],
  ["app.bsky.draft.createDraft", draft("later"), "draft"],
  [
    "app.bsky.notification.putActivitySubscription",
    { subject: other.did, activitySubscription: { post: true, reply: false } },
    "activity_subscription",
  ],
  ["app.bsky.notification.putPreferences", { priority: true }, "notification_pref"],
  [
    "app.bsky.notification.putPreferencesV2",
    { like: { include: "follows", list: true, push: false } },
    "notification_pref",
  ],
  ["app.bsky.notification.updateSeen", { seenAt: "2026-11-30T10:00:00.000Z" }, "notification_seen"],
];

const rowsOf = async (table: string, did: string) =>
  (await database
    .prepare(`SELECT count(*) AS n FROM ${table} WHERE did = ?1`)
    .bind(did)
    .first<number>("n")) ?? 0;

test("an account of another host keeps nothing here, by whatever method", async () => {
  for (const [method, input, table] of kept()) {
    const { status, body } = await xrpc(method, { auth: stranger.auth(method), input });
    expect([status, body.error], method).toEqual([403, "AccountNotFound"]);
    expect(await rowsOf(table, stranger.did), method).toBe(0);
  }
  // It still reads, as nobody in particular.
  const method = "app.bsky.notification.listNotifications";
  expect((await xrpc(method, { auth: stranger.auth(method) })).status).toBe(200);
});

test("a member keeps it, by session and by a token of their own", async () => {
  for (const [method, input, table] of kept()) {
    expect((await xrpc(method, { auth: member.auth, input })).status, method).toBe(200);
    expect(
      (await xrpc(method, { auth: await serviceToken(other, method), input: inputBy(method, input) })).status,
      method,
    ).toBe(200);
    expect(await rowsOf(table, member.did), method).toBe(1);
  }
});

/** Nobody mutes or subscribes to themselves. */
const inputBy = (method: string, input: object): object =>
  method === "app.bsky.graph.muteActor"
    ? { actor: member.did }
    : method === "app.bsky.notification.putActivitySubscription"
      ? { ...input, subject: member.did }
      : input;

test("a session that outlives its account keeps nothing", async () => {
  const gone = await join();
  await database.prepare("DELETE FROM account WHERE did = ?1").bind(gone.did).run();
  for (const [method, input, table] of kept()) {
    const { body } = await xrpc(method, { auth: gone.auth, input });
    expect(body.error, method).toBe("AccountNotFound");
    expect(await rowsOf(table, gone.did), method).toBe(0);
  }
});

/** Inserts so many rows of the viewer's; `columns` give what follows the DID, by `i`. */
const fill = (table: string, did: string, rows: number, columns: string) =>
  database
    .prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO ${table} SELECT ?2, ${columns} FROM n`,
    )
    .bind(rows, did)
    .run();

describe("a member has", () => {
  test.each([
    ["actor_mute", 10_000, "'did:web:m' || i, '2026', 0, 0", "app.bsky.graph.muteActor", "muted accounts"],
    ["list_mute", 1_000, "'at://l' || i, '2026'", "app.bsky.graph.muteActorList", "muted lists"],
    ["thread_mute", 2_000, "'at://t' || i, '2026'", "app.bsky.graph.muteThread", "muted threads"],
    ["bookmark", 10_000, "'at://b' || i, 'c', '2026'", "app.bsky.bookmark.createBookmark", "bookmarks"],
    [
      "activity_subscription",
      1_000,
      "'did:web:s' || i, 1, 1, '2026'",
      "app.bsky.notification.putActivitySubscription",
      "subscriptions",
    ],
  ])("in %s at most %i rows", async (table, max, columns, method, name) => {
    const full = await join();
    const [, input = {}] = kept().find(([each]) => each === method) ?? [];
    await fill(table, full.did, max - 1, columns);
    const store = () => xrpc(method, { auth: full.auth, input });
    expect((await store()).status).toBe(200);
    // What is there already may be stored again.
    expect((await store()).status).toBe(200);
    expect(await rowsOf(table, full.did)).toBe(max);
    const another = JSON.parse(JSON.stringify(input).replaceAll(other.did, member.did)) as object;
    const { status, body } = await xrpc(method, { auth: full.auth, input: another });
    expect([status, body.error]).toEqual([400, "InvalidRequest"]);
    expect(body.message).toBe(`You have ${max} ${name}, which is as many as can be kept`);
    expect(await rowsOf(table, full.did)).toBe(max);
  });

  test("five hundred drafts, of five million characters in all", async () => {
    const full = await join();
    await fill("draft", full.did, 500, "'id' || i, '{}', '2026', '2026'");
    const create = (text: string) =>
      xrpc("app.bsky.draft.createDraft", { auth: full.auth, input: draft(text) });
    expect((await create("one more")).body.error).toBe("DraftLimitReached");
    await database.prepare("DELETE FROM draft WHERE did = ?1 AND id <> 'id1'").bind(full.did).run();
    await database
      .prepare("UPDATE draft SET draft = hex(zeroblob(2499700)) WHERE did = ?1 AND id = 'id1'")
      .bind(full.did)
      .run();
    expect((await create("x".repeat(900))).body.error).toBe("DraftLimitReached");
    const made = await create("short");
    expect(made.status).toBe(200);
    const update = (text: string) =>
      xrpc("app.bsky.draft.updateDraft", {
        auth: full.auth,
        input: { draft: { id: made.body.id, ...draft(text) } },
      });
    expect((await update("x".repeat(900))).body.error).toBe("DraftLimitReached");
    expect((await update("still short")).status).toBe(200);
  });

  test("no row under a name that is longer than any", async () => {
    const uri = `at://${other.did}/app.bsky.feed.post/${"a".repeat(500)}`;
    const long = `at://did:web:${"a.".repeat(400)}com/app.bsky.feed.post/${"a".repeat(500)}`;
    const store = (given: string) =>
      xrpc("app.bsky.bookmark.createBookmark", { auth: other.auth, input: { uri: given, cid: CID } });
    expect((await store(uri)).status).toBe(200);
    expect((await store(long)).status).toBe(400);
  });
});

test("it goes with the account", async () => {
  const leaver = await join();
  for (const [method, input] of kept()) {
    expect((await xrpc(method, { auth: leaver.auth, input })).status, method).toBe(200);
  }
  await database.prepare("DELETE FROM account WHERE did = ?1").bind(leaver.did).run();
  for (const [method, , table] of kept()) expect(await rowsOf(table, leaver.did), method).toBe(0);
  expect((await post("com.atproto.server.deleteSession", { auth: leaver.refresh })).status).toBe(200);
});
