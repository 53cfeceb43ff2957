/** com.atproto.server.requestPasswordReset: a code by mail, which anybody may have sent to a member. */
import { mailCode } from "../../lifecycle/mailed-codes.ts";
import { invalidRequest } from "../../protocol/refusal.ts";
import { consumeForMember } from "../server/rate-limits.ts";
import type { Services } from "../server/services.ts";

/**
 * Mails a reset code. Refuses InvalidRequest when nobody has that address, as the reference does, and
 * RateLimitExceeded when the member got enough of them, whoever asked.
 */
export async function requestPasswordReset(services: Services, email: string): Promise<void> {
  const member = await services.directory.findByEmail(email);
  if (member === null) throw invalidRequest("account does not have an email address");
  await consumeForMember(services, member.did, "reset_password");
  await mailCode(services, member, "reset_password");
}
