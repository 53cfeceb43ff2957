/** Every way to set a password ends every session, and says what goes on opening the account. */
import { expect, test } from "vitest";
import { type Member, asAdmin, bindings, join, lastMail, xrpc } from "../support/account-host.ts";
import { BoundApp } from "../support/bound-app.ts";
import { Visitor } from "../support/visitor.ts";

const NEW_PASSWORD = "a new password";

const reset = async (member: Member, more: Record<string, string> = {}) => {
  const visitor = new Visitor();
  const newestCode = async () => (await lastMail(member.email).catch(() => null))?.code ?? "";
  const before = await newestCode();
  await visitor.get("/account/reset");
  await visitor.post("/account/reset", { step: "request-reset", email: member.email });
  // The page does not wait for the mail.
  await expect.poll(newestCode).not.toBe(before);
  const code = await newestCode();
  return visitor.post("/account/reset", {
    step: "reset",
    email: member.email,
    code,
    password: NEW_PASSWORD,
    ...more,
  });
};

/** Each sets the same new password. The last takes a browser on which the member is signed in. */
const WAYS: [name: string, set: (member: Member, browser: Visitor) => Promise<unknown>][] = [
  ["by mail, on the page", (member) => reset(member)],
  [
    "by mail, in an app",
    async ({ email }) => {
      await xrpc("com.atproto.server.requestPasswordReset", { input: { email } });
      const { code } = await lastMail(email);
      await xrpc("com.atproto.server.resetPassword", { input: { token: code, password: NEW_PASSWORD } });
    },
  ],
  [
    "by the admin",
    ({ did }) =>
      asAdmin("com.atproto.admin.updateAccountPassword", { input: { did, password: NEW_PASSWORD } }),
  ],
  [
    "on the account page",
    async (_member, browser) => {
      await browser.get("/account/password");
      await browser.post("/account/password", { step: "change", password: NEW_PASSWORD });
    },
  ],
];

async function addPasskey({ did }: Member, name: string): Promise<void> {
  await bindings.DIRECTORY.prepare(
    `INSERT INTO passkey (credential_id, did, public_key, counter, transports, name, created_at)
     VALUES (?1, ?2, 'AA', 0, '[]', ?3, ?4)`,
  )
    .bind(crypto.randomUUID(), did, name, Date.now())
    .run();
}

async function addAppPassword({ auth }: Member, name: string): Promise<string> {
  const { body } = await xrpc("com.atproto.server.createAppPassword", { auth, input: { name } });
  return String(body.password);
}

async function consented({ did }: Member): Promise<void> {
  await bindings.DIRECTORY.prepare(
    "INSERT INTO oauth_consent VALUES (?1, 'https://app.example/', 'atproto', 0, 0)",
  )
    .bind(did)
    .run();
}

const consentsOf = ({ did }: Member) =>
  bindings.DIRECTORY.prepare("SELECT count(*) AS n FROM oauth_consent WHERE did = ?1").bind(did).first("n");

const isSignedIn = async (browser: Visitor) => (await browser.get("/account")).status === 200;

test.each(WAYS)("a password set %s leaves nobody signed in", async (_name, set) => {
  const member = await join();
  const [own, thief] = [new Visitor(), new Visitor()];
  await own.signIn(member.handle, member.password);
  await thief.signIn(member.handle, member.password, false);
  const app = await BoundApp.of(member);
  const token = await app.token("atproto transition:generic");
  const call = { params: { actor: member.did } };
  expect((await app.call("app.bsky.actor.getProfile", token, call)).status).toBe(200);
  await consented(member);
  expect([await isSignedIn(own), await isSignedIn(thief)]).toEqual([true, true]);
  // Tokens count time in seconds.
  await scheduler.wait(1_100);

  await set(member, own);

  expect(await isSignedIn(thief)).toBe(false);
  expect(await isSignedIn(own)).toBe(_name === "on the account page");
  expect(
    await xrpc("com.atproto.server.refreshSession", { auth: member.refresh, method: "POST" }),
  ).toMatchObject({
    status: 400,
    body: { error: "ExpiredToken" },
  });
  expect((await app.call("app.bsky.actor.getProfile", token, call)).status).toBe(401);
  expect(await consentsOf(member)).toBe(0);
  for (const [nsid, input] of [
    ["com.atproto.server.getSession", undefined],
    ["com.atproto.server.createAppPassword", { name: "a way back" }],
    ["com.atproto.server.requestEmailUpdate", {}],
    ["com.atproto.identity.requestPlcOperationSignature", {}],
  ] as const) {
    expect(await xrpc(nsid, { auth: member.auth, input }), nsid).toMatchObject({
      status: 400,
      body: { error: "ExpiredToken" },
    });
  }
  const signIn = (password: string) =>
    xrpc("com.atproto.server.createSession", { input: { identifier: member.did, password } });
  expect((await signIn(member.password)).status).toBe(401);
  const again = await signIn(NEW_PASSWORD);
  expect(again.status).toBe(200);
  const auth = `Bearer ${String(again.body.accessJwt)}`;
  expect((await xrpc("com.atproto.server.getSession", { auth })).status).toBe(200);
});

test("a token of an ended session posts no more, once the host has looked", async () => {
  const member = await join();
  const post = () =>
    xrpc("com.atproto.repo.createRecord", {
      auth: member.auth,
      input: {
        repo: member.did,
        collection: "app.bsky.feed.post",
        record: { $type: "app.bsky.feed.post", text: "hello", createdAt: new Date().toISOString() },
      },
    });
  expect((await post()).status).toBe(200);
  await scheduler.wait(1_100);
  await asAdmin("com.atproto.admin.updateAccountPassword", {
    input: { did: member.did, password: NEW_PASSWORD },
  });
  await xrpc("com.atproto.server.getSession", { auth: member.auth });
  expect(await post()).toMatchObject({ status: 400, body: { error: "ExpiredToken" } });
});

test("passkeys and app passwords outlive a reset, which says so, and removes them if asked to", async () => {
  const member = await join();
  await addPasskey(member, "My phone");
  const appPassword = await addAppPassword(member, "An old app");
  await addAppPassword(member, "Another");
  const kept = await reset(member);
  expect(kept.text).toContain("Your new password is set You are signed out everywhere.");
  expect(kept.text).toContain("can still be opened with one passkey and 2 app passwords");
  const signIn = () =>
    xrpc("com.atproto.server.createSession", { input: { identifier: member.did, password: appPassword } });
  expect((await signIn()).status).toBe(200);
  const removed = await reset(member, { others: "yes" });
  expect(removed.text).toContain("Nothing else opens your account");
  expect((await signIn()).status).toBe(401);
});

test("the password page lists what else opens the account, and removes it", async () => {
  const member = await join();
  await addPasskey(member, "My phone");
  const appPassword = await addAppPassword(member, "An old app");
  const browser = new Visitor();
  await browser.signIn(member.handle, member.password);
  const shown = await browser.get("/account/password");
  expect(shown.text).toContain("One passkey My phone");
  expect(shown.text).toContain("One app password An old app");
  const changed = await browser.post("/account/password", { step: "change", password: NEW_PASSWORD });
  expect(changed.text).toContain("What else opens your account");
  const removed = await browser.post("/account/password", { step: "revoke-others" });
  expect(removed.text).toContain("Only your password opens your account");
  expect(removed.text).toContain("You have neither passkeys nor app passwords.");
  expect(
    (
      await xrpc("com.atproto.server.createSession", {
        input: { identifier: member.did, password: appPassword },
      })
    ).status,
  ).toBe(401);
});

test("the owner of the host sees what a new password leaves, and removes it", async () => {
  const member = await join();
  await addPasskey(member, "My phone");
  const appPassword = await addAppPassword(member, "An old app");
  const { body } = await xrpc("com.atproto.server.createSession", {
    input: { identifier: member.did, password: appPassword },
  });
  const { did } = member;
  const listed = () => asAdmin("internal.atoll.admin.listCredentials", { params: { did } });
  expect((await listed()).body).toMatchObject({
    passkeys: [{ name: "My phone" }],
    appPasswords: [{ name: "An old app" }],
  });
  expect((await asAdmin("internal.atoll.admin.revokeCredentials", { input: { did } })).status).toBe(200);
  expect((await listed()).body).toEqual({ passkeys: [], appPasswords: [] });
  expect(
    (
      await xrpc("com.atproto.server.refreshSession", {
        auth: `Bearer ${String(body.refreshJwt)}`,
        method: "POST",
      })
    ).status,
  ).toBe(400);
  const audit = await asAdmin("internal.atoll.admin.listAudit", { params: { subject: did } });
  expect(JSON.stringify(audit.body)).toContain("revokeCredentials");
});

test("signing out everywhere ends this browser, too, and tokens that were given out", async () => {
  const member = await join();
  const browser = new Visitor();
  await browser.signIn(member.handle, member.password);
  await browser.get("/account/browsers");
  await scheduler.wait(1_100);
  await browser.post("/account/browsers", { step: "sign-out-everywhere" });
  expect(await isSignedIn(browser)).toBe(false);
  expect((await xrpc("com.atproto.server.getSession", { auth: member.auth })).body.error).toBe(
    "ExpiredToken",
  );
});
