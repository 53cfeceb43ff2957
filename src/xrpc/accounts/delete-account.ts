/**
 * com.atproto.server.deleteAccount: a member deletes their account for good, with password and mailed code.
 */
import type { ComAtprotoServerDeleteAccount } from "@atcute/atproto";
import { deleteMember } from "../admin/acts.ts";
import { authRequired, invalidRequest, isRefusal } from "../../protocol/refusal.ts";
import { attemptSource, countAttempt } from "../server/rate-limits.ts";
import type { Services } from "../server/services.ts";
import { PASSWORD_MAX } from "./sessions.ts";

const wrong = () => authRequired("Invalid did or password");

/** Refuses InvalidRequest, AuthenticationRequired, InvalidToken, ExpiredToken, RateLimitExceeded. */
export async function leave(
  services: Services,
  { did, password, token }: ComAtprotoServerDeleteAccount.$input,
  request: Request,
): Promise<void> {
  if (password.length > PASSWORD_MAX) {
    throw authRequired("Password too long. Consider resetting your password.");
  }
  await countAttempt(services, request);
  const account = await services.directory.findByDid(did);
  if (account === null) throw invalidRequest("account not found");
  const object = services.account(account.did);
  try {
    // App passwords are not accepted, only the account's own.
    if ((await object.checkPassword(password, attemptSource(services, request))) !== null) throw wrong();
  } catch (thrown) {
    throw isRefusal(thrown) && thrown.status === 401 ? wrong() : thrown;
  }
  await object.checkEmailToken("delete_account", token);
  await deleteMember(services, account.did);
}
