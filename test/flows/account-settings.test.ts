/** What depends on the host's settings: no mail, limits on, relays to notify, invites required. */
import { createExecutionContext } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { servicesOf } from "../../src/edge/services.ts";
import { relayStatuses, requestCrawls } from "../../src/lifecycle/relays.ts";
import { isRefusal } from "../../src/protocol/refusal.ts";
import { methods } from "../../src/xrpc/methods.ts";
import { HOST_DID, ORIGIN, asAdmin, bindings, join, post, xrpc } from "../support/account-host.ts";
import type { CallOptions, Reply } from "../support/account-host.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** As `xrpc`, on a host with other settings. */
async function under(
  settings: Partial<typeof bindings>,
  nsid: string,
  options: CallOptions = {},
): Promise<Reply> {
  const url = new URL(`/xrpc/${nsid}`, ORIGIN);
  const headers = new Headers(options.headers);
  if (options.auth !== undefined) headers.set("authorization", options.auth);
  if (options.input !== undefined) headers.set("content-type", "application/json");
  const method = methods.get(nsid);
  const request = new Request(url, {
    method: method?.verb ?? "GET",
    headers,
    ...(options.input === undefined ? {} : { body: JSON.stringify(options.input) }),
  });
  const env = { ...bindings, ...settings };
  try {
    const served = await method?.serve(request, url, servicesOf(request, env, createExecutionContext()));
    if (served === undefined) throw new Error(`no ${nsid}`);
    const text = await served.response.text();
    const body = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
    return { status: served.response.status, body, headers: served.response.headers };
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    const { status, error, message } = thrown;
    return { status, body: { error, message }, headers: new Headers(thrown.headers) };
  }
}

const NO_MAIL = { LOCAL: "", PUBLIC_URL: ORIGIN, HANDLE_DOMAINS: ".test", MAIL: "" } as const;
const codeIn = (text: unknown) => /[A-Z2-7]{5}-[A-Z2-7]{5}/.exec(String(text))?.[0] ?? "";

test("where there is no mail, the owner is shown what would have been sent, and can pass it on", async () => {
  const member = await join();
  const asked = await under(NO_MAIL, "com.atproto.server.requestPasswordReset", {
    input: { email: member.email },
  });
  expect(asked.status).toBe(200);
  const { body } = await asAdmin("internal.atoll.admin.listUnsentMail", { params: { did: member.did } });
  const [mail, ...more] = body.mails as { purpose: string; text: string }[];
  expect(more).toEqual([]);
  expect(mail?.purpose).toBe("reset_password");
  const reset = await xrpc("com.atproto.server.resetPassword", {
    input: { token: codeIn(mail?.text), password: "passed on by hand" },
  });
  expect(reset.status).toBe(200);
});

test("a mail that was sent is shown to nobody", async () => {
  const member = await join();
  await xrpc("com.atproto.server.requestPasswordReset", { input: { email: member.email } });
  const { body } = await asAdmin("internal.atoll.admin.listUnsentMail", { params: { did: member.did } });
  expect(body.mails).toEqual([]);
});

test("mails are asked for five times an hour, with the standard headers", async () => {
  const member = await join();
  const ask = () =>
    under({ RATE_LIMITS: "on" }, "com.atproto.server.requestEmailConfirmation", { auth: member.auth });
  const first = await ask();
  expect(first.headers.get("ratelimit-remaining")).toBe("4");
  expect(first.headers.get("ratelimit-policy")).toBe("5;w=3600");
  for (let i = 0; i < 4; i++) expect((await ask()).status).toBe(200);
  const sixth = await ask();
  expect([sixth.status, sixth.body.error]).toEqual([429, "RateLimitExceeded"]);
  expect(sixth.headers.get("ratelimit-remaining")).toBe("0");
  const update = await under({ RATE_LIMITS: "on" }, "com.atproto.server.requestEmailUpdate", {
    auth: member.auth,
  });
  expect(update.status).toBe(200);
});

test("with invites asked for, nobody comes in without one, and each lets in as many as it says", async () => {
  const made = await asAdmin("com.atproto.server.createInviteCode", { input: { useCount: 1 } });
  const code = String(made.body.code);
  expect(code).toMatch(/^localhost-[a-z2-7]{5}-[a-z2-7]{5}$/);
  let count = 0;
  const enter = (inviteCode?: string) =>
    under({ REGISTRATION: "invite" }, "com.atproto.server.createAccount", {
      input: {
        handle: `guest${count}-${Date.now() % 1e6}.test`,
        email: `guest${count++}-${Date.now()}@example.com`,
        password: "guest guest",
        ...(inviteCode === undefined ? {} : { inviteCode }),
      },
    });
  expect((await enter()).body).toMatchObject({ error: "InvalidInviteCode" });
  expect((await enter("no-such-code")).body).toMatchObject({ error: "InvalidInviteCode" });
  const guest = await enter(` http://localhost:2583/join/${code.toUpperCase()} `);
  expect(guest.status).toBe(200);
  expect((await enter(code)).body).toMatchObject({ error: "InvalidInviteCode" });
  const info = await asAdmin("com.atproto.admin.getAccountInfo", { params: { did: String(guest.body.did) } });
  expect(info.body).toMatchObject({ invitedBy: { code, uses: [{ usedBy: guest.body.did }] }, invites: [] });
});

test("a host that takes nobody takes nobody, invited or not", async () => {
  const made = await asAdmin("com.atproto.server.createInviteCode", { input: { useCount: 1 } });
  const { body } = await under({ REGISTRATION: "closed" }, "com.atproto.server.createAccount", {
    input: { handle: "late.test", email: "late@example.com", password: "x", inviteCode: made.body.code },
  });
  expect(body).toMatchObject({ error: "InvalidInviteCode" });
});

test("a member who comes with a DID of their own starts deactivated, with the key that was promised", async () => {
  const guest = "did:web:wanderer.example.com";
  const promised = await xrpc("com.atproto.server.reserveSigningKey", { input: { did: guest } });
  const { reservedKeys } = servicesOf(new Request(ORIGIN), bindings, createExecutionContext()).directory;
  const { bringAccount } = await import("../../src/lifecycle/create.ts");
  const services = servicesOf(new Request(ORIGIN), bindings, createExecutionContext());
  await bringAccount(services, { did: guest, handle: "wanderer.test", password: "on the road" });
  expect(await bindings.ACCOUNT.getByName(guest).signingKey()).toBe(promised.body.signingKey);
  expect(await reservedKeys.find(guest)).toBeNull();
  const session = await xrpc("com.atproto.server.createSession", {
    input: { identifier: guest, password: "on the road" },
  });
  expect(session.body).toMatchObject({ active: false, status: "deactivated" });
});

const RELAYS = { ...bindings, RELAYS: "https://relay.example.com, https://down.example.com/" };

test("relays are asked to crawl when there is something new, at most every twenty minutes", async () => {
  const { auth, did } = await join();
  const asked: string[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const url = String(input instanceof Request ? input.url : input);
    asked.push(`${new URL(url).hostname} ${typeof init?.body === "string" ? init.body : ""}`);
    if (url.includes("down.")) throw new TypeError("no route");
    return new Response(null, { status: 200 });
  });
  const relay = 'relay.example.com {"hostname":"host.example.com"}';
  const down = 'down.example.com {"hostname":"host.example.com"}';
  const tell = async (minutes: number) => {
    asked.length = 0;
    await requestCrawls(
      RELAYS,
      "host.example.com",
      () => Date.parse("2026-11-23T10:00:00Z") + minutes * 60_000,
    );
    return asked.toSorted();
  };
  expect(await tell(0)).toEqual([down, relay]);
  const write = async () =>
    xrpc("com.atproto.repo.createRecord", {
      auth,
      input: {
        repo: did,
        collection: "app.bsky.feed.post",
        record: { $type: "app.bsky.feed.post", text: "new", createdAt: new Date().toISOString() },
      },
    });
  await write();
  expect(await tell(19)).toEqual([]);
  expect(await tell(20)).toEqual([down, relay]);
  expect(await tell(60)).toEqual([down]);
});

test("the admin sees what each relay knows of an account", async () => {
  const { did } = await join();
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const url = new URL(String(input instanceof Request ? input.url : input));
    if (url.hostname !== "relay.example.com") throw new TypeError("no route");
    return url.pathname.endsWith("getHostStatus")
      ? Response.json({ hostname: "host.example.com", status: "active", seq: 7 })
      : Response.json({ did, active: true, rev: "3l2dmkw5ihc2y" });
  });
  const statuses = await relayStatuses(RELAYS, "host.example.com", did);
  expect(statuses).toMatchObject([
    { relay: "https://relay.example.com", host: { status: "active" }, repo: { active: true } },
    { relay: "https://down.example.com", host: null, repo: null },
  ]);
});

test("a host whose DID is its name says so to everybody", async () => {
  const { body } = await xrpc("com.atproto.server.describeServer");
  expect(body).toMatchObject({ did: HOST_DID, inviteCodeRequired: false, availableUserDomains: [".test"] });
  expect((await post("com.atproto.server.describeServer")).status).toBe(400);
});
