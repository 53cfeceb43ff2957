/**
 * Session tokens, in the reference's format: an access JWT (HS256, `at+jwt`, 2 h) and a refresh JWT
 * (`refresh+jwt`, 90 days), whose audience is the host's DID. The account object keeps the refresh tokens'
 * ids and revokes them.
 */
import { SignJWT, errors, jwtVerify } from "jose";
import type { JWTPayload } from "jose";
import type { Did } from "@atcute/lexicons";
import { Refusal } from "../../protocol/refusal.ts";

export const ACCESS_SECONDS = 2 * 60 * 60;

/** `com.atproto.access` and the scopes below it, by the reference's names. */
export type SessionScope =
  | "com.atproto.access"
  | "com.atproto.appPass"
  | "com.atproto.appPassPrivileged"
  | "com.atproto.takendown"
  | "com.atproto.signupQueued";

export const REFRESH_SCOPE = "com.atproto.refresh";

export interface AccessClaims {
  did: Did;
  scope: SessionScope;
  /** In seconds. */
  issuedAt: number;
}
export interface RefreshClaims {
  did: Did;
  /** The refresh token's id in the account object. */
  id: string;
}

const SCOPES: ReadonlySet<string> = new Set<SessionScope>([
  "com.atproto.access",
  "com.atproto.appPass",
  "com.atproto.appPassPrivileged",
  "com.atproto.takendown",
  "com.atproto.signupQueued",
]);

const badToken = (message: string) => new Refusal("InvalidToken", message, 400);

/** Tokens that this isolate has verified: a client sends the same one for two hours. */
const verified = new Map<string, { claims: AccessClaims; audience: unknown; until: number }>();
const VERIFIED_MAX = 5_000;

export class Tokens {
  readonly #audience: Did;
  readonly #audiences: Did[];
  readonly #secret: () => Promise<string>;
  readonly #now: () => number;

  /**
   * @param audience the host's DID; after it, those of its earlier addresses, whose tokens are good still
   * @param secret the host's JWT secret, read on first use
   * @param now milliseconds
   */
  constructor(audience: Did | [Did, ...Did[]], secret: () => Promise<string>, now: () => number) {
    this.#audiences = [audience].flat();
    [this.#audience] = Array.isArray(audience) ? audience : [audience];
    this.#secret = secret;
    this.#now = now;
  }

  async issueAccess(did: Did, scope: SessionScope): Promise<string> {
    return this.#sign("at+jwt", { scope }, did, ACCESS_SECONDS);
  }

  /**
   * @param expiresAt seconds since the epoch; the account object chooses it, since it may issue a successor
   * again
   */
  async issueRefresh(did: Did, id: string, expiresAt: number): Promise<string> {
    return this.#sign("refresh+jwt", { scope: REFRESH_SCOPE, jti: id }, did, null, expiresAt);
  }

  /** Refuses ExpiredToken and InvalidToken, both with status 400, as clients expect. */
  async verifyAccess(token: string): Promise<AccessClaims> {
    const known = verified.get(token);
    if (known && this.#audiences.some((audience) => audience === known.audience)) {
      if (known.until > this.#now()) return known.claims;
      verified.delete(token);
    }
    const payload = await this.#verify(token, "at+jwt");
    if (typeof payload.scope !== "string" || !SCOPES.has(payload.scope)) throw badToken("Bad token scope");
    const scope = payload.scope as SessionScope;
    const claims = { did: subject(payload), scope, issuedAt: payload.iat ?? 0 };
    if (verified.size >= VERIFIED_MAX) verified.clear();
    verified.set(token, { claims, audience: payload.aud, until: (payload.exp ?? 0) * 1000 });
    return claims;
  }

  async verifyRefresh(token: string, options: { allowExpired?: boolean } = {}): Promise<RefreshClaims> {
    const payload = await this.#verify(token, "refresh+jwt", options.allowExpired);
    if (payload.scope !== REFRESH_SCOPE) throw badToken("Bad token scope");
    if (typeof payload.jti !== "string") {
      throw new Refusal("MissingTokenId", "Unexpected missing refresh token id", 401);
    }
    return { did: subject(payload), id: payload.jti };
  }

  async #key(): Promise<Uint8Array> {
    return new TextEncoder().encode(await this.#secret());
  }

  async #sign(
    typ: string,
    claims: JWTPayload,
    did: Did,
    seconds: number | null,
    expiresAt?: number,
  ): Promise<string> {
    const now = Math.floor(this.#now() / 1000);
    return new SignJWT(claims)
      .setProtectedHeader({ typ, alg: "HS256" })
      .setAudience(this.#audience)
      .setSubject(did)
      .setIssuedAt(now)
      .setExpirationTime(expiresAt ?? now + (seconds ?? 0))
      .sign(await this.#key());
  }

  async #verify(token: string, typ: string, allowExpired = false): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, await this.#key(), {
        typ,
        algorithms: ["HS256"],
        audience: this.#audiences,
        currentDate: new Date(this.#now()),
        clockTolerance: allowExpired ? Number.MAX_SAFE_INTEGER : 0,
      });
      // Tokens bound to a method (service auth) or to a key (DPoP) are not session tokens.
      if (payload.lxm !== undefined || payload.cnf !== undefined) throw badToken("Malformed token");
      return payload;
    } catch (cause) {
      if (cause instanceof Refusal) throw cause;
      if (cause instanceof errors.JWTExpired) throw new Refusal("ExpiredToken", "Token has expired", 400);
      throw badToken("Token could not be verified");
    }
  }
}

function subject(payload: JWTPayload): Did {
  const did = payload.sub;
  if (typeof did !== "string" || !did.startsWith("did:")) throw badToken("Malformed token");
  return did as Did;
}
