/** An account whose storage cannot be read serves nothing, and can still be taken down and destroyed. */
import type { Did } from "@atcute/lexicons";
import { afterEach, describe, expect, test, vi } from "vitest";
import { asAdmin, join, xrpc } from "../support/account-host.ts";
import { accountOf, bindings, newMember, post, refusalOf, sequencer, settle } from "../support/account.ts";
import { change, kill, rowsOf } from "../support/object-access.ts";

const POST = "app.bsky.feed.post";

const DAMAGES: [string, string][] = [
  ["its row is gone", "DELETE FROM account"],
  ["the table of its row is gone", "DROP TABLE account"],
  ["its log is gone", "DROP TABLE log"],
  ["its schema is not of its version", "UPDATE schema_version SET version = 1"],
  ["its key is none", "UPDATE account SET signing_key = x'00'"],
  ["a column that it needs is gone", "ALTER TABLE account DROP COLUMN signing_key"],
];

async function damage(did: Did, statements: string): Promise<void> {
  vi.spyOn(console, "error").mockImplementation(() => {});
  await change(did, statements);
  await kill(did);
}

afterEach(() => vi.restoreAllMocks());

const unreadable = { error: "InternalServerError", status: 500 };
const isEmpty = async (did: Did) =>
  (await rowsOf(did, "SELECT name FROM sqlite_master WHERE name IN ('account', 'log', 'record')")).length ===
  0;

describe.each(DAMAGES)("when %s", (_, statements) => {
  test("every call is refused in words, and nothing is written", async () => {
    const { did } = await newMember();
    await damage(did, statements);
    const account = accountOf(did);
    for (const call of [
      () => account.getLatestCommit("owner"),
      () => account.getRepoStatus(),
      () => account.getRecord(POST, "x"),
      () => account.createRecord({ collection: POST, record: post("x") }),
      () => account.checkPassword("x", null),
      () => account.create({ did, at: Date.now() + 1, password: null }),
    ]) {
      expect(await refusalOf(call())).toMatchObject(unreadable);
    }
  });

  test("a takedown is taken, and a deletion ends it with all that it had", async () => {
    const { did } = await newMember();
    await bindings.BLOBS.put(`${did}/upload`, "bytes");
    await expect.poll(() => sequencer().repo(did)).toMatchObject({ status: "active" });
    await damage(did, statements);
    await settle(accountOf(did), { takedown: "takendown", takedownRef: "spam" });
    expect(await refusalOf(accountOf(did).getLatestCommit("public"))).toMatchObject(unreadable);
    await accountOf(did).destroy(Date.now());
    expect(await sequencer().repo(did)).toMatchObject({ status: "deleted" });
    expect((await bindings.BLOBS.list({ prefix: `${did}/` })).objects).toEqual([]);
    expect(await isEmpty(did)).toBe(true);
    // The DID may come back, and its events follow those of its first life.
    await accountOf(did).create({ did, at: Date.now() + 1, password: null });
    await accountOf(did).settle(
      { active: true, takedown: null, takedownRef: null, handle: "back.test" },
      { at: Date.now() + 2, isNew: true },
    );
    await expect.poll(() => sequencer().repo(did)).toMatchObject({ status: "active" });
  });
});

test("what the directory said meanwhile holds once the account can be read again", async () => {
  const { did } = await newMember();
  await damage(did, "ALTER TABLE log RENAME TO lost");
  await settle(accountOf(did), { takedown: "suspended", takedownRef: "first" });
  await settle(accountOf(did), { takedown: "takendown", takedownRef: "spam" });
  await change(did, "ALTER TABLE lost RENAME TO log");
  await kill(did);
  expect(await refusalOf(accountOf(did).getLatestCommit("public"))).toMatchObject({ error: "RepoTakendown" });
  await expect.poll(() => sequencer().repo(did)).toMatchObject({ status: "takendown" });
  await settle(accountOf(did));
  await kill(did);
  expect(await accountOf(did).getRepoStatus()).toMatchObject({ active: true });
});

test("what cannot be followed yet stays noted, and opens the account all the same", async () => {
  const { did } = await newMember();
  const account = accountOf(did);
  await account.createRecord({ collection: POST, record: post("x") });
  await settle(account, { active: false });
  await damage(did, "ALTER TABLE log RENAME TO lost");
  await settle(accountOf(did), { active: true });
  await change(
    did,
    `ALTER TABLE lost RENAME TO log; CREATE TABLE spare AS SELECT * FROM mst; UPDATE mst SET bytes = x'00'`,
  );
  await kill(did);
  // To come back, it would have to announce its repo, which cannot be read.
  expect(await accountOf(did).getRepoStatus()).toMatchObject({ active: false, status: "deactivated" });
  await change(
    did,
    `UPDATE mst SET bytes = (SELECT bytes FROM spare WHERE spare.band = mst.band AND spare.edge = mst.edge)`,
  );
  await kill(did);
  expect(await accountOf(did).getRepoStatus()).toMatchObject({ active: true });
});

test("an order for an earlier account spares it, as far as its age can be read", async () => {
  const { did } = await newMember();
  const before = Date.now() - 60_000;
  await damage(did, "ALTER TABLE log RENAME TO lost");
  await accountOf(did).destroy(before);
  expect(await isEmpty(did)).toBe(false);
  await change(did, "ALTER TABLE lost RENAME TO log");
  await kill(did);
  expect(await accountOf(did).getRepoStatus()).toMatchObject({ active: true });
});

test("a deletion that a station does not answer is refused, and ends when it is ordered again", async () => {
  const { did } = await newMember();
  await expect.poll(() => sequencer().repo(did)).toMatchObject({ status: "active" });
  await damage(did, "DELETE FROM account");
  const list = vi.spyOn(bindings.BLOBS, "list").mockRejectedValueOnce(new Error("away"));
  expect(await refusalOf(accountOf(did).destroy(Date.now()))).toMatchObject({ message: "away" });
  expect(await isEmpty(did)).toBe(false);
  await Promise.all([accountOf(did).destroy(Date.now()), accountOf(did).destroy(Date.now())]);
  expect(await isEmpty(did)).toBe(true);
  // The one that failed; then, of both orders together, one for what is kept and one for what goes.
  expect(list).toHaveBeenCalledTimes(3);
});

test("a newer schema is no damage: a newer Worker serves it", async () => {
  const { did } = await newMember();
  await change(did, "UPDATE schema_version SET version = 1000");
  await kill(did);
  expect(await refusalOf(accountOf(did).getRepoStatus())).toMatchObject({
    error: "UpgradeInProgress",
    status: 503,
  });
});

test.each(["[", "7", '[["x", 1]]', "{}", ""])("limits that read %j count as unused", async (points) => {
  const { did } = await newMember();
  await change(did, `UPDATE log SET points = '${points}'; UPDATE account SET attempts = '${points}'`);
  await kill(did);
  const { uri } = await accountOf(did).createRecord({ collection: POST, record: post("x") });
  expect(uri).toContain(did);
  expect(await refusalOf(accountOf(did).checkPassword("wrong", "somewhere"))).toMatchObject({
    error: "AuthenticationRequired",
  });
});

test("an admin takes such a member down and deletes them over HTTP", async () => {
  const { did, handle } = await join();
  await expect.poll(() => sequencer().repo(did)).toMatchObject({ status: "active" });
  await damage(did, "DELETE FROM account");
  const subject = { $type: "com.atproto.admin.defs#repoRef", did };
  const takedown = await asAdmin("com.atproto.admin.updateSubjectStatus", {
    input: { subject, takedown: { applied: true } },
  });
  expect(takedown.status).toBe(200);
  const profile = await xrpc("app.bsky.actor.getProfile", { params: { actor: did } });
  expect(profile.body).toMatchObject({ error: "AccountTakedown" });
  expect((await asAdmin("com.atproto.admin.deleteAccount", { input: { did } })).status).toBe(200);
  await expect.poll(() => sequencer().repo(did)).toMatchObject({ status: "deleted" });
  expect(await isEmpty(did)).toBe(true);
  const { status } = await xrpc("com.atproto.server.createAccount", {
    input: { handle, email: "again@example.com", password: "a password" },
  });
  expect(status).toBe(200);
});
