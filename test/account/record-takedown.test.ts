import { expect, test } from "vitest";
import migration from "../../migrations/account/0002_record_takedown.sql";
import type { BatchWrite } from "../../src/protocol/account-station.ts";
import { archiveOf, streamOf } from "../support/archive.ts";
import type { Member } from "../support/account.ts";
import { accountOf, newMember, post } from "../support/account.ts";
import { change, kill, rowsOf } from "../support/object-access.ts";

const POST = "app.bsky.feed.post";
const AT = { collection: POST, rkey: "3jaaaaaaaaa2a" };
const PATH = `${AT.collection}/${AT.rkey}`;

async function withTakenDown(): Promise<Member> {
  const member = await newMember();
  await member.account.createRecord({ ...AT, record: post("bad") });
  await member.account.takedownRecord(PATH, "spam");
  return member;
}

async function shown({ account }: Pick<Member, "account">): Promise<boolean> {
  const listed = await account.listRecords(POST, { limit: 10 });
  const isListed = listed.includes(AT.rkey);
  expect(await account.getRecord(AT.collection, AT.rkey)).toEqual(isListed ? expect.anything() : null);
  return isListed;
}

const remove: BatchWrite = { action: "delete", ...AT };
const create: BatchWrite = { action: "create", ...AT, value: post("bad again") };

test.each<[string, (member: Member) => Promise<unknown>]>([
  [
    "deleted and created",
    async ({ account }) => {
      await account.deleteRecord(AT);
      await account.createRecord({ ...AT, record: post("bad again") });
    },
  ],
  [
    "deleted and put",
    async ({ account }) => {
      await account.deleteRecord(AT);
      await account.putRecord({ ...AT, record: post("bad again") });
    },
  ],
  ["edited", ({ account }) => account.putRecord({ ...AT, record: post("bad again") })],
  ["deleted and created in one commit", ({ account }) => account.applyWrites({ writes: [remove, create] })],
  [
    "deleted and created in two commits",
    async ({ account }) => {
      await account.applyWrites({ writes: [remove] });
      await account.applyWrites({ writes: [create] });
    },
  ],
  [
    "deleted and imported",
    async ({ account, did }) => {
      await account.deleteRecord(AT);
      await account.importRepo(streamOf(archiveOf(did, { [PATH]: post("bad again") })));
    },
  ],
  [
    "left out of one archive, and in the next",
    async ({ account, did }) => {
      await account.importRepo(streamOf(archiveOf(did, { [`${POST}/3jaaaaaaaaa2b`]: post("good") })));
      await account.importRepo(streamOf(archiveOf(did, { [PATH]: post("bad again") })));
    },
  ],
])("a record that was taken down stays so when it is %s", async (_, act) => {
  const member = await withTakenDown();
  await act(member);
  expect(await shown(member)).toBe(false);
  expect(await member.account.recordTakedown(PATH)).toMatchObject({
    takedown: { applied: true, ref: "spam" },
  });
  await member.account.takedownRecord(PATH, null);
  expect(await shown(member)).toBe(true);
});

test("a record whose takedown was lifted while it was away comes back", async () => {
  const member = await withTakenDown();
  await member.account.deleteRecord(AT);
  await member.account.takedownRecord(PATH, null);
  await member.account.createRecord({ ...AT, record: post("good") });
  expect(await shown(member)).toBe(true);
  await member.account.deleteRecord(AT);
  await member.account.createRecord({ ...AT, record: post("good again") });
  expect(await shown(member)).toBe(true);
});

test("a takedown from before takedowns outlived their records outlives it, too", async () => {
  const member = await withTakenDown();
  const { did } = member;
  await change(did, `DROP TABLE record_takedown; ${migration}`);
  await kill(did);
  const account = accountOf(did);
  await account.deleteRecord(AT);
  await account.createRecord({ ...AT, record: post("bad again") });
  expect(await shown({ account })).toBe(false);
  expect(await rowsOf(did, "SELECT * FROM record_takedown")).toEqual([{ path: PATH, ref: "spam" }]);
});
