/** A request to join, where new members are approved: checked like a sign-up, and stored for the owners. */
import { checkMailAddress } from "../../identity/mail/address.ts";
import { checkLanguage } from "../../lifecycle/handle.ts";
import { tellModerators } from "../../lifecycle/report-mail.ts";
import { JoinRequests, REASON_MAX } from "../../moderation/join-requests.ts";
import { digestOf, randomHex } from "../../oauth/digest.ts";
import { Refusal, invalidRequest } from "../../protocol/refusal.ts";
import { consumeJoinRequest } from "../server/rate-limits.ts";
import type { Services } from "../server/services.ts";
import { assertFree } from "./sign-up.ts";

export interface Asked {
  handle: string;
  email: string;
  /** Why they want to join. */
  reason: string;
}

/**
 * Stores a request, and returns the key that opens its applicant's page. Refuses what a sign-up refuses for
 * handle and e-mail address; InvalidInviteCode if the host approves nobody; and what `JoinRequests.ask`
 * refuses.
 */
export async function askToJoin(
  services: Services,
  request: Request,
  { handle: typed, email, reason }: Asked,
): Promise<string> {
  if (services.env.REGISTRATION !== "approval")
    throw new Refusal("InvalidInviteCode", "This host does not take requests to join");
  if (reason === "" || reason.length > REASON_MAX)
    throw invalidRequest(`A reason has 1 to ${REASON_MAX} characters`);
  checkMailAddress(email);
  checkLanguage(services, typed);
  const handle = await services.handles.validate(typed);
  await assertFree(services, handle, email);
  await consumeJoinRequest(services, request);
  const key = randomHex(20);
  await new JoinRequests(services.env.DIRECTORY).ask({ keyDigest: digestOf(key), handle, email, reason });
  services.defer(tellModerators(services.env));
  return key;
}
