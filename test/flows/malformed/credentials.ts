/** Requests from an unidentifiable caller: invalid credentials, or credentials for another purpose. */
import { pick } from "../../../tools/seed/random.ts";
import type { Family, Random, Stage } from "./requests.ts";
import { ask, good, noise, sendJson, word } from "./requests.ts";

function tokens(random: Random, { member, expired }: Stage): string {
  const [head = "", body = "", signature = ""] = member.auth.slice("Bearer ".length).split(".");
  const b64 = (value: object) => btoa(JSON.stringify(value)).replaceAll("=", "");
  const claims = {
    scope: "com.atproto.access",
    sub: member.did,
    exp: 9_999_999_999,
    aud: "did:web:localhost",
  };
  return pick(
    [
      () => "Bearer",
      () => `Bearer ${word(random)}`,
      () => `Bearer ${word(random)} ${word(random)}`,
      () => `${word(random)} ${head}.${body}.${signature}`,
      () => `Bearer ${head}.${body}.${signature.slice(0, -2)}${word(random, 2)}x`,
      () => `Bearer ${head}.${body}`,
      () => `Bearer ${head}.${b64({ ...claims, jti: word(random) })}.${signature}`,
      () => `Bearer ${b64({ alg: "none", typ: "at+jwt" })}.${b64(claims)}.`,
      () => `Bearer ${b64({ alg: "HS256", typ: "at+jwt" })}.${b64({ ...claims, exp: 1e308 })}.${signature}`,
      () =>
        `Bearer ${b64({ alg: "ES256K", typ: "JWT" })}.${b64({ iss: member.did, aud: "x", exp: 2 ** 52 })}.AAAA`,
      () =>
        `Bearer ${b64({ alg: "ES256" })}.${b64({ iss: noise(random).replaceAll(/[^ -~]/g, ""), lxm: 5, exp: "soon" })}.AA`,
      () => `Bearer ${btoa(noise(random).replaceAll(/[^ -~]/g, "?"))}..${word(random)}`,
      () => `Basic ${btoa(`admin:${word(random)}`)}`,
      () => `Basic ${word(random)}!`,
      () => `DPoP ${head}.${body}.${signature}`,
      () => expired,
      () => member.refresh,
    ],
    random,
  )();
}

const TOKEN_ERRORS = [
  "AuthMissing",
  "AuthenticationRequired",
  "InvalidToken",
  "ExpiredToken",
  "BadJwt",
  "BadJwtSignature",
  "BadJwtType",
  "BadJwtAudience",
  "BadJwtLexiconMethod",
  "BadJwtIss",
  "JwtExpired",
  "InvalidRequest",
  "invalid_token",
  "use_dpop_nonce",
  "invalid_dpop_proof",
];

export const credentialFamilies: readonly Family[] = [
  {
    name: "a credential that is none",
    count: 300,
    errors: TOKEN_ERRORS,
    statuses: [400, 401],
    make(stage, random) {
      const [nsid, , input] = pick(
        good(stage)
          .slice(0, 7)
          .filter(([name]) => !name.endsWith("Session")),
        random,
      );
      const wrong = random() < 0.5 ? sendJson(nsid, null, input) : ask("app.bsky.feed.getTimeline", {});
      const headers = new Headers(wrong.init.headers);
      headers.set("authorization", tokens(random, stage));
      return { path: wrong.path, init: { ...wrong.init, headers } };
    },
  },
];
