/**
 * Service auth (atproto spec, "XRPC: Inter-Service Authentication"): a short-lived JWT signed by an account's
 * atproto key, K-256 or P-256, and bound to an audience and a method.
 */
import { Buffer } from "node:buffer";
import type { Did } from "@atcute/lexicons";
import { verificationKey } from "../../identity/did-document.ts";
import type { KeyType } from "../../protocol/keys.ts";
import { isDidKey, parseDidKey, verify } from "../../protocol/keys.ts";
import { Refusal, authRequired } from "../../protocol/refusal.ts";
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

/** The methods and audiences that a token may have, if other than the method called and this host. */
interface Addressed {
  methods?: readonly string[];
  anyAudience?: boolean;
}

/**
 * @param trusted the only accepted issuer, if given; the documents of others are not even looked up
 * @returns the issuer. Refuses (401) by the reference's names: BadJwt, BadJwtType, JwtExpired,
 * BadJwtAudience, BadJwtLexiconMethod, BadJwtIss, UntrustedIss, BadJwtSignature.
 */
export async function verifyServiceToken(
  token: string,
  { services, nsid }: Pick<Credentials, "services" | "nsid">,
  trusted?: Did,
  { methods = [nsid], anyAudience = false }: Addressed = {},
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
  if (exp * 1000 < Date.now()) throw refused("JwtExpired", "jwt expired");
  if (typeof lxm !== "string" || !methods.includes(lxm)) {
    const what = lxm === undefined ? "missing" : "bad";
    throw refused("BadJwtLexiconMethod", `${what} jwt lexicon method ("lxm"). must match: ${nsid}`);
  }
  const [did = "", service, ...more] = iss.split("#");
  if (!isDid(did) || service === "" || more.length > 0) {
    throw refused("BadJwtIss", "jwt iss is not a valid did");
  }
  if (!anyAudience && aud !== services.host.did && !aud.startsWith(`${services.host.did}#`)) {
    throw refused("BadJwtAudience", "jwt audience does not match service did");
  }
  if (trusted !== undefined && did !== trusted) throw refused("UntrustedIss", "Untrusted issuer");
  const keyId = service === "atproto_labeler" ? "atproto_label" : "atproto";
  await checkSignature(parts, { did, keyId, alg }, services);
  return did;
}

const badJwt = () => refused("BadJwt", "poorly formatted jwt");

/**
 * Verifies the signature. A failure resolves the issuer's key once more, since it may have been rotated since
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
    const { type } = parseDidKey(key);
    if (type === alg && verify(key, signed, lowS(bytes, type))) return;
  }
  throw refused("BadJwtSignature", "jwt signature does not match jwt issuer");
}

async function issuerKey(
  did: Did,
  keyId: string,
  fresh: boolean,
  { dids }: Credentials["services"],
): Promise<string> {
  const document = await dids.find(did, { fresh });
  if (document === null) throw authRequired("could not resolve iss did");
  const key = verificationKey(document, keyId);
  if (key === null || !isDidKey(key)) throw authRequired("missing or bad key in did doc");
  return key;
}

/** Orders of the curves' groups (SEC 2). */
const ORDER: Record<KeyType, bigint> = {
  ES256K: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
};

/**
 * Converts a signature to its low-s form. A JWT may have either form (RFC 7518 requires neither, and common
 * libraries produce both), while the rest of atproto accepts only low s.
 */
function lowS(signature: Uint8Array, type: KeyType): Uint8Array {
  if (signature.length !== 64) return signature;
  const order = ORDER[type];
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString("hex")}`);
  if (s <= order / 2n || s >= order) return signature;
  const flipped = Uint8Array.from(signature);
  flipped.set(Buffer.from((order - s).toString(16).padStart(64, "0"), "hex"), 32);
  return flipped;
}

/** Whether a method, when called at another service, requires a full or privileged app-password session. */
export function isPrivilegedMethod(lxm: string): boolean {
  return lxm.startsWith("chat.bsky.") || lxm === "com.atproto.server.createAccount";
}

/** Account management methods require the account's own session: no service token is ever issued for them. */
export const PROTECTED_METHODS: ReadonlySet<string> = new Set([
  "com.atproto.admin.sendEmail",
  "com.atproto.identity.requestPlcOperationSignature",
  "com.atproto.identity.signPlcOperation",
  "com.atproto.identity.updateHandle",
  "com.atproto.server.activateAccount",
  "com.atproto.server.confirmEmail",
  "com.atproto.server.createAppPassword",
  "com.atproto.server.deactivateAccount",
  "com.atproto.server.getAccountInviteCodes",
  "com.atproto.server.getSession",
  "com.atproto.server.listAppPasswords",
  "com.atproto.server.requestAccountDelete",
  "com.atproto.server.requestEmailConfirmation",
  "com.atproto.server.requestEmailUpdate",
  "com.atproto.server.revokeAppPassword",
  "com.atproto.server.updateEmail",
]);

/** Default lifetime of a service token, in seconds. */
const SERVICE_TOKEN_SECONDS = 60;

/** Issues a token with which `did` calls `lxm` at the service `aud`. `exp` is in seconds since the epoch. */
export function issueServiceToken(
  { account }: Pick<Credentials["services"], "account">,
  did: Did,
  { aud, lxm, exp }: { aud: string; lxm?: string | undefined; exp?: number | undefined },
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return account(did).signServiceJwt({
    iat: now,
    iss: did,
    aud,
    exp: exp ?? now + SERVICE_TOKEN_SECONDS,
    ...(lxm === undefined ? {} : { lxm }),
    jti: crypto.randomUUID().replaceAll("-", ""),
  });
}
