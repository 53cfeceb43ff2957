/** Sessions: the shared parts of createSession, refreshSession and getSession. */
import type { ComAtprotoServerCreateSession, ComAtprotoServerGetSession } from "@atcute/atproto";
import type { Account } from "../../identity/directory.ts";
import type { AppPasswordProof, RefreshGrant } from "../../protocol/account-station.ts";
import { Refusal, authRequired, invalidRequest } from "../../protocol/refusal.ts";
import type { RefreshCaller } from "../server/policies.ts";
import { inConstantTime } from "../server/constant-time.ts";
import { attemptSource, countAttempt } from "../server/rate-limits.ts";
import type { Services } from "../server/services.ts";
import type { SessionScope } from "../server/tokens.ts";

type SessionTokens = ComAtprotoServerCreateSession.$output;

/**
 * Maximum length in characters. Sign-up never accepted longer passwords, and hashing them would invite denial
 * of service.
 */
export const PASSWORD_MAX = 512;

const wrong = () => authRequired("Invalid identifier or password");

export async function openSession(
  services: Services,
  input: ComAtprotoServerCreateSession.$input,
  request: Request,
): Promise<SessionTokens> {
  if (input.password.length > PASSWORD_MAX) {
    throw authRequired("Password too long. Consider resetting your password.");
  }
  await countAttempt(services, request);
  const { account, proof } = await inConstantTime(() => signedIn(services, input, request));
  if (account.takedown === null) return issueSession(services, account, proof);
  if (proof !== null) throw wrong();
  if (!input.allowTakendown) throw takenDown();
  return issueTakendown(services, account);
}

/** Checks the password and returns the account, with the proof of which of its passwords was given. */
async function signedIn(
  services: Services,
  { identifier, password }: ComAtprotoServerCreateSession.$input,
  request: Request,
): Promise<{ account: Account; proof: AppPasswordProof }> {
  const account = await findByIdentifier(services, identifier);
  if (account === null) throw wrong();
  const source = attemptSource(services, request);
  return { account, proof: await services.account(account.did).checkPassword(password, source) };
}

const takenDown = () => new Refusal("AccountTakedown", "Account has been taken down", 401);

function findByIdentifier({ directory }: Services, identifier: string): Promise<Account | null> {
  const name = identifier.toLowerCase();
  return name.includes("@") ? directory.findByEmail(name) : directory.find(name);
}

/** The scope of a session opened by the account's password or by an app password. */
function scopeOf(proof: AppPasswordProof): SessionScope {
  if (proof === null) return "com.atproto.access";
  return proof.privileged ? "com.atproto.appPassPrivileged" : "com.atproto.appPass";
}

export async function issueSession(
  services: Services,
  account: Account,
  proof: AppPasswordProof,
): Promise<SessionTokens> {
  const grant = await services.account(account.did).createRefreshToken(proof);
  return withTokens(services, account, grant);
}

/**
 * A session for a taken-down account. Its refresh token is not stored, so the session ends with the access
 * token.
 */
async function issueTakendown(services: Services, account: Account): Promise<SessionTokens> {
  const { tokens } = services;
  const now = Math.floor(Date.now() / 1000);
  const [accessJwt, refreshJwt, view] = await Promise.all([
    tokens.issueAccess(account.did, "com.atproto.takendown"),
    tokens.issueRefresh(account.did, crypto.randomUUID(), now + 2 * 60 * 60),
    sessionView(services, account),
  ]);
  return { accessJwt, refreshJwt, ...view };
}

export async function refreshSession(services: Services, caller: RefreshCaller): Promise<SessionTokens> {
  const account = await services.directory.find(caller.did);
  if (account === null) throw invalidRequest(`Could not find user info for account: ${caller.did}`);
  if (account.takedown !== null) throw takenDown();
  const grant = await services.account(account.did).rotateRefreshToken(caller.id);
  if (grant === null) throw new Refusal("ExpiredToken", "Token has been revoked", 400);
  return withTokens(services, account, grant);
}

async function withTokens(services: Services, account: Account, grant: RefreshGrant): Promise<SessionTokens> {
  const { tokens } = services;
  const expiresAt = Math.floor(Date.parse(grant.expiresAt) / 1000);
  const [accessJwt, refreshJwt, view] = await Promise.all([
    tokens.issueAccess(account.did, scopeOf(grant.appPassword)),
    tokens.issueRefresh(account.did, grant.id, expiresAt),
    sessionView(services, account),
  ]);
  return { accessJwt, refreshJwt, ...view };
}

/**
 * The account as its own session sees it. The DID document is optional: it is omitted if the registry is
 * unreachable.
 */
export async function sessionView(
  { dids }: Services,
  account: Account,
): Promise<ComAtprotoServerGetSession.$output> {
  const { status } = account;
  const didDoc = await dids.find(account.did);
  return {
    did: account.did,
    ...(didDoc === null ? {} : { didDoc: { ...didDoc } }),
    handle: account.handle,
    ...(account.email === null ? {} : { email: account.email }),
    emailConfirmed: account.emailConfirmedAt !== null,
    active: status === "active",
    ...(status === "active" ? {} : { status }),
  };
}
