/** How often a password of the admin may be guessed, and how often a member gets a reset code, whoever asks. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { ADMIN, bindings, join, lastMail, xrpc } from "../support/account-host.ts";
import { Visitor } from "../support/visitor.ts";

const basic = (password: string) => `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
const from = (address: string) => ({ "cf-connecting-ip": address });

beforeEach(async () => {
  await bindings.DIRECTORY.prepare("DELETE FROM allowance").run();
  bindings.RATE_LIMITS = "on";
});
afterEach(() => {
  bindings.RATE_LIMITS = "off";
});

/** Methods of each policy that takes the admin's password. */
const ways = {
  owner: (auth: string, headers: Record<string, string>) =>
    xrpc("com.atproto.server.createInviteCode", { auth, headers, input: { useCount: 1 } }),
  moderator: (auth: string, headers: Record<string, string>) =>
    xrpc("internal.atoll.admin.listReports", { auth, headers }),
};

test("twenty wrong guesses from an address, then not even the right one passes from there", async () => {
  const { did } = await join();
  const repo = (auth: string, headers: Record<string, string>) =>
    xrpc("com.atproto.sync.getRepoStatus", { auth, headers, params: { did } });
  const address = from("192.0.2.50");
  for (let i = 0; i < 20; i++) {
    const guess = i % 2 === 0 ? ways.owner : ways.moderator;
    expect((await guess(basic(`guess ${i}`), address)).status).toBe(401);
  }
  for (const way of [ways.owner, ways.moderator]) {
    const { status, body } = await way(basic("guess"), address);
    expect([status, body.error]).toEqual([429, "RateLimitExceeded"]);
    expect((await way(ADMIN, address)).status).toBe(429);
    expect((await way(ADMIN, from("192.0.2.51"))).status).toBe(200);
    expect((await way(ADMIN, {})).status).toBe(200);
  }
  // A read that needs no password does without one.
  expect((await repo("", address)).status).toBe(200);
});

test("the right password is not counted", async () => {
  const statuses = [];
  for (let i = 0; i < 30; i++) statuses.push((await ways.moderator(ADMIN, from("2001:db8:1::1"))).status);
  expect(statuses).toEqual(Array(30).fill(200));
  expect((await bindings.DIRECTORY.prepare("SELECT 1 FROM allowance").all()).results).toEqual([]);
});

test("an address in one network of IPv6 is another's neighbour, and no counter knows its name", async () => {
  for (let i = 0; i < 20; i++) await ways.owner(basic("x"), from(`2001:db8:2::${i}`));
  expect((await ways.owner(basic("x"), from("2001:db8:2::ffff"))).status).toBe(429);
  const { results } = await bindings.DIRECTORY.prepare("SELECT did FROM allowance").all<{ did: string }>();
  expect(results).toEqual([{ did: expect.stringMatching(/^address \d{1,5}$/) }]);
});

test("a member gets five reset codes an hour, wherever they are asked for", async () => {
  const [member, other] = [await join(), await join()];
  const ask = (email: string, i: number) =>
    xrpc("com.atproto.server.requestPasswordReset", { input: { email }, headers: from(`192.0.2.${i}`) });
  for (let i = 0; i < 5; i++) expect((await ask(member.email, i)).status).toBe(200);
  const { code } = await lastMail(member.email);
  expect((await ask(member.email, 9)).status).toBe(429);
  // The page says what it always says, and sends nothing.
  const visitor = new Visitor();
  await visitor.get("/account/reset");
  expect((await visitor.post("/account/reset", { step: "request-reset", email: member.email })).status).toBe(
    200,
  );
  expect((await lastMail(member.email)).code).toBe(code);
  expect((await ask(other.email, 10)).status).toBe(200);
  expect((await ask("nobody@example.com", 11)).status).toBe(400);
});

test("an open host takes thirty new accounts an hour from an address, and a thousand from everybody", async () => {
  const signUp = (name: string, address: string) =>
    xrpc("com.atproto.server.createAccount", {
      input: { handle: `${name}.test`, email: `${name}@example.com`, password: "abcdefgh1" },
      headers: from(address),
    });
  expect((await signUp("opener-1", "192.0.2.80")).status).toBe(200);
  await bindings.DIRECTORY.prepare("UPDATE allowance SET short_count = 30 WHERE did LIKE 'address %'").run();
  expect((await signUp("opener-2", "192.0.2.80")).status).toBe(429);
  expect((await signUp("opener-2", "192.0.2.81")).status).toBe(200);
  await bindings.DIRECTORY.prepare("UPDATE allowance SET short_count = 1000 WHERE did = 'everybody'").run();
  expect((await signUp("opener-3", "192.0.2.82")).status).toBe(429);
  // A refused sign-up holds no name.
  await bindings.DIRECTORY.prepare("DELETE FROM allowance").run();
  expect((await signUp("opener-3", "192.0.2.82")).status).toBe(200);
});
