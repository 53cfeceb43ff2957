import { expect, test } from "vitest";
import { Directory } from "../../src/identity/directory.ts";
import { inviteCodeIn, newInviteCode } from "../../src/identity/invites.ts";
import { bindings, newDid, newHandle, refusalOf } from "../support/bindings.ts";

let now = Date.parse("2026-11-23T10:00:00.000Z");
const directory = new Directory(bindings, () => now);
const { invites } = directory;
const unavailable = {
  error: "InvalidInviteCode",
  message: "Provided invite code not available",
};

async function codeFor(forAccount: string, uses = 1) {
  const code = newInviteCode("pds.example.com");
  now += 1_000;
  await invites.create([{ forAccount, codes: [code], uses, createdBy: "admin" }]);
  return code;
}

async function join(inviteCode: string) {
  const did = newDid();
  const act = await directory.changes.reserve("create", { did, handle: newHandle(), inviteCode });
  await directory.changes.admit(act, "active");
  return did;
}

test("who was deleted comes back by the code that they came by, and uses it no second time", async () => {
  const code = await codeFor("admin", 1);
  const did = await join(code);
  await bindings.DIRECTORY.prepare("DELETE FROM account WHERE did = ?").bind(did).run();
  const act = await directory.changes.reserve("bring", { did, handle: newHandle(), inviteCode: code });
  expect(await directory.changes.admit(act, "deactivated")).toMatchObject({ did });
  const other = directory.changes.reserve("create", {
    did: newDid(),
    handle: newHandle(),
    inviteCode: code,
  });
  expect(await refusalOf(other)).toEqual(unavailable);
});

test("who is gone invites nobody, from the moment of the deletion on", async () => {
  const giver = await join(await codeFor("admin"));
  const [unused, half, foreign] = [
    await codeFor(giver),
    await codeFor(giver, 2),
    await codeFor("did:web:elsewhere"),
  ];
  const guest = await join(half);
  expect(await invites.giverOf(unused)).toBe(giver);
  const act = await directory.changes.markDeleted(giver);
  expect(act).not.toBeNull();
  for (const code of [unused, half]) {
    expect(await invites.giverOf(code)).toBeNull();
    expect(await refusalOf(join(code))).toEqual(unavailable);
  }
  await directory.changes.remove(giver);
  for (const code of [unused, half]) expect(await refusalOf(join(code))).toEqual(unavailable);
  expect((await invites.of(giver)).map(({ code, disabled }) => [code, disabled])).toEqual([[half, true]]);
  expect((await invites.invitedBy([guest])).get(guest)).toMatchObject({ code: half });
  // A code for somebody who is not here is the admin's to give.
  expect(await invites.giverOf(foreign)).toBe("did:web:elsewhere");
});

test("a code names its host and cannot be taken for a link", () => {
  expect(newInviteCode("pds.example.com")).toMatch(/^pds-example-com-[a-z2-7]{5}-[a-z2-7]{5}$/);
  expect(newInviteCode("x")).not.toBe(newInviteCode("x"));
});

test.each([
  ["in capitals", (code: string) => code.toUpperCase()],
  ["between blanks", (code: string) => ` ${code}\u00a0\n`],
  ["as a link", (code: string) => `https://PDS.example.com/join/${code}`],
  ["as a link with more behind", (code: string) => `http://localhost:2583/join/${code}/?utm=x#y`],
])("a code is known %s", async (_, written) => {
  const code = await codeFor("admin");
  expect(inviteCodeIn(written(code))).toBe(code);
  expect(await invites.giverOf(written(code))).toBe("admin");
});

test("a code lets in as many as it has uses, and no one more at the same moment", async () => {
  const code = await codeFor("admin", 3);
  await invites.assertAvailable(code);
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => join(code)));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
  expect(await refusalOf(invites.assertAvailable(code))).toEqual(unavailable);
  expect(await refusalOf(join(code))).toEqual(unavailable);
});

test("a code that nobody made lets nobody in", async () => {
  const did = newDid();
  expect(
    await refusalOf(
      directory.changes.reserve("create", { did, handle: newHandle(), inviteCode: "no-such-code" }),
    ),
  ).toEqual(unavailable);
  expect(await directory.stage(did)).toBeNull();
});

test("a use is not taken by someone whose handle is taken", async () => {
  const code = await codeFor("admin");
  const taken = await directory.find(await join(await codeFor("admin")));
  const refusal = await refusalOf(
    directory.changes.reserve("create", {
      did: newDid(),
      handle: taken?.handle ?? "x.test",
      inviteCode: code,
    }),
  );
  expect(refusal.error).toBe("HandleNotAvailable");
  await invites.assertAvailable(code);
});

test("a taken-down member's codes let nobody in, until the takedown is lifted", async () => {
  const host = await join(await codeFor("admin"));
  const code = await codeFor(host);
  await directory.changes.setTakedown(host, "takendown");
  expect(await refusalOf(invites.assertAvailable(code))).toEqual(unavailable);
  expect(await refusalOf(join(code))).toEqual(unavailable);
  await directory.changes.setTakedown(host, null);
  await join(code);
});

test("a member's codes are listed with who used them, and who came by which", async () => {
  const host = await join(await codeFor("admin"));
  const code = await codeFor(host, 2);
  const guest = await join(code);
  const [detail] = await invites.of(host);
  expect(detail).toEqual({
    code,
    available: 2,
    disabled: false,
    forAccount: host,
    createdBy: "admin",
    createdAt: new Date(now).toISOString(),
    uses: [{ usedBy: guest, usedAt: new Date(now).toISOString() }],
  });
  expect((await invites.invitedBy([guest, host])).get(guest)?.code).toBe(code);
  expect([...(await invites.ofAll([host, guest])).keys()]).toEqual([host]);
});

test("codes are disabled singly and by account, but not all of the admin's", async () => {
  const host = await join(await codeFor("admin"));
  const [one, two] = [await codeFor("admin"), await codeFor(host)];
  await invites.disable({ codes: [one], accounts: [host] });
  expect(await refusalOf(invites.assertAvailable(one))).toEqual(unavailable);
  expect(await refusalOf(invites.assertAvailable(two))).toEqual(unavailable);
  expect((await refusalOf(invites.disable({ accounts: ["admin"] }))).error).toBe("InvalidRequest");
});

test.each(["recent", "usage"] as const)("the %s list pages through every code once", async (sort) => {
  await join(await codeFor("admin", 4));
  const { results } = await bindings.DIRECTORY.prepare("SELECT code FROM invite_code").all<{
    code: string;
  }>();
  const walked: string[] = [];
  const keys: (string | number)[] = [];
  let cursor: string | undefined;
  do {
    const page = await invites.list({ sort, limit: 3, cursor });
    walked.push(...page.codes.map(({ code }) => code));
    keys.push(...page.codes.map((code) => (sort === "recent" ? code.createdAt : code.uses.length)));
    cursor = page.cursor;
  } while (cursor !== undefined);
  expect(walked.toSorted()).toEqual(results.map(({ code }) => code).toSorted());
  expect(keys).toEqual(keys.toSorted((a, b) => (a < b ? 1 : -1)));
  expect((await refusalOf(invites.list({ sort, limit: 3, cursor: "x" }))).error).toBe("InvalidRequest");
});

test("a thousand codes are made in one statement", async () => {
  const codes = Array.from({ length: 1_000 }, (_, index) => `bulk-${index}`);
  await invites.create([{ forAccount: "admin", codes, uses: 1, createdBy: "admin" }]);
  await invites.assertAvailable("bulk-999");
  await invites.create([]);
  expect(await invites.anyOpen()).not.toBeNull();
});
