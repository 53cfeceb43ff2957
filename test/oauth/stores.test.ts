/** What the authorization server keeps: requests, sessions, browsers and consents, and what each answers. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { SignInMember } from "../../src/oauth/context.ts";
import { ONCE_MS } from "../../src/oauth/lifetimes.ts";
import { Memory } from "../../src/oauth/memory.ts";
import { Accounts } from "../../src/oauth/stores/accounts.ts";
import { Requests } from "../../src/oauth/stores/requests.ts";
import { LostRace, Sessions } from "../../src/oauth/stores/sessions.ts";
import { forgetTokens, rememberToken, rememberedToken } from "../../src/oauth/token-cache.ts";
import { bindings } from "../support/account-host.ts";
import { newDid } from "../support/bindings.ts";

const database = bindings.DIRECTORY;
const MINUTE = 60_000;

const ANN = newDid();
const BOB = newDid();

const memberOf = (did: SignInMember["did"], more: Partial<SignInMember> = {}): SignInMember => ({
  did,
  handle: `${did.slice(8, 14)}.test`,
  email: "someone@example.com",
  emailConfirmedAt: null,
  state: "active",
  takedown: null,
  ...more,
});

/** Who lives here, as far as the stores know; tests change it. */
let members: Map<string, SignInMember>;
beforeEach(async () => {
  members = new Map([ANN, BOB].map((did) => [did, memberOf(did)]));
  for (const table of [
    "oauth_session",
    "oauth_request",
    "oauth_consent",
    "oauth_device_account",
    "oauth_device",
  ]) {
    await database.prepare(`DELETE FROM ${table}`).run();
  }
});

const accounts = new Accounts(
  database,
  {
    findByDid: async (did) => members.get(did) ?? null,
    findAll: async (dids) =>
      new Map(dids.flatMap((did) => members.get(did) ?? []).map((each) => [each.did, each])),
  },
  { origin: "https://pds.example.com", did: "did:web:pds.example.com", handleDomains: [".test"] },
);

/** Everything of a table as one text, to look for what must not be in it. */
const textOf = async (table: string) =>
  JSON.stringify((await database.prepare(`SELECT * FROM ${table}`).all()).results);

describe("a request of an app", () => {
  const requests = new Requests(database, {
    tooLong: (what) => new Error(`${what} too long`),
    tooMany: () => new Error("too many"),
  });
  const CODE = "cod-0123456789" as never;
  const data = (more: object = {}) =>
    ({
      clientId: "https://app.example.com/client.json",
      clientAuth: null,
      parameters: { client_id: "https://app.example.com/client.json", response_type: "code", state: "s" },
      expiresAt: new Date(Date.now() + MINUTE),
      deviceId: null,
      did: null,
      code: null,
      ...more,
    }) as never;

  test("is read as it was made, and by its own name only", async () => {
    const made = data({ clientAuth: { method: "private_key_jwt", kid: "k", alg: "ES256", jkt: "t" } });
    await requests.createRequest("req-a" as never, made);
    expect(await requests.readRequest("req-a" as never)).toEqual(made);
    expect(await requests.readRequest("req-b" as never)).toBeNull();
    await requests.deleteRequest("req-a" as never);
    expect(await requests.readRequest("req-a" as never)).toBeNull();
  });

  test("takes what changes, and keeps the rest", async () => {
    const made = data() as { expiresAt: Date; parameters: object };
    await requests.createRequest("req-a" as never, made as never);
    await requests.createRequest("req-b" as never, made as never);
    await requests.updateRequest("req-a" as never, { did: ANN, deviceId: "dev-1" } as never);
    const later = new Date(made.expiresAt.getTime() + MINUTE);
    await requests.updateRequest("req-a" as never, { expiresAt: later });
    expect(await requests.readRequest("req-a" as never)).toEqual({
      ...made,
      did: ANN,
      deviceId: "dev-1",
      expiresAt: later,
    });
    expect(await requests.readRequest("req-b" as never)).toEqual(made);
  });

  test("is given for its code once, of two that come at once", async () => {
    await requests.createRequest("req-a" as never, data());
    await requests.updateRequest("req-a" as never, { code: CODE, did: ANN } as never);
    const found = await Promise.all(Array.from({ length: 5 }, () => requests.consumeRequestCode(CODE)));
    const given = found.filter((each) => each !== null);
    expect(given).toHaveLength(1);
    expect(given[0]).toMatchObject({ requestId: "req-a", data: { did: ANN, code: CODE } });
    expect(await requests.readRequest("req-a" as never)).toBeNull();
  });

  test("is not given for another code, nor for none", async () => {
    await requests.createRequest("req-a" as never, data());
    expect(await requests.consumeRequestCode("null" as never)).toBeNull();
    expect(await requests.consumeRequestCode("" as never)).toBeNull();
    await requests.updateRequest("req-a" as never, { code: CODE });
    expect(await requests.consumeRequestCode(`${CODE as string}x` as never)).toBeNull();
    expect(await requests.readRequest("req-a" as never)).not.toBeNull();
  });

  test("keeps no code that a reader of the database could use", async () => {
    await requests.createRequest("req-a" as never, data({ code: CODE }));
    expect(await textOf("oauth_request")).not.toContain(CODE);
    expect(await requests.consumeRequestCode(CODE)).not.toBeNull();
  });
});

describe("a session of an app", () => {
  const sessions = new Sessions(database, accounts);
  const token = (name: string) => `tok-${name}` as never;
  const refresh = (name: string) => `ref-${name}-of-a-family` as never;
  const data = (did = ANN, more: object = {}) => {
    const now = new Date(Date.now());
    return {
      createdAt: now,
      updatedAt: now,
      expiresAt: new Date(now.getTime() + MINUTE),
      did,
      clientId: "https://app.example.com/client.json",
      clientAuth: { method: "none" },
      parameters: { scope: "atproto" },
      scope: "atproto",
      deviceId: null,
      details: null,
      code: null,
      ...more,
    } as never;
  };
  const turned = () => {
    const now = Date.now();
    return {
      updatedAt: new Date(now),
      expiresAt: new Date(now + MINUTE),
      clientAuth: { method: "none" },
      scope: "atproto transition:generic",
    } as never;
  };
  const idOf = (found: { id: string } | null) => found?.id ?? null;

  test("is found by its token and by its refresh token, which no reader of the database sees", async () => {
    await sessions.createToken(token("a"), data(), refresh("a"));
    const found = await sessions.findTokenByRefreshToken(refresh("a"));
    expect(found).toMatchObject({ id: "tok-a", currentRefreshToken: refresh("a"), account: { did: ANN } });
    expect(idOf(await sessions.readToken(token("a")))).toBe("tok-a");
    expect(idOf(await sessions.readToken(token("b")))).toBeNull();
    expect(await textOf("oauth_session")).not.toContain(refresh("a"));
  });

  test("goes on under a new token, and the spent one leads to it without being good", async () => {
    await sessions.createToken(token("a"), data(), refresh("a"));
    await sessions.rotateToken(token("a"), token("b"), refresh("b"), turned());
    await sessions.rotateToken(token("b"), token("c"), refresh("c"), turned());
    expect(idOf(await sessions.readToken(token("a")))).toBeNull();
    const now = await sessions.findTokenByRefreshToken(refresh("c"));
    expect(now).toMatchObject({ id: "tok-c", currentRefreshToken: refresh("c") });
    expect(now?.data.scope).toBe("atproto transition:generic");
    for (const spent of ["a", "b"]) {
      const led = await sessions.findTokenByRefreshToken(refresh(spent));
      expect(led).toMatchObject({ id: "tok-c", currentRefreshToken: null });
    }
    expect(await sessions.findTokenByRefreshToken(refresh("never"))).toBeNull();
  });

  test("goes on once, of five refreshes at the same moment", async () => {
    await sessions.createToken(token("a"), data(), refresh("a"));
    const names = ["b", "c", "d", "e", "f"];
    const done = await Promise.allSettled(
      names.map((name) => sessions.rotateToken(token("a"), token(name), refresh(name), turned())),
    );
    const won = names.filter((_, i) => done[i]?.status === "fulfilled");
    expect(won).toHaveLength(1);
    for (const each of done) if (each.status === "rejected") expect(each.reason).toBeInstanceOf(LostRace);
    for (const name of names) {
      const found = await sessions.findTokenByRefreshToken(refresh(name));
      expect(idOf(found)).toBe(name === won[0] ? `tok-${name}` : null);
    }
  });

  test("is found by the code that opened it, which is how a second use is noticed", async () => {
    const CODE = "cod-opened-it" as never;
    await sessions.createToken(token("a"), data(ANN, { code: CODE }), refresh("a"));
    expect(await sessions.findTokenByCode(CODE)).toMatchObject({ id: "tok-a", currentRefreshToken: null });
    expect(await sessions.findTokenByCode("cod-other" as never)).toBeNull();
    await sessions.deleteToken(token("a"));
    expect(await sessions.findTokenByCode(CODE)).toBeNull();
    expect(await sessions.findTokenByRefreshToken(refresh("a"))).toBeNull();
  });

  test("of a member who is taken down or gone is none, and comes back with them", async () => {
    await sessions.createToken(token("a"), data(), refresh("a"));
    const seen = async () => [
      idOf(await sessions.readToken(token("a"))),
      idOf(await sessions.findTokenByRefreshToken(refresh("a"))),
      (await sessions.listAccountTokens(ANN)).length,
    ];
    expect(await seen()).toEqual(["tok-a", "tok-a", 1]);
    members.set(ANN, memberOf(ANN, { takedown: "takendown" }));
    expect(await seen()).toEqual([null, null, 0]);
    members.delete(ANN);
    expect(await seen()).toEqual([null, null, 0]);
    members.set(ANN, memberOf(ANN, { state: "deactivated" }));
    expect(await seen()).toEqual(["tok-a", "tok-a", 1]);
  });

  test("ends with all of that app and that member, and no other's", async () => {
    const other = "https://other.example.com/client.json";
    await sessions.createToken(token("a"), data(), refresh("a"));
    await sessions.createToken(token("b"), data(), refresh("b"));
    await sessions.createToken(token("c"), data(ANN, { clientId: other }), refresh("c"));
    await sessions.createToken(token("d"), data(BOB), refresh("d"));
    await sessions.endAll(ANN, "https://app.example.com/client.json");
    const left = [...(await sessions.listAccountTokens(ANN)), ...(await sessions.listAccountTokens(BOB))];
    expect(left.map(({ id }) => id).toSorted()).toEqual(["tok-c", "tok-d"]);
  });
});

describe("a browser", () => {
  async function browser(id: string, signedIn: [did: string, remembered: 0 | 1, at: number][]) {
    await database
      .prepare("INSERT INTO oauth_device VALUES (?1, 'digest', 'Firefox', '192.0.2.1', ?2, ?2)")
      .bind(id, Date.now())
      .run();
    for (const [did, remembered, at] of signedIn) {
      await database
        .prepare("INSERT INTO oauth_device_account VALUES (?1, ?2, ?3, ?4, ?4)")
        .bind(id, did, remembered, at)
        .run();
    }
  }
  const didsOf = async (deviceId: string) =>
    (await accounts.listDeviceAccounts({ deviceId: deviceId as never })).map(({ account }) => account.did);
  const browsersOf = async (did: string) =>
    (await accounts.listDeviceAccounts({ did: did as never }))
      .map(({ deviceId }) => deviceId as string)
      .toSorted();

  test("shows an app the members that it remembers, and not who signed in just once", async () => {
    await browser("dev-1", [
      [ANN, 1, 0],
      [BOB, 0, Date.now()],
    ]);
    expect(await didsOf("dev-1")).toEqual([ANN]);
    expect(await didsOf("dev-2")).toEqual([]);
  });

  test("stands among a member's for as long as they are signed in there", async () => {
    await browser("dev-1", [[ANN, 1, 0]]);
    await browser("dev-2", [[ANN, 0, Date.now() - ONCE_MS + MINUTE]]);
    await browser("dev-3", [[ANN, 0, Date.now() - ONCE_MS - 1]]);
    await browser("dev-4", [[BOB, 1, 0]]);
    expect(await browsersOf(ANN)).toEqual(["dev-1", "dev-2"]);
  });

  test("shows nobody who is taken down or gone", async () => {
    await browser("dev-1", [
      [ANN, 1, 0],
      [BOB, 1, 0],
    ]);
    members.set(ANN, memberOf(ANN, { takedown: "takendown" }));
    members.delete(BOB);
    expect(await didsOf("dev-1")).toEqual([]);
    expect(await accounts.account(ANN)).toBeNull();
    expect(await accounts.account(BOB)).toBeNull();
  });

  test("is signed out of one member, and stays signed in of the other", async () => {
    await browser("dev-1", [
      [ANN, 1, 0],
      [BOB, 1, 0],
    ]);
    await accounts.removeDeviceAccount("dev-1" as never, ANN);
    expect(await didsOf("dev-1")).toEqual([BOB]);
    await accounts.upsertDeviceAccount("dev-1" as never, ANN);
    await accounts.upsertDeviceAccount("dev-1" as never, ANN);
    expect((await didsOf("dev-1")).toSorted()).toEqual([ANN, BOB].toSorted());
    expect((await accounts.getDeviceAccount("dev-1" as never, ANN))?.account.did).toBe(ANN);
    expect(await accounts.getDeviceAccount("dev-2" as never, ANN)).toBeNull();
  });

  test("a member's address is shown with whether it is confirmed, or not at all", async () => {
    expect(await accounts.account(ANN)).toMatchObject({ email: "someone@example.com", emailVerified: false });
    members.set(ANN, memberOf(ANN, { emailConfirmedAt: "2026-11-30T10:00:00.000Z" as never }));
    expect(await accounts.account(ANN)).toMatchObject({ emailVerified: true, deactivated: false });
    members.set(ANN, memberOf(ANN, { email: null, state: "deactivated" }));
    const shown = await accounts.account(ANN);
    expect(Object.keys(shown ?? {}).toSorted()).toEqual(["deactivated", "did", "handle", "pds"]);
    expect(shown).toMatchObject({ deactivated: true, pds: "did:web:pds.example.com" });
  });
});

describe("a member's consent", () => {
  const { consents } = accounts;
  const allow = (did: typeof ANN, app: string, ...scopes: string[]) =>
    consents.set(did, app, { authorizedScopes: scopes } as never);
  const allowed = async (did: typeof ANN) =>
    Object.fromEntries(
      [...(await consents.ofMember(did))].map(([app, { authorizedScopes }]) => [app, authorizedScopes]),
    );

  test("is what they said last, of each app", async () => {
    await allow(ANN, "one", "atproto");
    await allow(ANN, "two", "atproto", "transition:generic");
    await allow(BOB, "one", "atproto", "transition:email");
    await allow(ANN, "one", "atproto", "transition:chat.bsky");
    expect(await allowed(ANN)).toEqual({
      one: ["atproto", "transition:chat.bsky"],
      two: ["atproto", "transition:generic"],
    });
    expect(await allowed(BOB)).toEqual({ one: ["atproto", "transition:email"] });
  });

  test("is withdrawn from one app, by one member", async () => {
    await allow(ANN, "one", "atproto");
    await allow(ANN, "two", "atproto");
    await allow(BOB, "one", "atproto");
    await consents.withdraw(ANN, "one");
    await consents.withdraw(ANN, "never");
    expect([await allowed(ANN), await allowed(BOB)]).toEqual([{ two: ["atproto"] }, { one: ["atproto"] }]);
  });

  test("is told of several members at once, and of nobody asks nothing", async () => {
    await allow(ANN, "one", "atproto");
    await allow(BOB, "two", "atproto");
    expect([...(await consents.of([ANN, BOB, newDid()])).keys()].toSorted()).toEqual([ANN, BOB].toSorted());
    expect((await consents.of([])).size).toBe(0);
  });
});

describe("an isolate's memory", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
    forgetTokens();
    return () => vi.useRealTimers();
  });
  const LIVE = { did: ANN, scope: "atproto", jkt: "j", clientId: "c", expiresAt: Infinity };

  test("keeps a token for five seconds, so that an ended session ends everywhere soon", () => {
    const now = Date.now();
    rememberToken("a", LIVE, now);
    expect(rememberedToken("a", now + 4_999)).toEqual(LIVE);
    expect(rememberedToken("a", now + 5_000)).toBeNull();
    expect(rememberedToken("b", now)).toBeNull();
  });

  test("forgets all tokens when a session ends here", () => {
    rememberToken("a", LIVE, Date.now());
    forgetTokens();
    expect(rememberedToken("a", Date.now())).toBeNull();
  });

  test("keeps two thousand tokens at most, however many come", () => {
    for (let i = 0; i < 2_001; i++) rememberToken(String(i), LIVE, 0);
    const kept = Array.from({ length: 2_001 }, (_, i) => rememberedToken(String(i), 1)).filter(Boolean);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThanOrEqual(2_000);
    expect(rememberedToken("2000", 1)).toEqual(LIVE);
  });

  test("of documents drops the oldest first, and what is written again is the newest", () => {
    const memory = new Memory<number>(2, MINUTE);
    memory.set("a", 1);
    memory.set("b", 2);
    memory.set("a", 3);
    memory.set("c", 4);
    expect([memory.get("a"), memory.get("b"), memory.get("c")]).toEqual([3, undefined, 4]);
    memory.del("a");
    expect([memory.get("a"), memory.get("c")]).toEqual([undefined, 4]);
  });

  test("of documents ends with their time", () => {
    const memory = new Memory<number>(2, MINUTE);
    memory.set("a", 1);
    vi.setSystemTime(Date.now() + MINUTE);
    expect(memory.get("a")).toBe(1);
    vi.setSystemTime(Date.now() + 1);
    expect(memory.get("a")).toBeUndefined();
  });
});
