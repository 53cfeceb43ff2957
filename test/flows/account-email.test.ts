/** A member's address and password, changed by mail and by the owner. */
import { expect, test } from "vitest";
import { asAdmin, join, lastMail, post, xrpc } from "../support/account-host.ts";

const server = (method: string) => `com.atproto.server.${method}`;

test("an address is confirmed by the code that was mailed to it, once", async () => {
  const member = await join();
  expect((await post(server("requestEmailConfirmation"), { auth: member.auth })).status).toBe(200);
  const { code, text } = await lastMail(member.email);
  expect(text).toContain(`@${member.handle}`);
  const input = { email: member.email.toUpperCase(), token: code.toLowerCase() };
  expect((await xrpc(server("confirmEmail"), { auth: member.auth, input })).status).toBe(200);
  const { body } = await xrpc(server("getSession"), { auth: member.auth });
  expect(body).toMatchObject({ emailConfirmed: true });
  const again = await xrpc(server("confirmEmail"), { auth: member.auth, input });
  expect(again.body).toMatchObject({ error: "InvalidToken" });
});

test("an unconfirmed address is changed freely, and codes to the old one die", async () => {
  const member = await join();
  await post(server("requestEmailConfirmation"), { auth: member.auth });
  const { code } = await lastMail(member.email);
  const asked = await post(server("requestEmailUpdate"), { auth: member.auth });
  expect(asked.body).toEqual({ tokenRequired: false });
  const email = `new-${member.email}`;
  expect((await xrpc(server("updateEmail"), { auth: member.auth, input: { email } })).status).toBe(200);
  const confirmed = await xrpc(server("confirmEmail"), { auth: member.auth, input: { email, token: code } });
  expect(confirmed.body).toMatchObject({ error: "InvalidToken" });
});

test("a confirmed address is changed with a code from it, which survives a refused change", async () => {
  const [member, other] = [await join(), await join()];
  await post(server("requestEmailConfirmation"), { auth: member.auth });
  const token = (await lastMail(member.email)).code;
  await xrpc(server("confirmEmail"), { auth: member.auth, input: { email: member.email, token } });
  const email = `moved-${member.email}`;
  const bare = await xrpc(server("updateEmail"), { auth: member.auth, input: { email } });
  expect(bare.body).toMatchObject({ error: "TokenRequired" });
  const asked = await post(server("requestEmailUpdate"), { auth: member.auth });
  expect(asked.body).toEqual({ tokenRequired: true });
  const { code } = await lastMail(member.email);
  const taken = await xrpc(server("updateEmail"), {
    auth: member.auth,
    input: { email: other.email, token: code },
  });
  expect(taken.body).toMatchObject({
    error: "InvalidRequest",
    message: "This email address is already in use, please use a different email.",
  });
  const input = { email, token: code };
  expect((await xrpc(server("updateEmail"), { auth: member.auth, input })).status).toBe(200);
  const { body } = await xrpc(server("getSession"), { auth: member.auth });
  expect(body).toMatchObject({ email, emailConfirmed: false });
});

test("a forgotten password is replaced by the code alone, which signs out everywhere", async () => {
  const member = await join();
  const asked = await xrpc(server("requestPasswordReset"), { input: { email: member.email.toUpperCase() } });
  expect(asked.status).toBe(200);
  const { code } = await lastMail(member.email);
  const long = await xrpc(server("resetPassword"), { input: { token: code, password: "x".repeat(300) } });
  expect(long.body).toMatchObject({ error: "InvalidRequest", message: "Invalid password length." });
  const input = { token: code, password: "a new password" };
  expect((await xrpc(server("resetPassword"), { input })).status).toBe(200);
  expect((await xrpc(server("resetPassword"), { input })).body).toMatchObject({ error: "InvalidToken" });
  const session = (password: string) =>
    xrpc(server("createSession"), { input: { identifier: member.handle, password } });
  expect((await session(member.password)).status).toBe(401);
  expect((await session("a new password")).status).toBe(200);
  const refreshed = await post(server("refreshSession"), { auth: member.refresh });
  expect(refreshed.body).toMatchObject({ error: "ExpiredToken" });
});

test("a reset for an address that nobody has is refused as the reference refuses it", async () => {
  const { status, body } = await xrpc(server("requestPasswordReset"), {
    input: { email: "nobody@example.com" },
  });
  expect([status, body.error]).toEqual([400, "InvalidRequest"]);
});

test("an account is deleted with its password and a mailed code, not with an app password", async () => {
  const member = await join();
  const made = await xrpc(server("createAppPassword"), { auth: member.auth, input: { name: "phone" } });
  await post(server("requestAccountDelete"), { auth: member.auth });
  const { code } = await lastMail(member.email);
  const leave = (password: string, token = code) =>
    xrpc(server("deleteAccount"), { input: { did: member.did, password, token } });
  expect((await leave(String(made.body.password))).status).toBe(401);
  expect((await leave(member.password, "AAAAA-BBBBB")).body).toMatchObject({ error: "InvalidToken" });
  expect((await leave(member.password)).status).toBe(200);
  expect((await leave(member.password)).body).toMatchObject({ message: "account not found" });
  const gone = await asAdmin("com.atproto.admin.getAccountInfo", { params: { did: member.did } });
  expect(gone.body).toMatchObject({ error: "NotFound" });
  expect(await join(member.handle.replace(".test", ""))).toMatchObject({ handle: member.handle });
});

test("a signing key is reserved once for a DID", async () => {
  const did = "did:web:reserved.example.com";
  const first = await xrpc(server("reserveSigningKey"), { input: { did } });
  expect(first.body.signingKey).toMatch(/^did:key:z/);
  expect((await xrpc(server("reserveSigningKey"), { input: { did } })).body).toEqual(first.body);
  const other = await xrpc(server("reserveSigningKey"), { input: {} });
  expect(other.body.signingKey).not.toBe(first.body.signingKey);
});

test("nobody waits in a queue", async () => {
  const { auth } = await join();
  const { body } = await xrpc("com.atproto.temp.checkSignupQueue", { auth });
  expect(body).toEqual({ activated: true });
});
