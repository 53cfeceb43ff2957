/** Revs come from this host's clock and head only; a repo that has another rev is repaired when it is opened. */
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import type { Did } from "@atcute/lexicons";
import { signCommit } from "../../src/protocol/commit.ts";
import { Row, TOP, revBytes, withExtra } from "../../src/protocol/mst/row.ts";
import { isTid, tidFromMicros, tidToMicros } from "../../src/protocol/tid.ts";
import { readHead } from "../../src/account/tree.ts";
import { Sql } from "../../src/protocol/object/sql.ts";
import { archiveOf, streamOf } from "../support/archive.ts";
import type { Member } from "../support/account.ts";
import {
  accountOf,
  bindings,
  bytesOf,
  checkRepo,
  newMember,
  post,
  refusalOf,
  sequencer,
  settle,
} from "../support/account.ts";
import { change, kill, ring, rowsOf, stubOf } from "../support/object-access.ts";

const POST = "app.bsky.feed.post";
const PATH = `${POST}/3jaaaaaaaaa2a`;
const FUTURE = tidFromMicros(Date.UTC(2100, 0, 1) * 1000);
/** The last TID, and what follows it, which is none. */
const LAST = "jzzzzzzzzzzzz";
const BEYOND = "k222222222222";

const isOfNow = (rev: string) => isTid(rev) && Math.abs(tidToMicros(rev) / 1000 - Date.now()) < 60_000;

describe("importing an archive", () => {
  test.each([
    ["of the far future", { rev: FUTURE }],
    ["that is the last TID", { rev: LAST }],
    ["that is no TID", { rev: "7zzzzzzzzzzzz~" }],
    ["that is no text", { rev: 7 }],
    ["that is absent, of version 2", { rev: undefined, version: 2 }],
    ["of version 2", { version: 2, prev: null }],
  ])("with a rev %s takes its records and not its rev", async (_, commit) => {
    const { account, did, key } = await newMember();
    const before = await account.getLatestCommit("public");
    const archive = archiveOf(did, { [PATH]: post("moved in") }, { commit });
    await account.importRepo(streamOf(archive));
    const after = await account.getLatestCommit("public");
    expect(after.rev > before.rev).toBe(true);
    expect(isOfNow(after.rev)).toBe(true);
    expect(await rowsOf(did, "SELECT rev FROM record UNION SELECT rev FROM mst")).toEqual([
      { rev: after.rev },
    ]);
    await kill(did);
    const { commit: next } = await accountOf(did).createRecord({ collection: POST, record: post("next") });
    expect(isOfNow(next?.rev ?? "")).toBe(true);
    expect(
      (await checkRepo(await bytesOf(await accountOf(did).getRepo("public")), did, key)).records.size,
    ).toBe(2);
  });

  test.each([
    ["of version 1", { version: 1 }],
    ["of another DID", { did: "did:plc:other" }],
    ["of no DID", { did: undefined }],
    ["without a tree", { data: null }],
  ])("whose commit is %s is refused", async (_, commit) => {
    const { account, did } = await newMember();
    const archive = archiveOf(did, { [PATH]: post("x") }, { commit });
    expect(await refusalOf(account.importRepo(streamOf(archive)))).toMatchObject({ error: "InvalidRequest" });
  });
});

/** Gives the repo the rev that an import once took from its archive. */
function poison(did: Did, key: Uint8Array, rev: string): Promise<void> {
  return runInDurableObject(stubOf(did), (_, { storage }) => {
    const { data } = readHead(new Sql(storage));
    storage.sql.exec("UPDATE record SET rev = ?", rev);
    for (const { band, edge, bytes } of storage.sql.exec("SELECT band, edge, bytes FROM mst").toArray()) {
      const whole = new Row(new Uint8Array(bytes as ArrayBuffer));
      for (let i = 0; i < whole.count; i++) whole.rev(i).set(revBytes(rev));
      const row = whole.bytes.slice(0, whole.length);
      const isTop = band === TOP.band && edge === TOP.left;
      const head = signCommit({ did, data, rev }, key).bytes;
      const stored = isTop ? withExtra(row, head) : row;
      storage.sql.exec(
        "UPDATE mst SET rev = ?, bytes = ? WHERE band = ? AND edge = ?",
        rev,
        stored,
        band,
        edge,
      );
    }
  });
}

async function poisoned(rev: string): Promise<Member> {
  const member = await newMember();
  const { account, did } = member;
  for (let i = 0; i < 40; i++) await account.createRecord({ collection: POST, record: post(String(i)) });
  await poison(did, await account.exportKey(), rev);
  await kill(did);
  return { ...member, account: accountOf(did) };
}

describe("a repo whose rev is of the future, or no TID,", () => {
  test.each([FUTURE, LAST, BEYOND])("opens, and is signed again at a rev of now (%s)", async (rev) => {
    const { did, account, key } = await poisoned(rev);
    const head = await account.getLatestCommit("public");
    expect(isOfNow(head.rev)).toBe(true);
    const repo = await checkRepo(await bytesOf(await account.getRepo("public")), did, key);
    expect(repo).toMatchObject({ head: head.cid, rev: head.rev });
    expect(repo.records.size).toBe(40);
    expect(await rowsOf(did, "SELECT rev FROM record UNION SELECT rev FROM mst")).toEqual([
      { rev: head.rev },
    ]);
    await expect.poll(() => sequencer().repo(did)).toMatchObject({ rev: head.rev, head: head.cid });
    // Whoever has an earlier state gets the whole, and whoever has this one only what is new.
    const since = (from: string) => account.getRepo("public", from).then(bytesOf);
    expect((await since("3kn2222222222")).length).toBe(
      (await bytesOf(await account.getRepo("public"))).length,
    );
    const { commit } = await account.createRecord({ collection: POST, record: post("next") });
    expect(commit && commit.rev > head.rev && isOfNow(commit.rev)).toBe(true);
    expect((await since(head.rev)).length).toBeLessThan((await since("3kn2222222222")).length / 2);
    // A second start has nothing to repair.
    await kill(did);
    expect(await accountOf(did).getLatestCommit("public")).toEqual(commit);
  });

  test("is no longer on top of timelines", async () => {
    const { did, account } = await poisoned(FUTURE);
    const db = bindings.APPVIEW_DB;
    const newest = () =>
      db
        .prepare(
          "SELECT max(indexed) AS post, (SELECT written FROM actor WHERE did = ?1) AS written FROM post WHERE author = ?1",
        )
        .bind(did)
        .first<{ post: number; written: number }>();
    const future = Date.UTC(2100, 0, 1);
    await db.batch([
      db.prepare("UPDATE post SET indexed = ?1 WHERE author = ?2").bind(future, did),
      db.prepare("UPDATE actor SET written = ?1 WHERE did = ?2").bind(future, did),
    ]);
    await account.getLatestCommit("public");
    await expect
      .poll(async () => (await newest())?.post, { timeout: 5000 })
      .toBeLessThan(Date.now() + 60_000);
    await expect.poll(async () => (await newest())?.written).toBeLessThan(Date.now() + 60_000);
  });

  test("announces nothing while its account is deactivated", async () => {
    const member = await newMember();
    const { account, did } = member;
    await account.createRecord({ collection: POST, record: post("x") });
    await settle(account, { active: false });
    await poison(did, await account.exportKey(), LAST);
    const count = () => rowsOf(did, "SELECT max(position) AS n FROM log");
    const before = await count();
    await kill(did);
    expect(isOfNow((await accountOf(did).getLatestCommit("owner")).rev)).toBe(true);
    expect(await count()).toEqual(before);
    await settle(accountOf(did));
    expect(await accountOf(did).getRepoStatus()).toMatchObject({ active: true });
  });
});

describe("a repo that cannot be read", () => {
  const broken = async () => {
    const member = await newMember();
    await change(member.did, `UPDATE mst SET bytes = x'00' WHERE band = ${TOP.band} AND edge = ''`);
    await kill(member.did);
    return { ...member, account: accountOf(member.did) };
  };

  test("is taken down, deactivated and signed in to all the same", async () => {
    const { account, did } = await broken();
    expect((await refusalOf(account.getLatestCommit("public"))).message).toMatch(/mst row/);
    await settle(account, { takedown: "takendown", takedownRef: "spam" });
    expect(await refusalOf(account.getLatestCommit("public"))).toMatchObject({ error: "RepoTakendown" });
    await expect.poll(() => sequencer().repo(did)).toMatchObject({ status: "takendown" });
    await account.setPassword("a new password");
    expect(await account.checkPassword("a new password", null)).toBeNull();
  });

  test("is destroyed", async () => {
    const { account, did } = await broken();
    await account.destroy(Date.now());
    await ring(did);
    await expect.poll(() => sequencer().repo(did)).toMatchObject({ status: "deleted" });
    expect(await rowsOf(did, "SELECT name FROM sqlite_master WHERE name = 'account'")).toEqual([]);
  });
});
