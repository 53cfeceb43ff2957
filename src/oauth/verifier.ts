/**
 * The resource server: verifies a request's access token, its account and its permissions (RFC 9449, atproto
 * OAuth profile). Imported lazily, and separately from the authorization server, since it needs little of it.
 */
import type { Did } from "@atcute/lexicons";
import { JoseKey } from "@atproto/jwk-jose";
import { InvalidTokenError, OAuthError, WWWAuthenticateError } from "@atproto/oauth-provider/errors";
import type { AccessTokenPayload } from "@atproto/oauth-provider/verifier";
import type { TokenId } from "@atproto/oauth-provider/store";
import { OAuthVerifier } from "@atproto/oauth-provider/verifier";
import { ScopePermissionsTransition } from "@atproto/oauth-scopes";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { oauthSession } from "../../schema/oauth.ts";
import { Refusal } from "../protocol/refusal.ts";
import { MISSING_ALGORITHM } from "./algorithms.ts";
import { derivedKey } from "./digest.ts";
import { SeenProofs } from "./stores/replays.ts";
import { type LiveToken, rememberToken, rememberedToken } from "./token-cache.ts";

export interface ResourceServer {
  /** The audience of access tokens. */
  did: Did;
  origin: string;
  /** The host's own secret. */
  secret: string;
  database: D1Database;
}

/** The account that an access token stands for, and its permissions. */
export interface Bearer {
  did: Did;
  clientId: string;
  permissions: ScopePermissionsTransition;
}

/** One per isolate and origin: it holds the proofs seen and the nonces of this minute. */
const verifiers = new Map<string, OAuthVerifier>();
const VERIFIERS_MAX = 8;

async function verifierOf({ origin, secret }: ResourceServer): Promise<OAuthVerifier> {
  const name = `${origin} ${secret}`;
  const made = verifiers.get(name);
  if (made !== undefined) return made;
  const verifier = new OAuthVerifier({
    issuer: origin,
    keyset: [await JoseKey.fromKeyLike(derivedKey(secret, "access token"), "host", "HS256")],
    dpopSecret: derivedKey(secret, "dpop nonce"),
    replayStore: new SeenProofs(),
  });
  if (verifiers.size >= VERIFIERS_MAX) verifiers.clear();
  verifiers.set(name, verifier);
  return verifier;
}

/** The `DPoP-Nonce` for every response to a request that came with a proof. */
export async function nextNonce(server: ResourceServer): Promise<string> {
  return (await verifierOf(server)).nextDpopNonce() ?? "";
}

/**
 * Refuses 401 `invalid_token`, `use_dpop_nonce` or `invalid_dpop_proof`, with `WWW-Authenticate`, if the
 * token or its proof is invalid, the session has ended, or the token is not for this host.
 */
export async function authenticate(request: Request, server: ResourceServer): Promise<Bearer> {
  const { pathname, search } = new URL(request.url);
  const verifier = await verifierOf(server);
  // The verifier advances its nonces only when the next one is requested. An isolate idle for a minute would
  // refuse the nonce that the authorization server just gave, and return that same one as the next: the app
  // would have nothing to retry with.
  verifier.nextDpopNonce();
  try {
    const payload = await verifier.authenticateRequest(
      request.method,
      new URL(`${pathname}${search}`, server.origin),
      { authorization: scheme(request), dpop: request.headers.get("dpop") ?? undefined },
    );
    if (payload.aud !== server.did) throw new InvalidTokenError("DPoP", "Invalid audience");
    return bearer(await liveToken(payload, server.database));
  } catch (thrown) {
    throw refusalOf(thrown);
  }
}

/** The scheme is case-insensitive (RFC 9110), but the provider's parser is not. */
function scheme(request: Request): string {
  const [, token = ""] = (request.headers.get("authorization") ?? "").split(" ");
  return `DPoP ${token}`;
}

function bearer({ did, scope, clientId }: LiveToken): Bearer {
  const permissions = new ScopePermissionsTransition(scope);
  if (!permissions.scopes.has("atproto")) throw new InvalidTokenError("DPoP", "Invalid scope");
  return { did, clientId, permissions };
}

/** The session of a verified token. Refuses `invalid_token` if it has ended or was refreshed since. */
async function liveToken(payload: AccessTokenPayload, database: D1Database): Promise<LiveToken> {
  const id = payload.jti;
  const now = Date.now();
  const token = rememberedToken(id, now) ?? (await findToken(id, database));
  if (token === null) throw new InvalidTokenError("DPoP", "Invalid token");
  if (token.did !== payload.sub || token.jkt !== payload.cnf?.jkt || token.expiresAt <= now) {
    throw new InvalidTokenError("DPoP", "Invalid token");
  }
  rememberToken(id, token, now);
  return token;
}

async function findToken(id: TokenId, database: D1Database): Promise<LiveToken | null> {
  const row = await drizzle(database).select().from(oauthSession).where(eq(oauthSession.tokenId, id)).get();
  if (!row) return null;
  return {
    did: row.did,
    scope: row.scope ?? row.parameters.scope ?? "",
    jkt: row.parameters.dpop_jkt,
    clientId: row.clientId,
    expiresAt: row.expiresAt,
  };
}

function refusalOf(thrown: unknown): unknown {
  if (!(thrown instanceof OAuthError)) return thrown;
  const headers =
    thrown instanceof WWWAuthenticateError
      ? { "www-authenticate": thrown.wwwAuthenticateHeader.replace(`${MISSING_ALGORITHM} `, "") }
      : undefined;
  return new Refusal(thrown.error, thrown.error_description, thrown.status, headers);
}
