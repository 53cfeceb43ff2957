/**
 * com.atproto.server.deleteAccount: a member deletes their account for good, with password and mailed code.
 */
import type { ComAtprotoServerDeleteAccount } from "@atcute/atproto";
import { checkCode } from "../../lifecycle/mailed-codes.ts";
import { deleteAccount as endAccount } from "../../lifecycle/states.ts";
import { authRequired, invalidRequest } from "../../protocol/refusal.ts";
import type { Services } from "../server/services.ts";
import { checkPassword } from "./check-password.ts";

/** Refuses InvalidRequest, AuthenticationRequired, InvalidToken, ExpiredToken, RateLimitExceeded. */
export async function deleteAccount(
  services: Services,
  { did, password, token }: ComAtprotoServerDeleteAccount.$input,
  request: Request,
): Promise<void> {
  const member = await services.directory.findByDid(did);
  if (member === null) throw invalidRequest("account not found");
  const { appPassword } = await checkPassword(services, request, { identifier: did, password }, "did");
  // Only the account's own password will do.
  if (appPassword !== null) throw authRequired("Invalid did or password");
  await checkCode(services, member, "delete_account", token);
  await endAccount(services, did);
}
