/** Which records read-after-write finds in a repo, and which it leaves out. */
import { expect, test } from "vitest";
import type { Member } from "../support/account.ts";
import { bytesOf, newMember, post } from "../support/account.ts";

const POST = "app.bsky.feed.post";
const PROFILE = "app.bsky.actor.profile";

const write = (member: Member, text: string) =>
  member.account.createRecord({ collection: POST, record: post(text) });

const rename = ({ account }: Member, displayName: string) =>
  account.putRecord({ collection: PROFILE, rkey: "self", record: { $type: PROFILE, displayName } });

const like = ({ account }: Member, n: number) =>
  account.createRecord({
    collection: "app.bsky.feed.like",
    record: {
      $type: "app.bsky.feed.like",
      subject: {
        uri: `at://did:plc:bob/${POST}/${n}`,
        cid: "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a",
      },
      createdAt: "2024-06-01T00:00:00Z",
    },
  });

const revOf = async ({ account }: Member) => (await account.getLatestCommit("public")).rev;

const texts = async (member: Member, rev: string) =>
  (await member.account.recordsSince(rev))?.posts.map(({ value }) => value.text);

test("posts after a rev, oldest first, and the profile however old it is", async () => {
  const member = await newMember();
  await rename(member, "Ann");
  await write(member, "seen");
  const rev = await revOf(member);
  await write(member, "one");
  await write(member, "two");
  const recent = await member.account.recordsSince(rev);
  expect(recent?.posts.map(({ value }) => value.text)).toEqual(["one", "two"]);
  expect(recent?.posts.every((each) => each.rev > rev)).toBe(true);
  expect(Date.now() - Date.parse(recent?.posts[0]?.indexedAt ?? "")).toBeLessThan(60_000);
  expect(recent?.profile).toMatchObject({ value: { displayName: "Ann" } });
  expect((recent?.profile?.rev ?? "") <= rev).toBe(true);
});

test("a profile alone is enough, and its rev says that it is new", async () => {
  const member = await newMember();
  await write(member, "seen");
  const rev = await revOf(member);
  await rename(member, "Anna");
  const recent = await member.account.recordsSince(rev);
  expect(recent).toMatchObject({ profile: { value: { displayName: "Anna" } }, posts: [] });
  expect((recent?.profile?.rev ?? "") > rev).toBe(true);
});

test("ten likes do not hide the post that came after them", async () => {
  const member = await newMember();
  await write(member, "seen");
  const rev = await revOf(member);
  for (let i = 0; i < 12; i++) await like(member, i);
  expect(await member.account.recordsSince(rev)).toBeNull();
  await write(member, "after the likes");
  expect(await texts(member, rev)).toEqual(["after the likes"]);
});

test("at most ten posts, the oldest of them", async () => {
  const member = await newMember();
  await write(member, "seen");
  const rev = await revOf(member);
  for (let i = 0; i < 12; i++) await write(member, String(i));
  expect(await texts(member, rev)).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
});

test("an old post that was written anew is new", async () => {
  const member = await newMember();
  await member.account.putRecord({ collection: POST, rkey: "3k2aaaaaaaa22", record: post("before") });
  await write(member, "seen");
  const rev = await revOf(member);
  await member.account.putRecord({ collection: POST, rkey: "3k2aaaaaaaa22", record: post("after") });
  expect(await texts(member, rev)).toEqual(["after"]);
});

test("nothing, where all is known, or the rev is of another repo, of the future, or none", async () => {
  const member = await newMember();
  await write(member, "seen");
  for (const rev of [await revOf(member), "2222222222222", "7zzzzzzzzzzzz", "", "3l2", "ÿ".repeat(13)]) {
    expect(await member.account.recordsSince(rev), rev).toBeNull();
  }
});

test("nothing after a migration, until the rev is one of this repo's", async () => {
  const member = await newMember();
  await write(member, "from elsewhere");
  const elsewhere = await revOf(member);
  const archive = await bytesOf(await member.account.getRepo("public"));
  await member.account.importRepo(new Blob([archive]).stream());
  const imported = await revOf(member);
  await write(member, "written here");
  expect(await member.account.recordsSince(elsewhere)).toBeNull();
  expect(await texts(member, imported)).toEqual(["written here"]);
});

test("what was taken down, or taken back, is not shown", async () => {
  const member = await newMember();
  await write(member, "seen");
  const rev = await revOf(member);
  const hidden = await write(member, "hidden");
  const deleted = await write(member, "deleted");
  await write(member, "stands");
  const rkey = (uri: string) => uri.split("/").at(-1) ?? "";
  await member.account.takedownRecord(`${POST}/${rkey(hidden.uri)}`, "why");
  await member.account.deleteRecord({ collection: POST, rkey: rkey(deleted.uri) });
  expect(await texts(member, rev)).toEqual(["stands"]);
});
