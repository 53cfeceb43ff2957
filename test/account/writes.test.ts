import { beforeAll, describe, expect, test } from "vitest";
import type { AccountStation, BatchWrite } from "../../src/protocol/account-station.ts";
import type { RepoOp } from "../../src/protocol/events.ts";
import type { Member } from "../support/account.ts";
import { lastCommitOf } from "../support/object-access.ts";
import {
  bytesOf,
  checkRepo,
  newAccount,
  newDid,
  accountOf,
  newMember,
  post,
  refusalOf,
  settle,
} from "../support/account.ts";

const POST = "app.bsky.feed.post";
const LIKE = "app.bsky.feed.like";
const FOLLOW = "app.bsky.graph.follow";
const MISSING = "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a";

let member: Member;
let account: AccountStation;
beforeAll(async () => {
  member = await newMember();
  account = member.account;
});

const head = () => account.getLatestCommit("public");

describe("createRecord", () => {
  test("fills in a missing $type", async () => {
    const { uri } = await account.createRecord({
      collection: POST,
      record: { text: "x", createdAt: "2024-06-01T00:00:00Z" },
    });
    const read = await account.getRecord(POST, uri.split("/").at(-1) ?? "");
    expect(read?.value["$type"]).toBe(POST);
  });

  test.each([
    ["another $type", { record: { ...post("x"), $type: LIKE } }, /Invalid \$type/],
    ["a known record that lacks a field", { record: { $type: POST, text: "x" } }, /createdAt/],
    ["a rkey of the wrong kind", { rkey: "not-a-tid", record: post("x") }, /record key/],
    ["a rkey that is none", { rkey: "bad key!", record: post("x") }, /record key/],
    ["a rkey that is a dot", { rkey: ".", collection: "com.example.any", record: {} }, /record key/],
    ["a slur in a rkey", { rkey: "n1gg3r", collection: "com.example.any", record: {} }, /slur/],
    ["a float", { record: post("x", { score: 1.5 }) }, /float/i],
    ["an integer beyond 2^53", { collection: "com.example.any", record: { n: 2 ** 53 } }, /2\^53/],
    ["a broken $link", { collection: "com.example.any", record: { l: { $link: "nope" } } }, /link/],
    ["broken $bytes", { collection: "com.example.any", record: { b: { $bytes: "%" } } }, /bytes/],
    ["a lone surrogate", { collection: "com.example.any", record: { s: "\ud800" } }, /surrogate/],
    [
      "a legacy blob",
      { collection: "com.example.any", record: { b: { cid: MISSING, mimeType: "image/png" } } },
      /Legacy blobs/,
    ],
    ["a collection that is no NSID", { collection: "nope", record: {} }, /collection/],
    [
      "an unknown lexicon with validate",
      { collection: "com.example.x", record: {}, validate: true },
      /Unknown lexicon/,
    ],
  ])("refuses %s and changes nothing", async (_, input, message) => {
    const before = await head();
    const refusal = await refusalOf(account.createRecord({ collection: POST, ...input }));
    expect(refusal).toMatchObject({ error: "InvalidRequest", status: 400 });
    expect(refusal.message).toMatch(message);
    expect(await head()).toEqual(before);
  });

  test("accepts an unknown lexicon and says so", async () => {
    const { validationStatus } = await account.createRecord({
      collection: "com.example.thing",
      record: { a: [null] },
    });
    expect(validationStatus).toBe("unknown");
  });

  test("with validate false stores what the lexicon forbids, and claims nothing", async () => {
    const outcome = await account.createRecord({
      collection: POST,
      record: { text: 12345 },
      validate: false,
    });
    expect(outcome.validationStatus).toBeUndefined();
  });

  test("refuses a taken rkey as RecordAlreadyExists, and keeps what is there", async () => {
    const input = { collection: POST, rkey: "3kn2222222222" };
    await account.createRecord({ ...input, record: post("explicit") });
    const refusal = await refusalOf(account.createRecord({ ...input, record: post("again") }));
    expect(refusal).toMatchObject({ error: "RecordAlreadyExists", status: 409 });
    expect((await account.getRecord(POST, input.rkey))?.value["text"]).toBe("explicit");
  });

  test("gives rising rkeys, so that the newest is listed first", async () => {
    const { account: other } = await newMember();
    const writes: BatchWrite[] = Array.from({ length: 30 }, (_, i) => ({
      action: "create",
      collection: POST,
      value: post(String(i)),
    }));
    await other.applyWrites({ writes });
    const { records } = JSON.parse(await other.listRecords(POST, { limit: 30 })) as {
      records: { value: { text: string } }[];
    };
    expect(records.map(({ value }) => value.text)).toEqual(
      Array.from({ length: 30 }, (_, i) => String(29 - i)),
    );
  });
});

describe("swaps", () => {
  test("rejects a stale swapCommit, naming the head", async () => {
    const { cid } = await head();
    const refusal = await refusalOf(
      account.createRecord({ collection: POST, record: post("x"), swapCommit: MISSING }),
    );
    expect(refusal).toEqual({ error: "InvalidSwap", status: 400, message: `Commit was at ${cid}` });
  });

  test("accepts the head as swapCommit", async () => {
    const { cid } = await head();
    const { commit } = await account.createRecord({ collection: POST, record: post("x"), swapCommit: cid });
    expect(commit?.cid).not.toBe(cid);
  });

  test("putRecord: null demands absence, a CID demands that version", async () => {
    const input = { collection: "app.bsky.actor.profile", rkey: "self" };
    const first = await account.putRecord({ ...input, record: { displayName: "one" }, swapRecord: null });
    const taken = await refusalOf(
      account.putRecord({ ...input, record: { displayName: "two" }, swapRecord: null }),
    );
    expect(taken).toMatchObject({ error: "InvalidSwap", message: `Record was at ${first.cid}` });
    const stale = await refusalOf(
      account.putRecord({ ...input, record: { displayName: "two" }, swapRecord: MISSING }),
    );
    expect(stale.error).toBe("InvalidSwap");
    const second = await account.putRecord({
      ...input,
      record: { displayName: "two" },
      swapRecord: first.cid,
    });
    expect(second.cid).not.toBe(first.cid);
    const absent = await refusalOf(
      account.putRecord({ collection: "com.example.any", rkey: "a", record: {}, swapRecord: MISSING }),
    );
    expect(absent).toMatchObject({ error: "InvalidSwap", message: "Record was at null" });
  });

  test("deleteRecord checks both", async () => {
    const { uri, cid } = await account.createRecord({ collection: POST, record: post("to go") });
    const rkey = uri.split("/").at(-1) ?? "";
    const input = { collection: POST, rkey };
    expect((await refusalOf(account.deleteRecord({ ...input, swapRecord: MISSING }))).message).toBe(
      `Record was at ${cid}`,
    );
    expect((await refusalOf(account.deleteRecord({ ...input, swapCommit: MISSING }))).error).toBe(
      "InvalidSwap",
    );
    expect((await account.deleteRecord({ ...input, swapRecord: cid })).commit).toBeDefined();
    expect(await account.getRecord(POST, rkey)).toBeNull();
  });
});

describe("what changes nothing", () => {
  test("putting the same record again: no commit, swaps unread", async () => {
    const input = { collection: "com.example.any", rkey: "same", record: { a: 1 } };
    await account.putRecord(input);
    const before = await head();
    const again = await account.putRecord({ ...input, swapCommit: MISSING });
    expect(again.commit).toBeUndefined();
    expect(await head()).toEqual(before);
  });

  test("deleting what is not there: no commit, swaps unread", async () => {
    const before = await head();
    const input = { collection: POST, rkey: "3zzzzzzzzzz22", swapCommit: MISSING };
    expect((await account.deleteRecord(input)).commit).toBeUndefined();
    expect(await head()).toEqual(before);
  });
});

describe("applyWrites", () => {
  const create = (rkey: string, text = rkey): BatchWrite => ({
    action: "create",
    collection: POST,
    rkey,
    value: post(text),
  });

  const update = (rkey: string, text = rkey): BatchWrite => ({
    action: "update",
    collection: POST,
    rkey,
    value: post(text),
  });
  const remove = (rkey: string): BatchWrite => ({ action: "delete", collection: POST, rkey });

  test("creates, updates and deletes in one commit, results in order", async () => {
    await account.applyWrites({ writes: [create("3kn222222222e"), create("3kn222222222f")] });
    const { results, commit } = await account.applyWrites({
      writes: [
        { action: "update", collection: POST, rkey: "3kn222222222e", value: post("e2") },
        { action: "delete", collection: POST, rkey: "3kn222222222f" },
        create("3kn222222222g"),
      ],
    });
    expect(results.map((result) => result?.uri.split("/").at(-1))).toEqual([
      "3kn222222222e",
      undefined,
      "3kn222222222g",
    ]);
    expect(await head()).toEqual(commit);
    expect((await account.getRecord(POST, "3kn222222222e"))?.value["text"]).toBe("e2");
    expect(await account.getRecord(POST, "3kn222222222f")).toBeNull();
  });

  test("makes a commit of no writes", async () => {
    const before = await head();
    const { commit, results } = await account.applyWrites({ writes: [] });
    expect(results).toEqual([]);
    expect(commit.rev > before.rev).toBe(true);
  });

  test.each<[string, BatchWrite[], string, number]>([
    [
      "two creates at one rkey",
      [create("3kn222222222j"), create("3kn222222222j", "again")],
      "RecordAlreadyExists",
      409,
    ],
    [
      "a create at a taken rkey, and its delete",
      [create("3kn2222222222"), remove("3kn2222222222")],
      "RecordAlreadyExists",
      409,
    ],
    ["an update after a delete", [remove("3kn2222222222"), update("3kn2222222222")], "InvalidRequest", 400],
    ["two deletes of one record", [remove("3kn2222222222"), remove("3kn2222222222")], "InvalidRequest", 400],
    [
      "a delete after a create and a delete",
      [create("3kn222222222j"), remove("3kn222222222j"), remove("3kn222222222j")],
      "InvalidRequest",
      400,
    ],
    [
      "an update of what is not there",
      [{ action: "update", collection: POST, rkey: "3zzzzzzzzzz22", value: post("x") }],
      "InvalidRequest",
      400,
    ],
    [
      "a delete of what is not there",
      [{ action: "delete", collection: POST, rkey: "3zzzzzzzzzz22" }],
      "InvalidRequest",
      400,
    ],
    ["a taken rkey", [create("3kn222222222j"), create("3kn2222222222")], "RecordAlreadyExists", 409],
    [
      "one invalid record among valid ones",
      [create("3kn222222222j"), { action: "create", collection: POST, value: { $type: POST } }],
      "InvalidRequest",
      400,
    ],
    [
      "201 writes",
      Array.from({ length: 201 }, () => ({ action: "create", collection: POST, value: post("x") }) as const),
      "InvalidRequest",
      400,
    ],
  ])("refuses %s, whole", async (_, writes, error, status) => {
    const before = await head();
    expect(await refusalOf(account.applyWrites({ writes }))).toMatchObject({ error, status });
    expect(await head()).toEqual(before);
    expect(await account.getRecord(POST, "3kn222222222j")).toBeNull();
  });

  test.each<[string, boolean, BatchWrite[], string | undefined]>([
    ["delete, create", true, [remove("3kn222222222k"), create("3kn222222222k", "new")], "new"],
    ["create, delete", false, [create("3kn222222222k"), remove("3kn222222222k")], undefined],
    ["create, update", false, [create("3kn222222222k"), update("3kn222222222k", "new")], "new"],
    ["update, delete", true, [update("3kn222222222k", "new"), remove("3kn222222222k")], undefined],
    ["update, update", true, [update("3kn222222222k", "new"), update("3kn222222222k", "newer")], "newer"],
    [
      "create, delete, create, update",
      false,
      [
        create("3kn222222222k"),
        remove("3kn222222222k"),
        create("3kn222222222k"),
        update("3kn222222222k", "new"),
      ],
      "new",
    ],
  ])("applies %s of one record in order, and announces one op for it", async (_, exists, writes, text) => {
    const { account: own, did, key } = await newMember();
    await own.applyWrites({
      writes: [create("3kn222222222a"), ...(exists ? [create("3kn222222222k", "old")] : [])],
    });
    const before = (await own.getRecord(POST, "3kn222222222k"))?.cid;
    const { results } = await own.applyWrites({ writes: [...writes, create("3kn222222222z")] });
    expect(results.map((result) => result !== null)).toEqual([
      ...writes.map(({ action }) => action !== "delete"),
      true,
    ]);
    const now = await own.getRecord(POST, "3kn222222222k");
    expect(now?.value["text"]).toBe(text);
    const { ops } = await lastCommitOf(did);
    const action = before === undefined ? "create" : now === null ? "delete" : "update";
    const op = { action, path: `${POST}/3kn222222222k`, cid: now?.cid ?? null, prev: before };
    const other = expect.objectContaining({ action: "create", path: `${POST}/3kn222222222z` }) as RepoOp;
    expect(ops).toEqual(before === undefined && now === null ? [other] : [op, other]);
    const { records } = await checkRepo(await bytesOf(await own.getRepo("public")), did, key);
    expect(records.has(`${POST}/3kn222222222k`)).toBe(now !== null);
  });

  test("makes a commit of writes that come to nothing", async () => {
    const before = await head();
    const { commit } = await account.applyWrites({
      writes: [create("3kn222222222k"), remove("3kn222222222k")],
    });
    expect(commit.rev > before.rev).toBe(true);
    expect((await lastCommitOf(member.did)).ops).toEqual([]);
  });

  test("refuses more than an event can carry", async () => {
    const writes: BatchWrite[] = Array.from({ length: 3 }, () => ({
      action: "create",
      collection: "com.example.big",
      value: { text: "x".repeat(700_000) },
    }));
    expect((await refusalOf(account.applyWrites({ writes }))).message).toMatch(/2MB/);
  });
});

describe("one like, repost, follow or block a subject", () => {
  const follow = (subject: string, createdAt: string) => ({ subject, createdAt });
  const listed = async (of: AccountStation, collection: string) =>
    (
      JSON.parse(await of.listRecords(collection, { limit: 100 })) as { records: { uri: string }[] }
    ).records.map(({ uri }) => uri);

  test("a second follow takes the place of the first, in one commit", async () => {
    const { account: other, did, key } = await newMember();
    const first = await other.createRecord({
      collection: FOLLOW,
      record: follow("did:plc:bob", "2024-06-02T00:00:00Z"),
    });
    await other.createRecord({ collection: FOLLOW, record: follow("did:plc:carol", "2024-06-02T00:00:00Z") });
    const second = await other.createRecord({
      collection: FOLLOW,
      record: follow("did:plc:bob", "2024-06-02T00:00:01Z"),
    });
    const uris = await listed(other, FOLLOW);
    expect(uris).toHaveLength(2);
    expect(uris).toContain(second.uri);
    expect(uris).not.toContain(first.uri);
    const since = await bytesOf(await other.getRepo("public"));
    expect((await checkRepo(since, did, key)).records.size).toBe(2);
  });

  test("likes of different records stay, and validate false replaces nothing", async () => {
    const { account: other } = await newMember();
    const like = (rkey: string, createdAt = "2024-06-02T00:00:00Z") => ({
      subject: { uri: `at://did:plc:bob/${POST}/${rkey}`, cid: MISSING },
      createdAt,
    });
    await other.createRecord({ collection: LIKE, record: like("3kn2222222222") });
    await other.createRecord({ collection: LIKE, record: like("3kn2222222223") });
    await other.createRecord({
      collection: LIKE,
      record: like("3kn2222222222", "2024-06-02T00:00:01Z"),
      validate: false,
    });
    expect(await listed(other, LIKE)).toHaveLength(3);
    // Both older likes are deleted.
    await other.createRecord({ collection: LIKE, record: like("3kn2222222222", "2024-06-02T00:00:02Z") });
    expect(await listed(other, LIKE)).toHaveLength(2);
  });

  test("an update moves a record to its new subject", async () => {
    const { account: other } = await newMember();
    await other.putRecord({
      collection: FOLLOW,
      rkey: "3kn2222222222",
      record: follow("did:plc:bob", "2024-06-02T00:00:00Z"),
    });
    await other.putRecord({
      collection: FOLLOW,
      rkey: "3kn2222222222",
      record: follow("did:plc:carol", "2024-06-02T00:00:00Z"),
    });
    await other.createRecord({ collection: FOLLOW, record: follow("did:plc:bob", "2024-06-02T00:00:00Z") });
    expect(await listed(other, FOLLOW)).toHaveLength(2);
    await other.createRecord({ collection: FOLLOW, record: follow("did:plc:carol", "2024-06-02T00:00:01Z") });
    expect(await listed(other, FOLLOW)).toHaveLength(2);
    expect(await other.getRecord(FOLLOW, "3kn2222222222")).toBeNull();
  });
});

describe("accounts that may not write", () => {
  const write = (of: AccountStation) => of.createRecord({ collection: POST, record: post("x") });

  test("an unknown DID has no account, and stores nothing", async () => {
    const stranger = accountOf(newDid());
    expect(await refusalOf(write(stranger))).toMatchObject({ error: "AccountNotFound", status: 403 });
    expect(await refusalOf(stranger.getLatestCommit("public"))).toMatchObject({
      error: "RepoNotFound",
      status: 400,
    });
  });

  test("one not yet activated is refused", async () => {
    const { account: fresh } = await newAccount();
    expect(await refusalOf(write(fresh))).toMatchObject({ error: "AccountDeactivated", status: 401 });
  });

  test("takedown outweighs deactivation, and lifting it uncovers it", async () => {
    const { account: other, did } = await newMember();
    await settle(other, { active: false });
    expect(await refusalOf(write(other))).toMatchObject({ error: "AccountDeactivated", status: 401 });
    expect(await refusalOf(other.getLatestCommit("public"))).toMatchObject({ error: "RepoDeactivated" });
    await settle(other, { active: false, takedown: "takendown", takedownRef: "why" });
    expect(await refusalOf(write(other))).toMatchObject({ error: "AccountTakedown", status: 401 });
    expect(await refusalOf(other.getLatestCommit("public"))).toMatchObject({
      error: "RepoTakendown",
      message: `Repo has been takendown: ${did}`,
    });
    expect(await other.getLatestCommit("owner")).toHaveProperty("rev");
    await settle(other, { active: false });
    expect(await other.getRepoStatus()).toEqual({ active: false, status: "deactivated" });
    await settle(other);
    expect((await write(other)).commit).toBeDefined();
  });
});

test("the limits of writes are exact: 35,000 points a day at 3, 2 and 1", async () => {
  const { WRITE_LIMITS } = await import("../../src/account/limits.ts");
  const { consume } = await import("../../src/protocol/object/limits.ts");
  let counts: [number, number][] = [];
  let taken = 0;
  for (let now = 1; ; now += 1) {
    const result = consume(WRITE_LIMITS, counts, 3, now);
    counts = result.counts;
    if (result.excess !== null) break;
    taken++;
  }
  expect(taken).toBe(Math.floor(5000 / 3));
  expect(consume(WRITE_LIMITS, counts, 2, 2000).excess).toBeNull();
  expect(consume(WRITE_LIMITS, counts, 3, 3_600_002).excess).toBeNull();
});
