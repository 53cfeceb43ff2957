import { beforeEach, expect, test } from "vitest";
import type { Reservation } from "../../src/identity/changes.ts";
import { Directory } from "../../src/identity/directory.ts";
import { bindings, newDid, newHandle, refusalOf } from "../support/bindings.ts";

let now = Date.parse("2026-11-23T10:00:00.000Z");
const directory = new Directory(bindings, () => now);
const { changes } = directory;
const reserve = (wanted: Reservation) => changes.reserve("create", wanted);

beforeEach(() => {
  now += 1_000;
});

async function member(email?: string) {
  const identity = { did: newDid(), handle: newHandle() };
  await changes.admit(await reserve({ ...identity, email }), "active");
  return identity;
}

test("a reservation is found by nobody until it is activated", async () => {
  const wanted = { did: newDid(), handle: newHandle(), email: "Reserved@Example.com" };
  const act = await reserve(wanted);
  expect(await directory.find(wanted.did)).toBeNull();
  expect(await directory.find(wanted.handle)).toBeNull();
  expect(await directory.findByEmail(wanted.email)).toBeNull();
  expect((await directory.stage(wanted.did))?.state).toBe("reserved");

  await changes.admit(act, "active");
  const found = await directory.find(wanted.handle.toUpperCase());
  expect(found).toMatchObject({
    did: wanted.did,
    handle: wanted.handle,
    email: "reserved@example.com",
    emailConfirmedAt: null,
    status: "active",
    createdAt: "2026-11-23T10:00:01.000Z",
    invitesDisabled: false,
  });
  expect((await directory.findByEmail("RESERVED@example.COM"))?.did).toBe(wanted.did);
});

test("a handle, an e-mail address and a DID are each held once", async () => {
  const first = { did: newDid(), handle: newHandle(), email: "once@example.com" };
  await reserve(first);
  const handle = await refusalOf(reserve({ did: newDid(), handle: first.handle }));
  expect(handle).toEqual({
    error: "HandleNotAvailable",
    message: `Handle already taken: ${first.handle}`,
  });
  const email = await refusalOf(reserve({ did: newDid(), handle: newHandle(), email: "ONCE@example.com" }));
  expect(email).toEqual({
    error: "InvalidRequest",
    message: "Email already taken: ONCE@example.com",
  });
  const did = await refusalOf(reserve({ did: first.did, handle: newHandle() }));
  expect(did.error).toBe("AlreadyExists");
});

test("a DID is reserved once, whatever its handle, and then not until it is released", async () => {
  const wanted = { did: newDid(), handle: newHandle() };
  const act = await reserve(wanted);
  expect((await refusalOf(reserve(wanted))).error).toBe("AlreadyExists");
  expect((await refusalOf(reserve({ ...wanted, handle: newHandle() }))).error).toBe("AlreadyExists");
  await changes.release(act);
  const next = await reserve(wanted);
  // The first act is over: it can neither list nor release what the second has reserved.
  expect(await changes.admit(act, "active")).toBeNull();
  await changes.release(act);
  expect(await changes.admit(next, "active")).toMatchObject({ did: wanted.did, status: "active" });
  expect((await refusalOf(reserve(wanted))).error).toBe("AlreadyExists");
});

test("of twenty that want one handle at once, one gets it", async () => {
  const handle = newHandle();
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, () => reserve({ did: newDid(), handle })),
  );
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("releasing a reservation frees handle, address and invite, and never a member", async () => {
  await directory.invites.create([
    { forAccount: "admin", codes: ["release-me"], uses: 1, createdBy: "admin" },
  ]);
  const wanted = { handle: newHandle(), email: "free@example.com", inviteCode: "release-me" };
  const did = newDid();
  await changes.release(await reserve({ did, ...wanted }));
  const second = newDid();
  const act = await reserve({ did: second, ...wanted });
  await changes.admit(act, "active");
  await changes.release(act);
  expect((await directory.find(wanted.handle))?.did).toBe(second);
  expect((await directory.invites.invitedBy([second])).get(second)?.code).toBe("release-me");
});

test("an account costs four rows with an address, three without", async () => {
  const count = async (email: string | null) => {
    const { meta } = await bindings.DIRECTORY.prepare(
      "INSERT INTO account (did, handle, email, state, created_at) VALUES (?, ?, ?, 'reserved', '')",
    )
      .bind(newDid(), newHandle(), email)
      .run();
    return meta.rows_written;
  };
  expect(await count(null)).toBe(3);
  expect(await count("rows@example.com")).toBe(4);
});

test("a takedown hides what the member did, and its reversal shows it again", async () => {
  const { did } = await member();
  await changes.deactivate(did, "2026-12-01T00:00:00.000Z");
  expect(await directory.find(did)).toMatchObject({
    status: "deactivated",
    deleteAfter: "2026-12-01T00:00:00.000Z",
  });
  await changes.setTakedown(did, "takendown", "case-7");
  expect(await directory.find(did)).toMatchObject({ status: "takendown", takedownRef: "case-7" });
  await changes.activate(did);
  expect((await directory.find(did))?.status).toBe("takendown");
  await changes.setTakedown(did, null);
  expect(await directory.find(did)).toMatchObject({
    status: "active",
    takedownRef: null,
    deactivatedAt: null,
    deleteAfter: null,
  });
  await changes.setTakedown(did, "suspended");
  expect(await directory.find(did)).toMatchObject({
    status: "suspended",
    takedownRef: new Date(now).toISOString(),
  });
});

test("a deleted account is gone for all but its handle, which comes free at the end", async () => {
  const { did, handle } = await member("leaving@example.com");
  await changes.markDeleted(did);
  expect(await directory.find(did)).toBeNull();
  expect((await directory.stage(did))?.status).toBe("deleted");
  expect((await refusalOf(reserve({ did: newDid(), handle }))).error).toBe("HandleNotAvailable");
  await changes.remove(did);
  await changes.remove(did);
  await reserve({ did: newDid(), handle, email: "leaving@example.com" });
});

test("handles and addresses change, to what nobody else has", async () => {
  const one = await member("one@example.com");
  const two = await member("two@example.com");
  expect(await refusalOf(changes.rename(one.did, two.handle, one.handle))).toEqual({
    error: "HandleNotAvailable",
    message: `Handle already taken: ${two.handle}`,
  });
  await changes.rename(one.did, one.handle, one.handle);
  await changes.rename(one.did, "renamed.test", one.handle);
  expect((await directory.find("renamed.test"))?.did).toBe(one.did);

  expect((await refusalOf(directory.setEmail(one.did, "TWO@example.com"))).error).toBe("InvalidRequest");
  expect(await directory.confirmEmail(one.did, "one@example.com")).toBe(true);
  await directory.setEmail(one.did, "Uno@example.com");
  expect(await directory.find(one.did)).toMatchObject({
    email: "uno@example.com",
    emailConfirmedAt: null,
  });
  expect(await directory.confirmEmail(one.did, "one@example.com")).toBe(false);
});

test("what is no account cannot be changed", async () => {
  expect((await refusalOf(changes.rename(newDid(), "ghost.test", "host.test"))).error).toBe(
    "AccountNotFound",
  );
});

test("many accounts are found at once", async () => {
  const members = await Promise.all(Array.from({ length: 120 }, () => member()));
  const found = await directory.findAll([...members.map(({ did }) => did), newDid()]);
  expect(found.size).toBe(120);
  expect(await directory.findAll([])).toEqual(new Map());
});

test("the list pages newest first through everyone once, and finds parts of names", async () => {
  const made = [];
  for (let index = 0; index < 5; index++) {
    now += 1_000;
    const identity = { did: newDid(), handle: `listed-${index}.test` as const };
    await changes.admit(await reserve({ ...identity, email: `listed${index}@example.com` }), "active");
    made.unshift(identity.did);
  }
  const walked: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await directory.list({ limit: 2, search: "Listed-", cursor });
    walked.push(...page.members.map(({ did }) => did));
    cursor = page.cursor;
  } while (cursor !== undefined);
  expect(walked).toEqual(made);
  const byEmail = await directory.list({ limit: 10, email: "LISTED3@example.com" });
  expect(byEmail.members.map(({ handle }) => handle)).toEqual(["listed-3.test"]);
  expect((await directory.list({ limit: 10, search: "%" })).members).toEqual([]);
  expect((await refusalOf(directory.list({ limit: 1, cursor: "nonsense" }))).error).toBe("InvalidRequest");
});

test("active accounts are counted up to a bound, and no others", async () => {
  const before = (await directory.countActive(10_000)) ?? 0;
  const { did } = await member();
  await member();
  await changes.setTakedown(did, "takendown");
  await reserve({ did: newDid(), handle: newHandle() });
  expect(await directory.countActive(10_000)).toBe(before + 1);
  expect(await directory.countActive(2)).toBeUndefined();
});
