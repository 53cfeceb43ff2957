/**
 * Service auth (atproto spec, "XRPC: Inter-Service Authentication"): a short JWT signed by an account's atproto key,
 * K-256 or P-256, bound to an audience and a method.
 */
import type { Did } from "@atcute/lexicons";
import { verify } from "../protocol/keys.ts";
import { Refusal } from "../protocol/refusal.ts";
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

/** Only a service token names the method that it is for; not every one does. */
export function looksLikeServiceToken(token: string): boolean {
  const [header, payload] = token.split(".");
  const claims = decodePart(payload);
  return claims !== null && (claims.lxm !== undefined || decodePart(header)?.alg !== "HS256");
}

/** @returns the issuer. Refuses (401) by the reference's names: BadJwt, JwtExpired, BadJwtAudience, BadJwtLexiconMethod, BadJwtSignature. */
export async function verifyServiceToken(
  token: string,
  { services, nsid }: Pick<Credentials, "services" | "nsid">,
): Promise<Did> {
  const parts = token.split(".");
  const header = decodePart(parts[0]);
  const claims: ServiceClaims | null = decodePart(parts[1]);
  if (parts.length !== 3 || header === null || claims === null)
    throw refused("BadJwt", "poorly formatted jwt");
  const { iss, aud, exp, lxm } = claims;
  if (typeof iss !== "string" || typeof aud !== "string" || typeof exp !== "number") {
    throw refused("BadJwt", "poorly formatted jwt");
  }
  const typ = header.typ;
  if (typ === "at+jwt" || typ === "refresh+jwt" || typ === "dpop+jwt") {
    throw refused("BadJwtType", `Invalid jwt type "${typ}"`);
  }
  if (exp * 1000 < Date.now()) throw refused("JwtExpired", "jwt expired");
  if (aud !== services.host.did && !aud.startsWith(`${services.host.did}#`)) {
    throw refused("BadJwtAudience", "jwt audience does not match service did");
  }
  if (lxm !== undefined && lxm !== nsid) {
    throw refused("BadJwtLexiconMethod", `bad jwt lexicon method ("lxm"). must match: ${nsid}`);
  }
  await checkSignature(parts, iss, services);
  return (iss.split("#")[0] ?? iss) as Did;
}

/** A failed signature re-resolves the issuer's key once: it may have been rotated since it was cached. */
async function checkSignature(
  parts: string[],
  iss: string,
  services: Credentials["services"],
): Promise<void> {
  const [did = iss, service] = iss.split("#");
  const keyId = service === "atproto_labeler" ? "atproto_label" : "atproto";
  const signed = new TextEncoder().encode(`${parts[0]}.${parts[1]}`);
  const signature = base64url(parts[2] ?? "");
  for (const fresh of [false, true]) {
    const key = await services.dids.signingKey(did as Did, keyId, { fresh });
    if (key === null) throw refused("BadJwtIss", "could not resolve iss did");
    if (verify(key, signed, signature)) return;
  }
  throw refused("BadJwtSignature", "jwt signature does not match jwt issuer");
}

/** Methods that take full or privileged app-password sessions only, when asked of another service. */
export function isPrivilegedMethod(lxm: string): boolean {
  return lxm.startsWith("chat.bsky.") || lxm === "com.atproto.server.createAccount";
}

/** Account management is for the account's own session: no service token is ever made for it. */
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

/** Default life of a service token, in seconds. */
const SERVICE_TOKEN_SECONDS = 60;

/** A token by which `did` calls `lxm` at the service `aud`. `exp` in seconds since the epoch. */
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
