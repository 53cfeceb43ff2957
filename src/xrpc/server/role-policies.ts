/**
 * Administration policies. They accept the admin's password, the session of a member whose DID has a role, or
 * the service token of the moderation service that the host trusts (`MOD_SERVICE`): signed by its labeler, as
 * an official Ozone does. A token of the account itself proves nothing, since an app password gets one too.
 */
import type { Did } from "@atcute/lexicons";
import { ModerationRoles, type Role } from "../../moderation/roles.ts";
import { Refusal, authRequired, isRefusal } from "../../protocol/refusal.ts";
import { admin, session, FULL } from "./policies.ts";
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

/** The session behind a role must be a full one: no app password acts for the host. */
const ownSession = session({ scopes: FULL, checkTakedown: true, checkDeactivated: true });

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
    if (!isRefusal(thrown)) throw thrown;
    throw allowed.includes("moderator") ? thrown : authRequired();
  }
}

async function moderationService(
  token: string,
  allowed: readonly Role[],
  on: Credentials,
): Promise<ActingCaller> {
  const trusted = on.services.env.MOD_SERVICE;
  if (!allowed.includes("moderator")) throw authRequired();
  if (!isDid(trusted)) throw new Refusal("UntrustedIss", "Untrusted issuer", 401);
  const did = await verifyServiceToken(token, on, { labelerOf: trusted });
  return { kind: "acting", actor: did, did, role: "moderator", createdBy: "admin" };
}

async function roleHolder(allowed: readonly Role[], on: Credentials): Promise<ActingCaller> {
  const did = await memberBehind(on);
  const role = did && (await new ModerationRoles(on.services.env.DIRECTORY).of(did));
  if (did === null || role === null || !allowed.includes(role)) throw noRole(allowed);
  return { kind: "acting", actor: did, did, role, createdBy: role === "inviter" ? did : "admin" };
}

/**
 * The refusal for a session without a role, by the reference's error name: there, a moderator's token is no
 * session.
 */
const noRole = (allowed: readonly Role[]) =>
  allowed.includes("moderator")
    ? new Refusal("BadJwtType", "This account has no role that allows it", 401)
    : authRequired();

/**
 * The member behind a session; null if the session is not acceptable. An expired session is reported as such,
 * since its owner can refresh it.
 */
async function memberBehind(on: Credentials): Promise<Did | null> {
  try {
    const caller = await ownSession(on);
    return caller.kind === "session" ? caller.did : null;
  } catch (thrown) {
    if (isRefusal(thrown) && thrown.error !== "ExpiredToken" && thrown.status < 500) return null;
    throw thrown;
  }
}

/** Methods that the reference reserves for its admin. */
export const hostOwner = acting(["owner"]);
/** Methods that the reference opens to its admin and its moderation service. */
export const moderator = acting(["owner", "moderator"]);
export const inviter = acting(["owner", "inviter"]);

/**
 * Whether `caller` may act upon a holder of `role`: moderators do not moderate their superiors or each other.
 */
export const outranks = (caller: ActingCaller, role: Role | null) =>
  role === null || caller.role === "owner" || RANK[caller.role] > RANK[role];
