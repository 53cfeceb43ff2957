/**
 * Policies decide who may call a method. Each is a function from the request's credentials to a caller; it
 * refuses with the reference's error names. The caller's type flows into the method row.
 */
import type { Did } from "@atcute/lexicons";
import { sameSecret } from "../../oauth/digest.ts";
import type { Member } from "../../identity/member.ts";
import { Refusal, authRequired } from "../../protocol/refusal.ts";
import { isEnded, rememberEnded } from "./ended-sessions.ts";
import type { Credentials, Policy } from "./method.ts";
import { resourceServerOf } from "./oauth.ts";
import { authorizeCall } from "./scopes.ts";
import type { Permissions } from "./scope-rules.ts";
import { countAdminGuess } from "./rate-limits.ts";
import type { SessionScope } from "./tokens.ts";
import { looksLikeServiceToken, verifyServiceToken } from "./service-auth.ts";

/** A member signed in by password or app password. */
export interface SessionCaller {
  kind: "session";
  did: Did;
  scope: SessionScope;
}
/** A member, through an app. `permissions` is what they allowed it (`scopes.ts`). */
export interface OAuthCaller {
  kind: "oauth";
  did: Did;
  permissions: Permissions;
}
/** A member, however they signed in. */
export type MemberCaller = SessionCaller | OAuthCaller;
/** An account, here or elsewhere, that signed a token for this one method. */
export interface ServiceCaller {
  kind: "service";
  did: Did;
}
export interface AdminCaller {
  kind: "admin";
}
export interface RefreshCaller {
  kind: "refresh";
  did: Did;
  id: string;
}

export const FULL: readonly SessionScope[] = ["com.atproto.access"];
export const PRIVILEGED: readonly SessionScope[] = [...FULL, "com.atproto.appPassPrivileged"];
export const STANDARD: readonly SessionScope[] = [...PRIVILEGED, "com.atproto.appPass"];
export const TAKENDOWN: SessionScope = "com.atproto.takendown";

type Authorization = { type: null } | { type: "basic" | "bearer" | "dpop"; token: string };

/** Refuses InvalidToken for a malformed header or an unsupported scheme. */
function authorization(request: Request): Authorization {
  const header = request.headers.get("authorization");
  if (header === null || header === "") return { type: null };
  const [scheme = "", token = "", ...rest] = header.split(" ");
  if (token === "" || rest.length > 0) {
    throw new Refusal("InvalidToken", "Malformed authorization header", 400);
  }
  const type = scheme.toLowerCase();
  if (type === "basic" || type === "bearer" || type === "dpop") return { type, token };
  throw new Refusal("InvalidToken", `Unsupported authorization type: ${scheme}`, 400);
}

/** The sessions that a method accepts, and the account states that it refuses. */
export interface SessionOptions {
  scopes?: readonly SessionScope[];
  /** Refuse a taken-down account (401 AccountTakedown), for methods that do not call the account object. */
  checkTakedown?: boolean;
  /** Refuse a deactivated account (401 AccountDeactivated), for the same methods. */
  checkDeactivated?: boolean;
  /** Refuse an account that is gone (403 AccountNotFound), whose tokens may outlive it by two hours. */
  checkPresent?: boolean;
  /** Refuse a token of a session that was ended (400 ExpiredToken) at once, not within a minute. */
  checkEnded?: boolean;
}

/** Methods that app passwords cannot call are about the account itself: an ended session opens none of them. */
const isStrict = ({ scopes = STANDARD, checkEnded = false }: SessionOptions) =>
  checkEnded || !scopes.includes("com.atproto.appPass");

/** @param issuedAt when a session's token was issued, in seconds; null for an app's token, which ends at once */
async function checkStatus(
  did: Did,
  issuedAt: number | null,
  options: SessionOptions,
  { services }: Credentials,
): Promise<void> {
  const { checkTakedown, checkDeactivated, checkPresent } = options;
  if (checkTakedown || checkDeactivated || checkPresent || (issuedAt !== null && isStrict(options))) {
    const member = await services.directory.findByDid(did);
    checkState(member, options);
    rememberEnded(did, member?.sessionsEndedAt ?? 0);
  }
  if (issuedAt !== null && isEnded(services, did, issuedAt)) {
    throw new Refusal("ExpiredToken", "Token has been revoked", 400);
  }
}

function checkState(
  member: Member | null,
  { checkTakedown, checkDeactivated, checkPresent }: SessionOptions,
): void {
  if ((checkTakedown || checkDeactivated || checkPresent) && member === null) {
    throw new Refusal("AccountNotFound", "Account not found", 403);
  }
  if (checkTakedown && member?.takedown) {
    throw new Refusal("AccountTakedown", "Account has been taken down", 401);
  }
  if (checkDeactivated && member?.state === "deactivated") {
    throw new Refusal("AccountDeactivated", "Account is deactivated", 401);
  }
}

async function sessionOf(token: string, options: SessionOptions, on: Credentials): Promise<SessionCaller> {
  const claims = await on.services.tokens.verifyAccess(token);
  const scopes = options.scopes ?? STANDARD;
  if (!scopes.includes(claims.scope) || (options.checkTakedown && claims.scope === TAKENDOWN)) {
    throw new Refusal("InvalidToken", "Bad token scope", 400);
  }
  await checkStatus(claims.did, claims.issuedAt, options, on);
  return { kind: "session", did: claims.did, scope: claims.scope };
}

/** Accepts an access token bound to the app's key. The verifier is loaded on the first such request. */
async function oauthOf(options: SessionOptions, on: Credentials): Promise<OAuthCaller> {
  const { authenticate } = await import("../../oauth/verifier.ts");
  const { did, permissions } = await authenticate(on.request, await resourceServerOf(on.services));
  await checkStatus(did, null, options, on);
  authorizeCall(permissions, on);
  return { kind: "oauth", did, permissions };
}

/** Needs no credentials and reads none. */
export const anyone: Policy<null> = () => null;

/** A member's session, or an app's. */
export const session =
  (options: SessionOptions = {}): Policy<MemberCaller> =>
  async (on) => {
    const given = authorization(on.request);
    if (given.type === "bearer") return sessionOf(given.token, options, on);
    if (given.type === "dpop") return oauthOf(options, on);
    if (given.type !== null) throw new Refusal("InvalidToken", "Unexpected authorization type", 400);
    throw new Refusal("AuthMissing", "Authentication Required", 401);
  };

/** A member's session of any scope; the account object refuses writes of inactive accounts itself. */
export const member = session();
/** A session opened with the account's password; app passwords are refused. */
export const owner = session({ scopes: FULL });

/** A refresh token. `allowExpired` is for signing out. */
export const refresher =
  (options: { allowExpired?: boolean } = {}): Policy<RefreshCaller> =>
  async ({ request, services }) => {
    const given = authorization(request);
    if (given.type !== "bearer") throw new Refusal("AuthMissing", "Authentication Required", 401);
    const { did, id } = await services.tokens.verifyRefresh(given.token, options);
    return { kind: "refresh", did, id };
  };

/** Refuses AuthenticationRequired (401), RateLimitExceeded (429). */
async function adminOf(basic: string, { services, request }: Credentials): Promise<AdminCaller> {
  const decoded = textOf(basic);
  const colon = decoded.indexOf(":");
  const expected = await services.directory.secret("ADMIN_PASSWORD");
  const same = sameSecret(decoded.slice(colon + 1), expected);
  const isRight = colon >= 0 && decoded.slice(0, colon) === "admin" && same;
  await countAdminGuess(services, request, isRight);
  if (!isRight) throw authRequired();
  return { kind: "admin" };
}

/**
 * The credentials of Basic authentication: UTF-8, in the normal form that passwords are kept in (RFC 7617,
 * section 2.1). Refuses AuthenticationRequired.
 */
function textOf(basic: string): string {
  try {
    const bytes = Uint8Array.from(atob(basic), (char) => char.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes).normalize("NFC");
  } catch {
    throw authRequired();
  }
}

/** The host's admin, by Basic authentication `admin:<password>`. */
export const admin: Policy<AdminCaller> = async (on) => {
  const given = authorization(on.request);
  if (given.type !== "basic") throw authRequired();
  return adminOf(given.token, on);
};

/** A member, the admin, or nobody. Sync reads show more to the repo's owner and to the admin. */
export const memberOrAdminOrAnyone: Policy<MemberCaller | AdminCaller | null> = async (on) => {
  const given = authorization(on.request);
  if (given.type === null) return null;
  if (given.type === "basic") return adminOf(given.token, on);
  return session({ scopes: [...STANDARD, TAKENDOWN] })(on);
};

/** A token signed by an account's own key for this method (service auth), or nobody. */
export const serviceOrAnyone: Policy<ServiceCaller | null> = async (on) => {
  const given = authorization(on.request);
  if (given.type === null) return null;
  if (given.type !== "bearer") throw authRequired("Invalid authorization header");
  return { kind: "service", did: await verifyServiceToken(given.token, on) };
};

/** A member's session, or a service token that the account signed for this method. */
export const memberOrService =
  (options: SessionOptions = {}): Policy<MemberCaller | ServiceCaller> =>
  async (on) => {
    const given = authorization(on.request);
    if (given.type === "bearer" && looksLikeServiceToken(given.token)) {
      return { kind: "service", did: await verifyServiceToken(given.token, on) };
    }
    return session(options)(on);
  };

export type Viewer = MemberCaller | ServiceCaller;

/** An AppView read: a member, an account elsewhere by service token, or nobody. */
export const viewerOrAnyone: Policy<Viewer | null> = async (on) => {
  const given = authorization(on.request);
  return given.type === null || given.type === "basic" ? null : memberOrService({ checkTakedown: false })(on);
};

/**
 * Whoever asks for one of the host's own feeds. Credentials are read only where the AppView is for members, whose
 * own AppViews send a token of theirs along.
 */
export const skeletonReader: Policy<Viewer | null> = (on) =>
  on.services.env.APP_READERS === "members" ? viewerOrAnyone(on) : null;

/** An AppView read that requires a viewer. */
export const viewer: Policy<Viewer> = memberOrService();

/**
 * The viewer of a feed. Like `viewerOrAnyone`, but a service token may have any audience and may name
 * getFeedSkeleton, since it is meant for the feed's generator and is forwarded to it.
 */
export const feedViewer: Policy<Viewer | null> = async (on) => {
  const given = authorization(on.request);
  if (given.type !== "bearer" || !looksLikeServiceToken(given.token)) return viewerOrAnyone(on);
  const methods = [on.nsid, "app.bsky.feed.getFeedSkeleton"];
  const did = await verifyServiceToken(given.token, on, { methods, anyAudience: true });
  return { kind: "service", did };
};
