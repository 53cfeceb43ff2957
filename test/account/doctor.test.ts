/** A look at an account's storage: each damage is found by its name, and what can be derived comes back as it was. */
import { beforeAll, describe, expect, test } from "vitest";
import type { ExaminedPage } from "../../src/protocol/object/account-examination.ts";
import {
  type Member,
  accountOf,
  bindings,
  bytesOf,
  checkRepo,
  newMember,
  refusalOf,
} from "../support/account.ts";
import { change, kill, rowsOf } from "../support/object-access.ts";

const NOTE = "com.example.note";

const note = (text: string) => ({ $type: NOTE, text });

async function examined(member: Member): Promise<ExaminedPage["faults"]> {
  const faults: ExaminedPage["faults"] = [];
  for (let cursor: string | undefined = "", pages = 0; cursor !== undefined && pages < 50; pages++) {
    const page: ExaminedPage = await at(member).examine(cursor);
    faults.push(...page.faults);
    cursor = page.next;
  }
  return faults;
}

/** Its object, which a test may have killed. */
const at = ({ did }: Member) => accountOf(did);

const kindsOf = async (member: Member) => (await examined(member)).map(({ kind }) => kind);

/** An account with so many notes, and a like. */
async function writer(notes: number): Promise<Member> {
  const member = await newMember();
  for (let from = 0; from < notes; from += 200) {
    const writes = Array.from({ length: Math.min(200, notes - from) }, (_, i) => ({
      action: "create" as const,
      collection: NOTE,
      rkey: `r${String(from + i).padStart(6, "0")}`,
      value: note(`note ${from + i}`),
    }));
    await at(member).applyWrites({ writes });
  }
  await at(member).createRecord({
    collection: "app.bsky.feed.like",
    record: {
      $type: "app.bsky.feed.like",
      subject: {
        uri: `at://${member.did}/${NOTE}/r000000`,
        cid: "bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
      },
      createdAt: "2026-01-01T00:00:00.000Z",
    },
  });
  return member;
}

const whole = async ({ did, key }: Member) =>
  checkRepo(await bytesOf(await accountOf(did).getRepo("owner")), did, key);

test("a repo that is whole has no fault, whatever its size", async () => {
  expect(await examined(await newMember())).toEqual([]);
  expect(await examined(await writer(1))).toEqual([]);
  expect(await examined(await writer(2_400))).toEqual([]);
});

test("a repo that is written to meanwhile has none either", async () => {
  const member = await writer(2_200);
  const { next = "" } = await at(member).examine("");
  await at(member).deleteRecord({ collection: NOTE, rkey: "r002100" });
  await at(member).createRecord({ collection: NOTE, rkey: "r0000005", record: note("before the page") });
  await at(member).createRecord({ collection: NOTE, rkey: "r0021005", record: note("after it") });
  const rest = await at(member).examine(next);
  expect(rest.faults).toEqual([]);
});

describe("what is derivable comes back as it was", () => {
  let member: Member;
  beforeAll(async () => {
    member = await writer(600);
  });

  test.each([
    [
      "a row of the tree is gone",
      "DELETE FROM mst WHERE band = 0 AND edge = (SELECT max(edge) FROM mst WHERE band = 0)",
    ],
    ["every row below the root is gone", "DELETE FROM mst WHERE band < 2 OR edge <> ''"],
    [
      "a node's byte is changed",
      "UPDATE mst SET bytes = CAST(substr(bytes, 1, length(bytes) - 1) || x'00' AS BLOB) WHERE band = 0 AND edge = (SELECT max(edge) FROM mst WHERE band = 0)",
    ],
    [
      "a row of the tree is empty",
      "UPDATE mst SET bytes = x'' WHERE band = 0 AND edge = (SELECT min(edge) FROM mst WHERE band = 0)",
    ],
  ])("%s", async (_, damage) => {
    const before = await whole(member);
    await change(member.did, damage);
    expect(await kindsOf(member)).toEqual(["tree"]);
    expect(await at(member).mendRepo()).toBe(true);
    expect(await examined(member)).toEqual([]);
    expect(await whole(member)).toEqual(before);
  });

  test.each([
    ["the head is gone with the top of the tree", "DELETE FROM mst WHERE band = 2 AND edge = ''"],
    ["the whole tree is gone", "DELETE FROM mst"],
    [
      "the commit's last byte is changed",
      "UPDATE mst SET bytes = CAST(substr(bytes, 1, length(bytes) - 1) || x'00' AS BLOB) WHERE band = 2 AND edge = ''",
    ],
  ])("%s, and is signed again as it was announced", async (_, damage) => {
    const before = await whole(member);
    await change(member.did, damage);
    await kill(member.did);
    expect(await kindsOf(member)).toEqual(["head"]);
    expect(await at(member).mendRepo()).toBe(true);
    expect(await examined(member)).toEqual([]);
    expect(await whole(member)).toEqual(before);
    // It goes on from there.
    await at(member).createRecord({ collection: NOTE, record: note("after") });
    expect(await examined(member)).toEqual([]);
  });

  test("a stray record goes, with its links", async () => {
    const before = await whole(member);
    await change(
      member.did,
      `INSERT INTO record (path, digest, rev, value) SELECT '${NOTE}/stray', digest, rev, value FROM record LIMIT 1;
       INSERT INTO blob_ref (cid, path) VALUES ('bafkreistray', '${NOTE}/stray')`,
    );
    expect(await examined(member)).toEqual([{ kind: "stray", path: `${NOTE}/stray` }]);
    expect(await at(member).mendRepo()).toBe(true);
    expect(await examined(member)).toEqual([]);
    expect(await whole(member)).toEqual(before);
  });

  test.each([
    ["a subject", "UPDATE record SET subject = 7 WHERE path LIKE 'app.bsky.feed.like/%'"],
    ["a subject that is gone", "UPDATE record SET subject = NULL WHERE path LIKE 'app.bsky.feed.like/%'"],
    ["a digest", `UPDATE record SET digest = zeroblob(32) WHERE path = '${NOTE}/r000003'`],
    [
      "a takedown that nobody ordered",
      `UPDATE record SET takedown = 'nobody' WHERE path = '${NOTE}/r000003'`,
    ],
    [
      "a link of a record that never was",
      "INSERT INTO blob_ref (cid, path) VALUES ('bafkreinone', 'a.b.c/none')",
    ],
  ])("%s is mended as it is found", async (_, damage) => {
    const table = "SELECT path, hex(digest) AS digest, subject, takedown FROM record ORDER BY path";
    const before = await rowsOf(member.did, table);
    await change(member.did, damage);
    expect(await kindsOf(member)).toEqual(["links"]);
    expect(await examined(member)).toEqual([]);
    expect(await rowsOf(member.did, table)).toEqual(before);
    expect(await rowsOf(member.did, "SELECT * FROM blob_ref")).toEqual([]);
  });
});

describe("what is not derivable is named, and nothing is made up", () => {
  test.each([
    ["lost", `DELETE FROM record WHERE path = '${NOTE}/r000100'`],
    [
      "changed",
      `UPDATE record SET value = CAST(substr(value, 1, length(value) - 1) || x'58' AS BLOB) WHERE path = '${NOTE}/r000100'`,
    ],
  ])("a record is %s", async (kind, damage) => {
    const member = await writer(300);
    const tree = "SELECT band, edge, hex(bytes) AS bytes FROM mst ORDER BY band, edge";
    const before = await rowsOf(member.did, tree);
    await change(member.did, damage);
    expect(await examined(member)).toEqual([{ kind, path: `${NOTE}/r000100` }]);
    expect(await at(member).mendRepo()).toBe(false);
    expect(await examined(member)).toEqual([{ kind, path: `${NOTE}/r000100` }]);
    expect(await rowsOf(member.did, tree)).toEqual(before);
  });

  test("every record is lost: each is named", async () => {
    const member = await writer(2_300);
    await change(member.did, "DELETE FROM record");
    expect((await examined(member)).filter(({ kind }) => kind === "lost")).toHaveLength(2_301);
  });

  test("a tree and a record are lost together", async () => {
    const member = await writer(300);
    await change(
      member.did,
      `DELETE FROM record WHERE path = '${NOTE}/r000100'; DELETE FROM mst WHERE band = 0`,
    );
    expect(await kindsOf(member)).toEqual(["tree"]);
    expect(await at(member).mendRepo()).toBe(false);
    expect(await kindsOf(member)).toEqual(["tree"]);
  });

  test("links of a lost record stay, so that its picture does", async () => {
    const member = await writer(5);
    await change(
      member.did,
      `INSERT INTO blob_ref (cid, path) VALUES ('bafkreikept', '${NOTE}/r000002'); DELETE FROM record WHERE path = '${NOTE}/r000002'`,
    );
    expect(await kindsOf(member)).toEqual(["lost"]);
    expect(await rowsOf(member.did, "SELECT cid FROM blob_ref")).toEqual([{ cid: "bafkreikept" }]);
  });
});

test("an account is cleared only if it cannot be read", async () => {
  const member = await writer(3);
  expect(await refusalOf(at(member).clear())).toMatchObject({ error: "InvalidRequest" });
  await change(member.did, "DELETE FROM mst WHERE band = 2 AND edge = ''");
  await at(member).clear();
  expect(await refusalOf(at(member).getLatestCommit("owner"))).toMatchObject({ error: "RepoNotFound" });
  const broken = await writer(3);
  await change(broken.did, "UPDATE account SET signing_key = x'00'");
  await kill(broken.did);
  expect(await refusalOf(at(broken).examine(""))).toMatchObject({ error: "InternalServerError" });
  await at(broken).clear();
  const { signingKey } = await at(broken).create({ did: broken.did, at: Date.now(), password: null });
  expect(signingKey).toMatch(/^did:key:/);
  expect(await examined(broken)).toEqual([]);
  expect((await bindings.SEQUENCER.getByName("host").repo(broken.did))?.position).toBeGreaterThan(0);
});

test("a cursor of another form is refused", async () => {
  const { account } = await newMember();
  expect(await refusalOf(account.examine("elsewhere"))).toMatchObject({ error: "InvalidRequest" });
});
