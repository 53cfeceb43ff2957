/**
 * Service auth (atproto spec, "XRPC: Inter-Service Authentication"): a short-lived JWT signed by an account's
 * atproto key, K-256 or P-256, and bound to an audience and a method. A labeler signs with its label key; such
 * a token speaks for the labeler alone, never for the account whose DID document names the key.
 */
import type { Did } from "@atcute/lexicons";
import { pdsEndpoint, verificationKey } from "../../identity/did-document.ts";
import { isHostDid } from "../../identity/host.ts";
import { verify } from "../../protocol/keys.ts";
import { Refusal, authRequired } from "../../protocol/refusal.ts";
import { isBlockedHost } from "../../protocol/settings/domains.ts";
import { isDid } from "../../protocol/syntax.ts";
import type { Credentials } from "./method.ts";

interface ServiceClaims {
  iss?: unknown;
  aud?: unknown;
  exp?: unknown;
  lxm?: unknown;
}

const refused = (error: string, message: string) => new Refusal(error, message, 401);

function decodePart(part: string | undefined): Record<string, unknown> | null {
  if (!part) return null;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(base64url(part)));
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}

function base64url(text: string): Uint8Array {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

/**
 * Whether a token is a service token. Only service tokens name a method, but not all do; the others are told
 * by their algorithm, since session tokens use HS256.
 */
export function looksLikeServiceToken(token: string): boolean {
  const [header, payload] = token.split(".");
  const claims = decodePart(payload);
  return claims !== null && (claims.lxm !== undefined || decodePart(header)?.alg !== "HS256");
}

/** Tokens that are accepted besides an account's word to this host about the method called. */
interface Accepted {
  methods?: readonly string[];
  anyAudience?: boolean;
  /** The account whose labeler must have signed; the documents of others are not even looked up. */
  labelerOf?: Did;
}

/**
 * How far ahead a token may expire, in seconds: the longest lifetime that the reference issues, an hour, with
 * five minutes for clocks that differ.
 */
const LIFETIME_MAX = 65 * 60;

/**
 * @returns the issuing account. Refuses (401) by the reference's names: BadJwt, BadJwtType, JwtExpired,
 * BadJwtAudience, BadJwtLexiconMethod, BadJwtIss, UntrustedIss, BadJwtSignature; and Forbidden (403) for an
 * account of a blocked host.
 */
export async function verifyServiceToken(
  token: string,
  { services, nsid }: Pick<Credentials, "services" | "nsid">,
  { methods = [nsid], anyAudience = false, labelerOf }: Accepted = {},
): Promise<Did> {
  const parts = token.split(".");
  const header = decodePart(parts[0]);
  const claims: ServiceClaims | null = decodePart(parts[1]);
  if (parts.length !== 3 || header === null || claims === null) throw badJwt();
  const { typ, alg } = header;
  if (typ === "at+jwt" || typ === "refresh+jwt" || typ === "dpop+jwt") {
    throw refused("BadJwtType", `Invalid jwt type "${typ}"`);
  }
  const { iss, aud, exp, lxm } = claims;
  if (typeof iss !== "string" || typeof aud !== "string" || typeof exp !== "number") throw badJwt();
  const left = exp - Date.now() / 1000;
  if (left < 0) throw refused("JwtExpired", "jwt expired");
  if (left > LIFETIME_MAX) throw refused("BadJwt", "jwt expires more than an hour from now");
  if (typeof lxm !== "string" || !methods.includes(lxm)) {
    const what = lxm === undefined ? "missing" : "bad";
    throw refused("BadJwtLexiconMethod", `${what} jwt lexicon method ("lxm"). must match: ${nsid}`);
  }
  const did = issuerOf(iss, labelerOf);
  if (!anyAudience && !isHostDid(services.host, aud.split("#")[0] ?? "")) {
    throw refused("BadJwtAudience", "jwt audience does not match service did");
  }
  const keyId = labelerOf === undefined ? "atproto" : "atproto_label";
  await checkSignature(parts, { did, keyId, alg }, services);
  return did;
}

/** The account of an `iss`. A service of an account is no account: it has a key of its own. */
function issuerOf(iss: string, labelerOf: Did | undefined): Did {
  const [did = "", service, ...more] = iss.split("#");
  if (!isDid(did) || service === "" || more.length > 0) {
    throw refused("BadJwtIss", "jwt iss is not a valid did");
  }
  if (labelerOf !== undefined) {
    if (iss !== `${labelerOf}#atproto_labeler`) throw refused("UntrustedIss", "Untrusted issuer");
  } else if (service !== undefined) {
    throw refused("BadJwtIss", `jwt iss is the service #${service}, not the account`);
  }
  return did;
}

const badJwt = () => refused("BadJwt", "poorly formatted jwt");

const isAlgorithm = (alg: unknown) => alg === "ES256K" || alg === "ES256";

/**
 * Verifies the signature. A JWT's may be high-S (RFC 7518 requires neither form, and common libraries produce
 * both), while the rest of atproto accepts only low S. A failure resolves the issuer's key once more, since it may have been rotated since
 * it was cached.
 */
async function checkSignature(
  [header = "", payload = "", signature = ""]: string[],
  { did, keyId, alg }: { did: Did; keyId: string; alg: unknown },
  services: Credentials["services"],
): Promise<void> {
  const signed = new TextEncoder().encode(`${header}.${payload}`);
  let bytes: Uint8Array;
  try {
    bytes = base64url(signature);
  } catch {
    throw badJwt();
  }
  let before: string | null = null;
  for (const fresh of [false, true]) {
    const key = await issuerKey(did, keyId, fresh, services);
    if (key === before) break;
    before = key;
    if (isAlgorithm(alg) && (await verify(key, signed, bytes, { jwtAlg: alg, allowMalleableSig: true })))
      return;
  }
  throw refused("BadJwtSignature", "jwt signature does not match jwt issuer");
}

async function issuerKey(
  did: Did,
  keyId: string,
  fresh: boolean,
  { dids, env, host }: Credentials["services"],
): Promise<string> {
  const document = await dids.find(did, { fresh });
  if (document === null) throw authRequired("could not resolve iss did");
  const home = URL.parse(pdsEndpoint(document) ?? "")?.hostname ?? "";
  if (isBlockedHost(env.BLOCKED_HOSTS, home) && home !== host.hostname)
    throw new Refusal("Forbidden", `Nothing is taken from accounts of ${home} here`, 403);
  const key = verificationKey(document, keyId);
  if (key === null) throw authRequired("missing or bad key in did doc");
  return key;
}
