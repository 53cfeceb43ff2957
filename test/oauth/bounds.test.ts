/** What strangers and apps can make the directory and the isolate keep of signing in. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import { Accounts } from "../../src/oauth/stores/accounts.ts";
import { CONSENTS_MAX } from "../../src/oauth/stores/consents.ts";
import { LEXICONS_MAX, Lexicons } from "../../src/oauth/stores/lexicons.ts";
import { PROOFS_MAX, REPLAY_SLOTS, Replays, SeenProofs } from "../../src/oauth/stores/replays.ts";
import { EXPIRED_KEPT_MS, PENDING_MAX } from "../../src/oauth/stores/requests.ts";
import { SESSIONS_MAX, SPENT_MAX, Sessions } from "../../src/oauth/stores/sessions.ts";
import { bindings, fetchHost, join } from "../support/account-host.ts";

const database = bindings.DIRECTORY;
const MINUTE = 60_000;

const count = async (table: string, where = "1") =>
  (await database.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${where}`).first<number>("n")) ?? 0;

/** Inserts so many rows of a table; `select` gives their columns by `i`. */
const fill = (table: string, rows: number, select: string) =>
  database
    .prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO ${table} SELECT ${select} FROM n`,
    )
    .bind(rows)
    .run();

const CLIENT = `http://localhost?${new URLSearchParams({ redirect_uri: "http://127.0.0.1/", scope: "atproto" }).toString()}`;

async function push(over: Record<string, string> = {}): Promise<{ status: number; error: unknown }> {
  const body = new URLSearchParams({
    client_id: CLIENT,
    redirect_uri: "http://127.0.0.1/",
    response_type: "code",
    scope: "atproto",
    state: "abc",
    code_challenge:
      "E9Melhoa2OwvFrEMTJguCHaoeGK1t8URWbuGJSstw-cM".slice(0, 43 - 8) + crypto.randomUUID().slice(0, 8),
    code_challenge_method: "S256",
    ...over,
  });
  const response = await fetchHost("/oauth/par", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body,
  });
  const { error } = await response.json<{ error?: string }>();
  return { status: response.status, error };
}

describe("a pushed request", () => {
  beforeEach(() => database.prepare("DELETE FROM oauth_request").run());

  test("keeps a short state, and none that is long", async () => {
    expect(await push({ state: "s".repeat(2_048) })).toEqual({ status: 201, error: undefined });
    expect(await push({ state: "s".repeat(2_049) })).toEqual({ status: 400, error: "invalid_request" });
    expect(await push({ state: "s".repeat(62_000) })).toEqual({ status: 400, error: "invalid_request" });
    expect(await count("oauth_request")).toBe(1);
  });

  test("is not kept if any other part of it is long", async () => {
    for (const name of ["login_hint", "nonce", "ui_locales", "something_else"]) {
      await push({ [name]: "x".repeat(40_000) });
    }
    const longest = await database
      .prepare("SELECT coalesce(max(length(parameters)), 0) AS n FROM oauth_request")
      .first<number>("n");
    expect(longest).toBeLessThanOrEqual(16_384);
  });

  test("is refused while too many are under way, and taken when they have expired", async () => {
    const inFiveMinutes = Date.now() + 5 * MINUTE;
    await fill(
      "oauth_request",
      PENDING_MAX,
      `'req-' || i, 'c', NULL, '{}', ${inFiveMinutes}, NULL, NULL, NULL`,
    );
    expect(await push()).toEqual({ status: 503, error: "temporarily_unavailable" });
    expect(await count("oauth_request")).toBe(PENDING_MAX);
    await database
      .prepare("UPDATE oauth_request SET expires_at = ?1")
      .bind(Date.now() - EXPIRED_KEPT_MS - 1)
      .run();
    expect(await push()).toEqual({ status: 201, error: undefined });
    expect(await count("oauth_request")).toBe(1);
  });
});

describe("what may be used once", () => {
  const replays = new Replays(database);
  beforeEach(() => database.prepare("DELETE FROM oauth_replay").run());

  test("is used once, of many that use it at the same moment too, until its time is over", async () => {
    const uses = await Promise.all(Array.from({ length: 8 }, () => replays.unique("DPoP", "a", MINUTE)));
    expect(uses.filter(Boolean)).toHaveLength(1);
    expect(await replays.unique("Auth@client", "a", MINUTE)).toBe(true);
    expect(await replays.unique("DPoP", "b", MINUTE)).toBe(true);
    await database
      .prepare("UPDATE oauth_replay SET expires_at = ?1")
      .bind(Date.now() - 1)
      .run();
    expect(await replays.unique("DPoP", "a", MINUTE)).toBe(true);
    expect(await replays.unique("DPoP", "a", MINUTE)).toBe(false);
    expect(await count("oauth_replay")).toBe(3);
  });

  test("never takes the place of what still counts: the table has slots, and then no more", async () => {
    await fill("oauth_replay", REPLAY_SLOTS, `i - 1, 'key' || i, ${Date.now() + MINUTE}`);
    expect(await replays.unique("DPoP", "c", MINUTE)).toBe(false);
    expect(await count("oauth_replay", "key LIKE 'key%'")).toBe(REPLAY_SLOTS);
    await expect(
      database.prepare(`INSERT INTO oauth_replay VALUES (${REPLAY_SLOTS}, 'x', 0)`).run(),
    ).rejects.toThrow("CHECK constraint failed");
    await database.prepare("UPDATE oauth_replay SET expires_at = 0").run();
    expect(await replays.unique("DPoP", "c", MINUTE)).toBe(true);
    expect(await count("oauth_replay")).toBe(REPLAY_SLOTS);
  });

  test("is remembered by an isolate as one of so many, however long it is", () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const seen = new SeenProofs();
      expect([
        seen.unique("DPoP", "x".repeat(100_000), MINUTE),
        seen.unique("DPoP", "x".repeat(100_000), MINUTE),
      ]).toEqual([true, false]);
      for (let i = 1; i < PROOFS_MAX; i++) seen.unique("DPoP", String(i), MINUTE);
      expect(seen.unique("DPoP", "x".repeat(100_000), MINUTE)).toBe(false);
      seen.unique("DPoP", "one more", MINUTE);
      // The oldest made way.
      expect(seen.unique("DPoP", "x".repeat(100_000), MINUTE)).toBe(true);
      vi.setSystemTime(Date.now() + MINUTE + 1);
      expect(seen.unique("DPoP", "one more", MINUTE)).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("permission sets", () => {
  const lexicons = new Lexicons(database);
  const at = new Date("2026-11-30T10:00:00Z");
  const resolved = (text = "x") => ({
    createdAt: at,
    updatedAt: at,
    lastSucceededAt: at,
    uri: "at://did:web:a.example.com/com.atproto.lexicon.schema/a",
    lexicon: { description: text } as never,
  });
  beforeEach(() => database.prepare("DELETE FROM oauth_lexicon").run());

  test("are five hundred at most; those that nobody could resolve make way first", async () => {
    const old = at.getTime() - MINUTE;
    await fill(
      "oauth_lexicon",
      LEXICONS_MAX - 1,
      `'com.example.good' || i, ${old}, ${old} + i, ${old}, 'at://x', '{}'`,
    );
    const failed = {
      ...resolved(),
      updatedAt: new Date(at.getTime() + MINUTE),
      lastSucceededAt: null,
      uri: null,
      lexicon: null,
    };
    await lexicons.storeLexicon("com.example.nothing", failed);
    expect(await count("oauth_lexicon")).toBe(LEXICONS_MAX);
    await lexicons.storeLexicon("com.example.first", resolved());
    expect(await lexicons.findLexicon("com.example.nothing")).toBeNull();
    await lexicons.storeLexicon("com.example.second", resolved());
    expect(await lexicons.findLexicon("com.example.good1")).toBeNull();
    expect(await lexicons.findLexicon("com.example.first")).not.toBeNull();
    expect(await count("oauth_lexicon")).toBe(LEXICONS_MAX);
  });

  test("are not kept when they are too long", async () => {
    await lexicons.storeLexicon("com.example.long", resolved("x".repeat(70_000)));
    expect(await count("oauth_lexicon")).toBe(0);
  });
});

describe("of one member", () => {
  const accounts = new Accounts(
    database,
    { findByDid: async () => null, findAll: async () => new Map() },
    {
      origin: "https://pds.example.com",
      did: "did:web:pds.example.com",
      handleDomains: [],
    },
  );
  const sessions = new Sessions(database, accounts);
  const did = "did:web:much.example.com";
  const token = (name: string) => `tok-${name}` as never;
  const refresh = (name: string) => `ref-${name}` as never;
  const data = (at: number) =>
    ({
      createdAt: new Date(at),
      updatedAt: new Date(at),
      expiresAt: new Date(at + MINUTE),
      did,
      clientId: "c",
      clientAuth: {},
      parameters: {},
      scope: "atproto",
      deviceId: null,
      details: null,
      code: null,
    }) as never;

  test("a hundred sessions are kept; the one refreshed longest ago ends, with its spent tokens", async () => {
    await fill(
      "oauth_session",
      SESSIONS_MAX,
      `'old' || i, 'old' || i, NULL, '${did}', 'c', '{}', '{}', NULL, NULL, 0, i, 0`,
    );
    await database.prepare("INSERT INTO oauth_spent VALUES ('d1', 'old1', 0), ('d2', 'old2', 0)").run();
    await sessions.createToken(token("new"), data(Date.now()), refresh("new"));
    expect(await count("oauth_session", `did = '${did}'`)).toBe(SESSIONS_MAX);
    expect(await count("oauth_session", "family = 'old1'")).toBe(0);
    expect([
      await count("oauth_spent", "family = 'old1'"),
      await count("oauth_spent", "family = 'old2'"),
    ]).toEqual([0, 1]);
  });

  test("a session remembers its newest hundred spent tokens", async () => {
    const at = Date.now();
    await sessions.createToken(token("r0"), data(at), refresh("r0"));
    await fill("oauth_spent", SPENT_MAX + 20, "'spent' || i, 'tok-r0', i");
    const turned = {
      updatedAt: new Date(at),
      expiresAt: new Date(at),
      clientAuth: {},
      scope: "atproto",
    } as never;
    await sessions.rotateToken(token("r0"), token("r1"), refresh("r1"), turned);
    expect(await count("oauth_spent", "family = 'tok-r0'")).toBe(SPENT_MAX);
    expect(await count("oauth_spent", "digest = 'spent22'")).toBe(1);
    expect(await count("oauth_spent", "digest IN ('spent1', 'spent21')")).toBe(0);
    // The one that was spent just now still gives a thief away.
    expect(await count("oauth_spent", `family = 'tok-r0' AND spent_at = ${at}`)).toBe(1);
  });

  test("consent to five hundred apps is remembered", async () => {
    await fill("oauth_consent", CONSENTS_MAX, `'${did}', 'app' || i, 'atproto', i, i`);
    await accounts.setAuthorizedClient(did, "https://app.example.com/client.json", {
      authorizedScopes: ["atproto"],
    } as never);
    expect(await count("oauth_consent", `did = '${did}'`)).toBe(CONSENTS_MAX);
    expect(await count("oauth_consent", "client_id = 'app1'")).toBe(0);
    expect(await count("oauth_consent", "client_id LIKE 'https:%'")).toBe(1);
  });

  test("fifty browsers are, and a browser that nobody is signed in on is forgotten", async () => {
    await fill("oauth_device", 60, "'dev-' || i, 'x', NULL, 'local', 0, i");
    await fill("oauth_device_account", 60, `'dev-' || i, '${did}', 1, i, i`);
    expect(await count("oauth_device_account", `did = '${did}'`)).toBe(50);
    expect(await count("oauth_device_account", `did = '${did}' AND device_id = 'dev-10'`)).toBe(0);
    expect(await count("oauth_device", "id LIKE 'dev%'")).toBe(50);
    await accounts.removeDeviceAccount("dev-60", did);
    expect(await count("oauth_device", "id = 'dev-60'")).toBe(0);
  });

  test("all of it goes with the account", async () => {
    const member = await join();
    await database
      .prepare("INSERT INTO oauth_session VALUES ('f', 'f', NULL, ?1, 'c', '{}', '{}', NULL, NULL, 0, 0, 0)")
      .bind(member.did)
      .run();
    await database.prepare("INSERT INTO oauth_spent VALUES ('gone', 'f', 0)").run();
    await database
      .prepare(
        "INSERT INTO role (did, role, granted_by, granted_at) VALUES (?1, 'moderator', 'admin', '2026-01-01')",
      )
      .bind(member.did)
      .run();
    await database.prepare("DELETE FROM account WHERE did = ?1").bind(member.did).run();
    for (const table of ["oauth_session", "role", "allowance", "passkey", "oauth_consent"]) {
      expect(await count(table, `did = '${member.did}'`), table).toBe(0);
    }
    expect(await count("oauth_spent", "digest = 'gone'")).toBe(0);
  });
});
