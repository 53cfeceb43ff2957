/** Session tokens: whose they are, what they open, how long, and everything that is none. */
import { SignJWT, generateKeyPair } from "jose";
import type { JWTPayload } from "jose";
import { describe, expect, test } from "vitest";
import type { Did } from "@atcute/lexicons";
import { ACCESS_SECONDS, REFRESH_SCOPE, type SessionScope, Tokens } from "../../src/xrpc/server/tokens.ts";
import { isRefusal } from "../../src/protocol/refusal.ts";

const HOST: Did = "did:web:pds.example.com";
const FORMER: Did = "did:web:old.example.com";
const OTHER: Did = "did:web:other.example.com";
const MEMBER: Did = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
const SECRET = "a secret of at least thirty-two characters";
const NOW = Date.UTC(2026, 10, 30, 12);
const SECONDS = NOW / 1000;

/** The tokens of a host, at a time. */
const tokensAt = (ms = NOW, audience: Did | [Did, ...Did[]] = HOST, secret = SECRET) =>
  new Tokens(
    audience,
    async () => secret,
    () => ms,
  );

async function refusalOf(work: Promise<unknown>): Promise<[error: string, message: string, status: number]> {
  try {
    await work;
  } catch (thrown) {
    if (isRefusal(thrown)) return [thrown.error, thrown.message, thrown.status];
    throw thrown;
  }
  throw new Error("accepted");
}

const BAD = ["InvalidToken", "Token could not be verified", 400];
const EXPIRED = ["ExpiredToken", "Token has expired", 400];

const ACCESS = { scope: "com.atproto.access", sub: MEMBER, aud: HOST, iat: SECONDS, exp: SECONDS + 60 };
const REFRESH = { ...ACCESS, scope: REFRESH_SCOPE, jti: "abc" };

type Claims = { [name in keyof JWTPayload]?: JWTPayload[name] | undefined } & Record<string, unknown>;

/** Signs any claims with the host's own secret, as only a fault of its own could. */
const sign = (claims: Claims, typ: string | null = "at+jwt", secret = SECRET, alg = "HS256") =>
  new SignJWT(claims as JWTPayload)
    .setProtectedHeader(typ === null ? { alg } : { alg, typ })
    .sign(new TextEncoder().encode(secret));

describe("an access token", () => {
  test.each<SessionScope>([
    "com.atproto.access",
    "com.atproto.appPass",
    "com.atproto.appPassPrivileged",
    "com.atproto.takendown",
    "com.atproto.signupQueued",
  ])("of %s says whose it is and since when", async (scope) => {
    const token = await tokensAt().issueAccess(MEMBER, scope);
    expect(await tokensAt().verifyAccess(token)).toEqual({ did: MEMBER, scope, issuedAt: SECONDS });
  });

  test("is good for two hours, to the second", async () => {
    const token = await tokensAt().issueAccess(MEMBER, "com.atproto.access");
    const end = NOW + ACCESS_SECONDS * 1000;
    await expect(tokensAt(end - 1).verifyAccess(token)).resolves.toMatchObject({ did: MEMBER });
    // It was remembered meanwhile, which must not lengthen its life.
    expect(await refusalOf(tokensAt(end).verifyAccess(token))).toEqual(EXPIRED);
    expect(await refusalOf(tokensAt(end + 1000).verifyAccess(token))).toEqual(EXPIRED);
  });

  test("of an earlier address of the host is good, and of another host is not, even once it was seen", async () => {
    const before = await tokensAt(NOW, FORMER).issueAccess(MEMBER, "com.atproto.access");
    expect(await refusalOf(tokensAt().verifyAccess(before))).toEqual(BAD);
    await expect(tokensAt(NOW, FORMER).verifyAccess(before)).resolves.toMatchObject({ did: MEMBER });
    await expect(tokensAt(NOW, [HOST, FORMER]).verifyAccess(before)).resolves.toMatchObject({ did: MEMBER });
    expect(await refusalOf(tokensAt(NOW, OTHER).verifyAccess(before))).toEqual(BAD);
    expect(await refusalOf(tokensAt().verifyAccess(before))).toEqual(BAD);
  });

  test.each<[what: string, claims: Claims, typ?: string | null]>([
    ["for another host", { ...ACCESS, aud: OTHER }],
    ["for no host", { ...ACCESS, aud: undefined }],
    ["of another type", ACCESS, "JWT"],
    ["of no type", ACCESS, null],
    ["that refreshes", REFRESH, "refresh+jwt"],
  ])("%s is none", async (_, claims, typ) => {
    const token = await sign(claims, typ);
    expect(await refusalOf(tokensAt().verifyAccess(token))).toEqual(BAD);
  });

  test.each<[what: string, claims: Claims, message: string]>([
    ["of no scope", { ...ACCESS, scope: undefined }, "Bad token scope"],
    ["of a scope that there is not", { ...ACCESS, scope: "com.atproto.admin" }, "Bad token scope"],
    ["of an app's scope", { ...ACCESS, scope: "atproto transition:generic" }, "Bad token scope"],
    ["of the scope to refresh", { ...ACCESS, scope: REFRESH_SCOPE }, "Bad token scope"],
    ["of scopes in a list", { ...ACCESS, scope: ["com.atproto.access"] }, "Bad token scope"],
    ["of nobody", { ...ACCESS, sub: undefined }, "Malformed token"],
    ["of a handle", { ...ACCESS, sub: "alice.test" }, "Malformed token"],
    ["for one method alone", { ...ACCESS, lxm: "com.atproto.sync.getRepo" }, "Malformed token"],
    ["bound to an app's key", { ...ACCESS, cnf: { jkt: "x" } }, "Malformed token"],
  ])("%s is refused by its fault", async (_, claims, message) => {
    expect(await refusalOf(tokensAt().verifyAccess(await sign(claims)))).toEqual([
      "InvalidToken",
      message,
      400,
    ]);
  });
});

describe("a forged token", () => {
  test("by another secret is none", async () => {
    const forged = await tokensAt(NOW, HOST, "b".repeat(40)).issueAccess(MEMBER, "com.atproto.access");
    expect(await refusalOf(tokensAt().verifyAccess(forged))).toEqual(BAD);
  });

  test.each(["HS384", "HS512"])("by the right secret and %s is none", async (alg) => {
    const secret = SECRET.repeat(2);
    const tokens = tokensAt(NOW, HOST, secret);
    await expect(tokens.verifyAccess(await sign(ACCESS, "at+jwt", secret))).resolves.toBeTruthy();
    expect(await refusalOf(tokens.verifyAccess(await sign(ACCESS, "at+jwt", secret, alg)))).toEqual(BAD);
  });

  test("that claims to need no signature is none", async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    for (const alg of ["none", "None", "NONE", ""]) {
      const token = `${part({ alg, typ: "at+jwt" })}.${part(ACCESS)}.`;
      expect(await refusalOf(tokensAt().verifyAccess(token))).toEqual(BAD);
    }
  });

  test("by a key pair is none", async () => {
    const { privateKey } = await generateKeyPair("ES256");
    const token = await new SignJWT(ACCESS)
      .setProtectedHeader({ alg: "ES256", typ: "at+jwt" })
      .sign(privateKey);
    expect(await refusalOf(tokensAt().verifyAccess(token))).toEqual(BAD);
  });

  test("changed in any part is none, though the right one was seen", async () => {
    const token = await tokensAt().issueAccess(MEMBER, "com.atproto.takendown");
    await tokensAt().verifyAccess(token);
    const [header = "", payload = "", signature = ""] = token.split(".");
    const better = Buffer.from(
      JSON.stringify({
        ...JSON.parse(Buffer.from(payload, "base64url").toString()),
        scope: "com.atproto.access",
      }),
    ).toString("base64url");
    const flipped = (signature.startsWith("A") ? "B" : "A") + signature.slice(1);
    for (const changed of [
      `${header}.${better}.${signature}`,
      `${header}.${payload}.${flipped}`,
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `.${payload}.${signature}`,
      `${token}.`,
      `${token}x`,
      ` ${token}`,
      "",
      "..",
      "nothing",
    ]) {
      expect(await refusalOf(tokensAt().verifyAccess(changed)), changed).toEqual(BAD);
    }
  });
});

describe("a refresh token", () => {
  const end = SECONDS + 3_600;

  test("names the account and its own id, until the time that the account gave it", async () => {
    const token = await tokensAt().issueRefresh(MEMBER, "abc", end);
    expect(await tokensAt().verifyRefresh(token)).toEqual({ did: MEMBER, id: "abc" });
    await expect(tokensAt(end * 1000 - 1).verifyRefresh(token)).resolves.toBeTruthy();
    expect(await refusalOf(tokensAt(end * 1000).verifyRefresh(token))).toEqual(EXPIRED);
  });

  test("that has expired still signs out, and nothing else that is wrong passes by that", async () => {
    const late = tokensAt(end * 1000 + 365 * 24 * 3_600_000);
    const token = await tokensAt().issueRefresh(MEMBER, "abc", end);
    expect(await late.verifyRefresh(token, { allowExpired: true })).toEqual({ did: MEMBER, id: "abc" });
    const foreign = await tokensAt(NOW, OTHER).issueRefresh(MEMBER, "abc", end);
    expect(await refusalOf(late.verifyRefresh(foreign, { allowExpired: true }))).toEqual(BAD);
    const access = await tokensAt().issueAccess(MEMBER, "com.atproto.access");
    expect(await refusalOf(late.verifyRefresh(access, { allowExpired: true }))).toEqual(BAD);
  });

  test("is no access token, and the other way round", async () => {
    const refresh = await tokensAt().issueRefresh(MEMBER, "abc", end);
    const access = await tokensAt().issueAccess(MEMBER, "com.atproto.access");
    expect(await refusalOf(tokensAt().verifyAccess(refresh))).toEqual(BAD);
    expect(await refusalOf(tokensAt().verifyRefresh(access))).toEqual(BAD);
  });

  test.each<[what: string, claims: Claims, refusal: unknown[]]>([
    [
      "of an access token's scope",
      { ...REFRESH, scope: "com.atproto.access" },
      ["InvalidToken", "Bad token scope", 400],
    ],
    [
      "without an id",
      { ...REFRESH, jti: undefined },
      ["MissingTokenId", "Unexpected missing refresh token id", 401],
    ],
    ["of nobody", { ...REFRESH, sub: undefined }, ["InvalidToken", "Malformed token", 400]],
    ["bound to an app's key", { ...REFRESH, cnf: { jkt: "x" } }, ["InvalidToken", "Malformed token", 400]],
  ])("%s is refused by its fault", async (_, claims, refusal) => {
    expect(await refusalOf(tokensAt().verifyRefresh(await sign(claims, "refresh+jwt")))).toEqual(refusal);
  });
});

test("tokens have the form that clients of the reference read", async () => {
  const parts = (token: string) =>
    token
      .split(".")
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, "base64url").toString()) as object);
  expect(parts(await tokensAt().issueAccess(MEMBER, "com.atproto.appPass"))).toEqual([
    { typ: "at+jwt", alg: "HS256" },
    { scope: "com.atproto.appPass", aud: HOST, sub: MEMBER, iat: SECONDS, exp: SECONDS + 7_200 },
  ]);
  expect(parts(await tokensAt().issueRefresh(MEMBER, "abc", SECONDS + 9))).toEqual([
    { typ: "refresh+jwt", alg: "HS256" },
    { scope: REFRESH_SCOPE, aud: HOST, sub: MEMBER, jti: "abc", iat: SECONDS, exp: SECONDS + 9 },
  ]);
});
