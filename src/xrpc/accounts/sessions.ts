/** Sessions: the shared parts of createSession, refreshSession and getSession. */
import type { ComAtprotoServerCreateSession, ComAtprotoServerGetSession } from "@atcute/atproto";
import type { Member } from "../../identity/member.ts";
import type { AppPasswordProof, RefreshGrant } from "../../protocol/account-station.ts";
import { Refusal, authRequired, invalidRequest } from "../../protocol/refusal.ts";
import type { RefreshCaller } from "../server/policies.ts";
import type { Services } from "../server/services.ts";
import type { SessionScope } from "../server/tokens.ts";
import { checkPassword } from "./check-password.ts";

type SessionTokens = ComAtprotoServerCreateSession.$output;

export async function openSession(
  services: Services,
  input: ComAtprotoServerCreateSession.$input,
  request: Request,
): Promise<SessionTokens> {
  const { member, appPassword } = await checkPassword(services, request, input);
  if (member.takedown === null) return issueSession(services, member, appPassword);
  if (appPassword !== null) throw authRequired("Invalid identifier or password");
  if (!input.allowTakendown) throw takenDown();
  return issueTakendown(services, member);
}

const takenDown = () => new Refusal("AccountTakedown", "Account has been taken down", 401);

/** The scope of a session opened by the account's password or by an app password. */
function scopeOf(proof: AppPasswordProof): SessionScope {
  if (proof === null) return "com.atproto.access";
  return proof.privileged ? "com.atproto.appPassPrivileged" : "com.atproto.appPass";
}

export async function issueSession(
  services: Services,
  member: Member,
  proof: AppPasswordProof,
): Promise<SessionTokens> {
  const grant = await services.account(member.did).createRefreshToken(proof);
  return withTokens(services, member, grant);
}

/**
 * A session for a taken-down account. Its refresh token is not stored, so the session ends with the access
 * token.
 */
async function issueTakendown(services: Services, member: Member): Promise<SessionTokens> {
  const { tokens } = services;
  const now = Math.floor(Date.now() / 1000);
  const [accessJwt, refreshJwt, view] = await Promise.all([
    tokens.issueAccess(member.did, "com.atproto.takendown"),
    tokens.issueRefresh(member.did, crypto.randomUUID(), now + 2 * 60 * 60),
    sessionView(services, member),
  ]);
  return { accessJwt, refreshJwt, ...view };
}

export async function refreshSession(services: Services, caller: RefreshCaller): Promise<SessionTokens> {
  const member = await services.directory.find(caller.did);
  if (member === null) throw invalidRequest(`Could not find user info for account: ${caller.did}`);
  if (member.takedown !== null) throw takenDown();
  const grant = await services.account(member.did).rotateRefreshToken(caller.id);
  if (grant === null) throw new Refusal("ExpiredToken", "Token has been revoked", 400);
  return withTokens(services, member, grant);
}

async function withTokens(services: Services, member: Member, grant: RefreshGrant): Promise<SessionTokens> {
  const { tokens } = services;
  const expiresAt = Math.floor(Date.parse(grant.expiresAt) / 1000);
  const [accessJwt, refreshJwt, view] = await Promise.all([
    tokens.issueAccess(member.did, scopeOf(grant.appPassword)),
    tokens.issueRefresh(member.did, grant.id, expiresAt),
    sessionView(services, member),
  ]);
  return { accessJwt, refreshJwt, ...view };
}

/**
 * The account as its own session sees it. The DID document is optional: it is omitted if the registry is
 * unreachable.
 */
export async function sessionView(
  { dids }: Services,
  member: Member,
): Promise<ComAtprotoServerGetSession.$output> {
  const { status } = member;
  const didDoc = await dids.find(member.did);
  return {
    did: member.did,
    didDoc: didDoc === null ? undefined : { ...didDoc },
    handle: member.handle,
    email: member.email ?? undefined,
    emailConfirmed: member.emailConfirmedAt !== null,
    active: status === "active",
    status: status === "active" ? undefined : status,
  };
}
