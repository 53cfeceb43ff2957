/** A password is checked in one way, by apps, at deletion and on the page. */
import { expect, test } from "vitest";
import { asAdmin, bindings, join, post, xrpc } from "../support/account-host.ts";
import { Visitor } from "../support/visitor.ts";

const createSession = (identifier: string, password: string, more: object = {}) =>
  xrpc("com.atproto.server.createSession", { input: { identifier, password, ...more } });

test.each([
  ["in capitals", (handle: string) => handle.toUpperCase()],
  ["with an @", (handle: string) => `@${handle}`],
  ["between marks of writing direction", (handle: string) => `\u202a${handle}\u202c`],
  ["with isolates around an @", (handle: string) => `\u2066@${handle}\u2069`],
  ["with a byte order mark and spaces", (handle: string) => ` \ufeff${handle}\u00a0`],
])("a handle typed %s opens a session and the page", async (_name, typed) => {
  const { handle, did, password } = await join();
  const { status, body } = await createSession(typed(handle), password);
  expect([status, body.did]).toEqual([200, did]);
  expect(await new Visitor().signIn(typed(handle), password)).toMatchObject({
    status: 303,
    location: "/account",
  });
});

test("an e-mail address and a DID open a session, too", async () => {
  const { email, did, password } = await join();
  for (const name of [email, `\u200e${email.toUpperCase()}`, did, ` ${did}`]) {
    expect((await createSession(name, password)).status, name).toBe(200);
    expect((await new Visitor().signIn(name, password)).status, name).toBe(303);
  }
});

test("an app password opens a session, but neither the page nor a deletion", async () => {
  const member = await join();
  const { body } = await xrpc("com.atproto.server.createAppPassword", {
    auth: member.auth,
    input: { name: "an app" },
  });
  const password = String(body.password);
  expect((await createSession(member.handle, password)).status).toBe(200);
  const shown = await new Visitor().signIn(member.handle, password);
  expect(shown.status).toBe(400);
  expect(shown.text).toContain("Please use the password of your account, not an app password.");
  expect(
    await xrpc("com.atproto.server.deleteAccount", { input: { did: member.did, password, token: "x" } }),
  ).toMatchObject({ status: 401, body: { message: "Invalid did or password" } });
});

test("a member who was taken down has a session for it only, and no page", async () => {
  const member = await join();
  const subject = { $type: "com.atproto.admin.defs#repoRef", did: member.did };
  await asAdmin("com.atproto.admin.updateSubjectStatus", { input: { subject, takedown: { applied: true } } });
  expect((await createSession(member.handle, member.password)).body.error).toBe("AccountTakedown");
  expect((await createSession(member.handle, member.password, { allowTakendown: true })).status).toBe(200);
  const shown = await new Visitor().signIn(member.handle, member.password);
  expect(shown.text).toContain("This account was taken down by the moderators.");
});

test("a password too long to be one is refused everywhere without being hashed", async () => {
  const member = await join();
  const password = "x".repeat(513);
  const message = "Password too long. Consider resetting your password.";
  expect(await createSession(member.handle, password)).toMatchObject({ status: 401, body: { message } });
  expect(
    await xrpc("com.atproto.server.deleteAccount", { input: { did: member.did, password, token: "x" } }),
  ).toMatchObject({ status: 401, body: { message } });
  expect((await new Visitor().signIn(member.handle, password)).status).toBe(400);
});

test("wrong passwords and unknown names take the same time everywhere", async () => {
  const member = await join();
  const tries = [
    () => createSession(member.handle, "wrong"),
    () => createSession("nobody.test", "wrong"),
    () =>
      xrpc("com.atproto.server.deleteAccount", { input: { did: member.did, password: "wrong", token: "x" } }),
    () => new Visitor().signIn(member.handle, "wrong"),
    () => new Visitor().signIn("nobody.test", "wrong"),
  ];
  for (const [index, attempt] of tries.entries()) {
    const started = Date.now();
    await attempt();
    expect(Date.now() - started, `attempt ${index}`).toBeGreaterThanOrEqual(345);
  }
});

test("attempts by all three ways share the counters of address and account", async () => {
  const member = await join();
  const headers = { "cf-connecting-ip": "192.0.2.77" };
  bindings.RATE_LIMITS = "on";
  try {
    const attempt = (i: number) =>
      i % 2 === 0
        ? xrpc("com.atproto.server.deleteAccount", {
            input: { did: member.did, password: "wrong", token: "x" },
            headers,
          })
        : xrpc("com.atproto.server.createSession", {
            input: { identifier: member.handle, password: "wrong" },
            headers,
          });
    const replies = await Promise.all(Array.from({ length: 32 }, (_, i) => attempt(i)));
    const statusesOf = (wanted: number) => replies.filter(({ status }) => status === wanted).length;
    expect([statusesOf(401), statusesOf(429)]).toEqual([30, 2]);
  } finally {
    bindings.RATE_LIMITS = "off";
  }
  expect((await post("com.atproto.server.deleteSession", { auth: member.refresh })).status).toBe(200);
});
