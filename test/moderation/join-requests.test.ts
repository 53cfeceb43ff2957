/** What bounds requests to join, and what ends them. */
import { beforeEach, expect, test } from "vitest";
import { JoinDecisions } from "../../src/moderation/join-decisions.ts";
import { JoinRequests, LASTS_MS, WAITING_MAX } from "../../src/moderation/join-requests.ts";
import { sweep } from "../../src/lifecycle/sweep.ts";
import { asAdmin, bindings, join, xrpc } from "../support/account-host.ts";

const database = bindings.DIRECTORY;
const DAY = 24 * 60 * 60 * 1000;
let later = 0;
const clock = () => Date.now() + later;
const requests = new JoinRequests(database, clock);
const decisions = new JoinDecisions(database, clock);

beforeEach(async () => {
  later = 0;
  await database.batch(
    ["join_request", "audit_log"].map((table) => database.prepare(`DELETE FROM ${table}`)),
  );
});

let made = 0;
const newName = () => `bound${made++}x${Math.floor(Math.random() * 1e6)}`;
const request = (name: string) => ({
  keyDigest: name,
  handle: `${name}.test`,
  email: `${name}@example.com`,
  reason: "To be with you.",
});
const states = async () =>
  (await database.prepare("SELECT state FROM join_request ORDER BY id").all<{ state: string }>()).results.map(
    ({ state }) => state,
  );
const approve = async (name: string) => {
  const [first] = await requests.list("waiting", null, 1);
  return decisions.approve({ ids: [first?.id ?? 0], actor: "admin", word: "" }, () => `code-${name}`);
};
const isOpen = async (inviteCode: string) => {
  const name = newName();
  const input = { handle: `${name}.test`, email: `${name}@example.com`, password: "pass word", inviteCode };
  bindings.REGISTRATION = "invite";
  const { status } = await xrpc("com.atproto.server.createAccount", { input });
  bindings.REGISTRATION = "open";
  return status === 200;
};

test("so many wait at most; whoever comes later is told to come back", async () => {
  await database
    .prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO join_request (key_digest, handle, email, reason, state, asked_at, ends_at)
       SELECT 'k' || i, 'h' || i || '.test', i || '@example.com', 'r', 'waiting', ?2, ?3 FROM n`,
    )
    .bind(WAITING_MAX - 1, new Date().toISOString(), new Date(Date.now() + DAY).toISOString())
    .run();
  await requests.ask(request(newName()));
  await expect(requests.ask(request(newName()))).rejects.toMatchObject({
    error: "TooManyRequests",
    status: 503,
  });
  // Who has waited for too long makes way.
  later = 2 * DAY;
  await requests.ask(request(newName()));
  expect(await states()).toHaveLength(2);
});

test("of two with one name or one address at the same time, one is stored", async () => {
  const [a, b] = [newName(), newName()];
  const twice = await Promise.allSettled([
    requests.ask(request(a)),
    requests.ask({ ...request(b), handle: `${a}.test` }),
  ]);
  expect(twice.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  const c = newName();
  await requests.ask(request(c));
  await expect(requests.ask({ ...request(newName()), email: `${c}@EXAMPLE.com` })).rejects.toMatchObject({
    error: "InvalidRequest",
  });
  expect(await states()).toEqual(["waiting", "waiting"]);
});

test("a request that nobody answers ends, and its name is free", async () => {
  const name = newName();
  await requests.ask(request(name));
  later = LASTS_MS.waiting + 1000;
  expect(await requests.byKey(name)).toBeNull();
  expect(await requests.list("waiting", null, 10)).toEqual([]);
  await sweep(database, clock);
  expect(await states()).toEqual([]);
  expect(await join(name)).toMatchObject({ handle: `${name}.test` });
});

test("an approval that nobody uses ends with its invite, and a refusal is forgotten", async () => {
  const [name, other] = [newName(), newName()];
  await requests.ask(request(name));
  await approve(name);
  expect(await requests.byCode(`code-${name}`)).toMatchObject({ handle: `${name}.test` });
  later = LASTS_MS.approved + 1000;
  expect(await requests.byCode(`code-${name}`)).toBeNull();
  await requests.sweep();
  expect(await isOpen(`code-${name}`)).toBe(false);
  await requests.ask(request(other));
  const [{ id } = { id: 0 }] = await requests.list("waiting", null, 1);
  await decisions.refuse({ ids: [id], actor: "admin", word: "" });
  expect(await states()).toEqual(["refused"]);
  later += LASTS_MS.refused + 1000;
  await requests.sweep();
  expect(await states()).toEqual([]);
});

test("a refused request whose name somebody else asked for meanwhile stays refused", async () => {
  const name = newName();
  await requests.ask(request(name));
  const [{ id } = { id: 0 }] = await requests.list("waiting", null, 1);
  await decisions.refuse({ ids: [id], actor: "admin", word: "" });
  await requests.ask({ ...request(newName()), handle: `${name}.test` });
  const again = decisions.approve({ ids: [id], actor: "admin", word: "" }, () => "code");
  await expect(again).rejects.toMatchObject({ error: "InvalidRequest" });
  expect(await states()).toEqual(["refused", "waiting"]);
  const logged =
    "SELECT count(*) AS n FROM audit_log WHERE action = 'approveJoinRequest' AND detail ->> 'request' = ?1";
  expect(await database.prepare(logged).bind(id).first("n")).toBe(0);
});

test("lists go page by page, those who wait longest first", async () => {
  const names = [newName(), newName(), newName()];
  for (const name of names) await requests.ask(request(name));
  const first = await requests.list("waiting", null, 2);
  const second = await requests.list("waiting", first.at(-1)?.id ?? 0, 2);
  expect([...first, ...second].map(({ handle }) => handle)).toEqual(names.map((name) => `${name}.test`));
  await decisions.refuse({ ids: first.map(({ id }) => id), actor: "admin", word: "" });
  expect((await requests.list("refused", null, 5)).map(({ handle }) => handle)).toEqual([
    `${names[1]}.test`,
    `${names[0]}.test`,
  ]);
  expect(await requests.waiting(0)).toEqual({ all: 1, recent: 1 });
  expect(await requests.waiting(Date.now() + DAY)).toEqual({ all: 1, recent: 0 });
});

test("a member's name that was renamed away, and asked for, does not come back to them", async () => {
  const member = await join();
  const before = member.handle;
  await asAdmin("com.atproto.admin.updateAccountHandle", {
    input: { did: member.did, handle: `${newName()}.test` },
  });
  await requests.ask({ ...request(newName()), handle: before });
  const back = await asAdmin("com.atproto.admin.updateAccountHandle", {
    input: { did: member.did, handle: before },
  });
  expect(back).toMatchObject({ status: 400, body: { error: "HandleNotAvailable" } });
});
