/**
 * Administration policies. They accept the admin's password, the session of a member whose DID has a role, or
 * the service token of the moderation service that the host trusts (`MOD_SERVICE`): signed by its labeler, as
 * an official Ozone does. A token of the account itself proves nothing, since an app password gets one too.
 */
import type { Did } from "@atcute/lexicons";
import { ModerationRoles, type Role } from "../../moderation/roles.ts";
import { Refusal, authRequired, isRefusal } from "../../protocol/refusal.ts";
import { type SessionCaller, FULL, admin, session } from "./policies.ts";
import type { Credentials, Policy } from "./method.ts";
import { isDid } from "../../protocol/syntax.ts";
import { looksLikeServiceToken, verifyServiceToken } from "./service-auth.ts";

/** A caller that acts for the host. The admin counts as an owner, the moderation service as a moderator. */
export interface ActingCaller {
  kind: "acting";
  /** The name in the audit log: a DID, or `admin`. */
  actor: string;
  did?: Did;
  role: Role;
  /** The maker named on invite codes. All but inviters make them in the admin's name. */
  createdBy: string;
}

const RANK: Record<Role, number> = { owner: 3, moderator: 2, inviter: 1 };

const ADMIN: ActingCaller = { kind: "acting", actor: "admin", role: "owner", createdBy: "admin" };

const activeSession = session({ checkTakedown: true, checkDeactivated: true, checkEnded: true });

function acting(allowed: readonly Role[]): Policy<ActingCaller> {
  return async (on) => {
    const token = /^bearer (\S+)$/i.exec(on.request.headers.get("authorization") ?? "")?.[1];
    if (token === undefined) {
      await passwordOf(allowed, on);
      return ADMIN;
    }
    if (looksLikeServiceToken(token)) return moderationService(token, allowed, on);
    return roleHolder(allowed, on);
  };
}

/**
 * For admin-only methods, the reference does not distinguish a malformed header from other invalid
 * credentials.
 */
async function passwordOf(allowed: readonly Role[], on: Credentials): Promise<void> {
  try {
    await admin(on);
  } catch (thrown) {
    if (!isRefusal(thrown) || thrown.status === 429) throw thrown;
    throw allowed.includes("moderator") ? thrown : authRequired();
  }
}

async function moderationService(
  token: string,
  allowed: readonly Role[],
  on: Credentials,
): Promise<ActingCaller> {
  const trusted = on.services.env.MOD_SERVICE;
  if (!isDid(trusted)) {
    if (!allowed.includes("moderator")) throw authRequired();
    throw new Refusal("UntrustedIss", "Untrusted issuer", 401);
  }
  const did = await verifyServiceToken(token, on, { labelerOf: trusted });
  if (!allowed.includes("moderator")) throw notFor("moderator", allowed);
  return { kind: "acting", actor: did, did, role: "moderator", createdBy: "admin" };
}

async function roleHolder(allowed: readonly Role[], on: Credentials): Promise<ActingCaller> {
  const caller = await memberBehind(on);
  const role = caller && (await new ModerationRoles(on.services.env.DIRECTORY).of(caller.did));
  if (caller === null || role === null) throw noRole(allowed);
  if (!allowed.includes(role)) throw notFor(role, allowed);
  if (!FULL.includes(caller.scope)) {
    throw forbidden(`The role of ${role} needs a session opened with the account's own password`);
  }
  return actingAs(caller.did, role);
}

/** A member who acts by their role. */
export const actingAs = (did: Did, role: Role): ActingCaller => ({
  kind: "acting",
  actor: did,
  did,
  role,
  createdBy: role === "inviter" ? did : "admin",
});

/**
 * The refusal for a session without a role, by the reference's error name: there, a moderator's token is no
 * session.
 */
const noRole = (allowed: readonly Role[]) =>
  allowed.includes("moderator")
    ? new Refusal("BadJwtType", "This account has no role that allows it", 401)
    : authRequired();

const forbidden = (message: string) => new Refusal("Forbidden", message, 403);

/** The refusal for another role than the method asks for: signing in again would not help, and it says who may. */
const notFor = (role: Role, allowed: readonly Role[]) =>
  forbidden(`Only the ${allowed.join(" or ")} of this host may do this; this account's role is ${role}`);

/**
 * The session of an active member; null if it is not acceptable. An expired session is reported as such,
 * since its owner can refresh it.
 */
async function memberBehind(on: Credentials): Promise<SessionCaller | null> {
  try {
    const caller = await activeSession(on);
    return caller.kind === "session" ? caller : null;
  } catch (thrown) {
    if (isRefusal(thrown) && thrown.error !== "ExpiredToken" && thrown.status < 500) return null;
    throw thrown;
  }
}

/** The roles that may do each kind of act, over XRPC and on the pages. */
export const OWNERS: readonly Role[] = ["owner"];
export const MODERATORS: readonly Role[] = ["owner", "moderator"];
export const INVITERS: readonly Role[] = ["owner", "inviter"];

/** Methods that the reference reserves for its admin. */
export const hostOwner = acting(OWNERS);
/** Methods that the reference opens to its admin and its moderation service. */
export const moderator = acting(MODERATORS);
export const inviter = acting(INVITERS);

/**
 * Whether `caller` may act upon a holder of `role`: moderators do not moderate their superiors or each other.
 */
export const outranks = (caller: ActingCaller, role: Role | null) =>
  role === null || caller.role === "owner" || RANK[caller.role] > RANK[role];
