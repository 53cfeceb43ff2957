/**
 * com.atproto.server.deleteAccount: a member deletes their account for good, with password and mailed code.
 */
import type { ComAtprotoServerDeleteAccount } from "@atcute/atproto";
import { deleteMember } from "../admin/acts.ts";
import { authRequired, invalidRequest } from "../../protocol/refusal.ts";
import type { Services } from "../server/services.ts";
import { checkPassword } from "./check-password.ts";

/** Refuses InvalidRequest, AuthenticationRequired, InvalidToken, ExpiredToken, RateLimitExceeded. */
export async function deleteAccount(
  services: Services,
  { did, password, token }: ComAtprotoServerDeleteAccount.$input,
  request: Request,
): Promise<void> {
  if ((await services.directory.findByDid(did)) === null) throw invalidRequest("account not found");
  const { appPassword } = await checkPassword(services, request, { identifier: did, password }, "did");
  // Only the account's own password will do.
  if (appPassword !== null) throw authRequired("Invalid did or password");
  await services.account(did).checkEmailToken("delete_account", token);
  await deleteMember(services, did);
}
