/** Service tokens that this host issues for its members, and the methods that they may be for. */
import type { Did } from "@atcute/lexicons";
import type { Services } from "./services.ts";

/** Whether a method, when called at another service, requires a full or privileged app-password session. */
export function isPrivilegedMethod(lxm: string): boolean {
  return lxm.startsWith("chat.bsky.") || lxm === "com.atproto.server.createAccount";
}

/**
 * Whether a method runs a host. It requires an operator's own session: neither apps nor app passwords may call
 * it, or get a token for it.
 */
export const isHostMethod = (nsid: string): boolean => /^(com\.atproto\.admin|internal\.atoll)\./.test(nsid);

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
  { account }: Pick<Services, "account">,
  did: Did,
  { aud, lxm, exp }: { aud: string; lxm?: string | undefined; exp?: number | undefined },
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return account(did).signServiceJwt({
    iat: now,
    iss: did,
    aud,
    exp: exp ?? now + SERVICE_TOKEN_SECONDS,
    lxm,
    jti: crypto.randomUUID().replaceAll("-", ""),
  });
}
