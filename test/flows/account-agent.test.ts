/** `@atproto/api`, unmodified: how its sessions begin, last and end. */
import { AtpAgent } from "@atproto/api";
import type { AtpSessionData, AtpSessionEvent } from "@atproto/api";
import { expect, test } from "vitest";
import { Directory } from "../../src/identity/directory.ts";
import { Tokens } from "../../src/xrpc/server/tokens.ts";
import {
  HOST_DID,
  ORIGIN,
  asAdmin,
  bindings,
  fetchHost,
  join,
  lastMail,
  xrpc,
} from "../support/account-host.ts";

function newAgent() {
  const events: AtpSessionEvent[] = [];
  let kept: AtpSessionData | undefined;
  const agent = new AtpAgent({
    service: ORIGIN,
    fetch: (input, init) => {
      const request = new Request(input as Request, init as RequestInit);
      return fetchHost(request.url, request) as never;
    },
    persistSession: (event, session) => {
      events.push(event);
      kept = session;
    },
  });
  return { agent, events, kept: () => kept };
}

test("it signs up, signs in, comes back with what it kept, and signs out", async () => {
  const name = `agent${Date.now() % 1e7}`;
  const first = newAgent();
  await first.agent.createAccount({
    handle: `${name}.test`,
    email: `${name}@example.com`,
    password: "agent agent",
  });
  expect(first.events).toEqual(["create"]);
  expect(first.agent.session).toMatchObject({ handle: `${name}.test`, active: true, emailConfirmed: false });

  const second = newAgent();
  await second.agent.login({ identifier: `${name}@example.com`, password: "agent agent" });
  const kept = second.kept();
  if (kept === undefined) throw new Error("nothing kept");

  const third = newAgent();
  await third.agent.resumeSession(kept);
  expect(third.agent.did).toBe(first.agent.did);
  expect((await third.agent.com.atproto.server.checkAccountStatus()).data).toMatchObject({ validDid: true });
  await third.agent.logout();
  // The kept session holds a predecessor of the revoked token.
  await expect(second.agent.resumeSession(kept)).rejects.toThrow("Token has been revoked");
  await second.agent.login({ identifier: `${name}.test`, password: "agent agent" });
});

test("a token for a host's administration is given to the account's own session alone", async () => {
  const member = await join();
  const tokenFor = async (auth: string, lxm: string) =>
    (await xrpc("com.atproto.server.getServiceAuth", { auth, params: { aud: "did:web:other.example", lxm } }))
      .status;
  const signIn = async (password: string) => {
    const { body } = await xrpc("com.atproto.server.createSession", {
      input: { identifier: member.handle, password },
    });
    return `Bearer ${String(body.accessJwt)}`;
  };
  for (const privileged of [false, true]) {
    const { body } = await xrpc("com.atproto.server.createAppPassword", {
      auth: member.auth,
      input: { name: `privileged ${privileged}`, privileged },
    });
    const app = await signIn(String(body.password));
    expect(await tokenFor(app, "com.atproto.admin.updateSubjectStatus")).toBe(400);
    expect(await tokenFor(app, "internal.atoll.admin.grantRole")).toBe(400);
    expect(await tokenFor(app, "com.example.feed.read")).toBe(200);
  }
  expect(await tokenFor(member.auth, "com.atproto.admin.updateSubjectStatus")).toBe(200);
});

test("it trades an expired token for a new one by itself, and knows when it is out", async () => {
  const member = await join();
  const { agent, events, kept } = newAgent();
  await agent.login({ identifier: member.handle, password: member.password });
  const secret = () => new Directory(bindings).secret("JWT_SECRET");
  const past = new Tokens(HOST_DID, secret, () => Date.now() - 3 * 60 * 60 * 1000);
  const session = kept();
  if (session === undefined || agent.session === undefined) throw new Error("no session");
  agent.session.accessJwt = await past.issueAccess(member.did, "com.atproto.access");
  const { data } = await agent.com.atproto.server.getSession();
  expect(data.did).toBe(member.did);
  expect(events).toEqual(["create", "update"]);
  await asAdmin("com.atproto.admin.updateAccountPassword", {
    input: { did: member.did, password: "changed by the admin" },
  });
  if (agent.session !== undefined) {
    agent.session.accessJwt = await past.issueAccess(member.did, "com.atproto.access");
  }
  await expect(agent.com.atproto.server.getSession()).rejects.toThrow();
  expect(events.at(-1)).toBe("expired");
});

test("it manages app passwords, and an app signed in by one cannot", async () => {
  const member = await join();
  const { agent } = newAgent();
  await agent.login({ identifier: member.did, password: member.password });
  const { data } = await agent.com.atproto.server.createAppPassword({ name: "bot", privileged: false });
  const bot = newAgent().agent;
  await bot.login({ identifier: member.handle, password: data.password });
  await expect(bot.com.atproto.server.createAppPassword({ name: "another" })).rejects.toThrow(
    "Bad token scope",
  );
  await bot.com.atproto.repo.createRecord({
    repo: member.did,
    collection: "app.bsky.feed.post",
    record: { $type: "app.bsky.feed.post", text: "by the bot", createdAt: new Date().toISOString() },
  });
  await agent.com.atproto.server.revokeAppPassword({ name: "bot" });
  await expect(
    newAgent().agent.login({ identifier: member.handle, password: data.password }),
  ).rejects.toThrow("Invalid identifier or password");
  expect((await agent.com.atproto.server.listAppPasswords()).data.passwords).toEqual([]);
});

test("a member moves their identity with a code, and a wrong code moves nothing", async () => {
  const member = await join();
  const { agent } = newAgent();
  await agent.login({ identifier: member.did, password: member.password });
  await agent.com.atproto.identity.requestPlcOperationSignature();
  const { code } = await lastMail(member.email);
  const { data: credentials } = await agent.com.atproto.identity.getRecommendedDidCredentials();
  const change = { ...credentials, alsoKnownAs: [`at://${member.handle}`, "https://example.com/me"] };
  await expect(
    agent.com.atproto.identity.signPlcOperation({ ...change, token: "AAAAA-BBBBB" }),
  ).rejects.toThrow("Token is invalid");
  const { data } = await agent.com.atproto.identity.signPlcOperation({ ...change, token: code });
  await expect(agent.com.atproto.identity.signPlcOperation({ ...change, token: code })).rejects.toThrow(
    "Token is invalid",
  );
  const stranger = {
    ...data.operation,
    rotationKeys: ["did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"],
  };
  await expect(agent.com.atproto.identity.submitPlcOperation({ operation: stranger })).rejects.toThrow(
    "Rotation keys do not include server's rotation key",
  );
  await agent.com.atproto.identity.submitPlcOperation({ operation: data.operation });
  const resolved = await agent.com.atproto.identity.resolveDid({ did: member.did });
  expect(resolved.data.didDoc).toMatchObject({ alsoKnownAs: change.alsoKnownAs });
});
