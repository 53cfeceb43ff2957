/** com.atproto.server.getServiceAuth: a member requests a token to call another service directly. */
import type { ComAtprotoServerGetServiceAuth } from "@atcute/atproto";
import { isDid } from "@atcute/lexicons/syntax";
import { Refusal, invalidRequest } from "../../protocol/refusal.ts";
import type { MemberCaller } from "../server/policies.ts";
import { FULL, PRIVILEGED, TAKENDOWN } from "../server/policies.ts";
import {
  PROTECTED_METHODS,
  isHostMethod,
  isPrivilegedMethod,
  issueServiceToken,
} from "../server/service-tokens.ts";
import type { Services } from "../server/services.ts";

const HOUR = 60 * 60;
const MINUTE = 60;

export async function getServiceAuth(
  services: Services,
  caller: MemberCaller,
  { aud, exp, lxm }: { aud: string; exp?: number | undefined; lxm?: string | undefined },
): Promise<ComAtprotoServerGetServiceAuth.$output> {
  const [did = "", fragment, ...more] = aud.split("#");
  if (!isDid(did) || fragment === "" || more.length > 0) {
    throw invalidRequest("aud must be a valid atproto DID or did#serviceId reference");
  }
  if (caller.kind === "session" && caller.scope === TAKENDOWN && lxm !== "com.atproto.server.createAccount") {
    throw new Refusal("InvalidToken", "Bad token scope");
  }
  if (lxm !== undefined && !mayAsk(caller, lxm)) {
    throw invalidRequest(
      `insufficient access to request a service auth token for the following method: ${lxm}`,
    );
  }
  if (exp !== undefined) checkExpiry(exp, lxm);
  if (lxm !== undefined && PROTECTED_METHODS.has(lxm)) {
    throw invalidRequest(`cannot request a service auth token for the following protected method: ${lxm}`);
  }
  return { token: await issueServiceToken(services, caller.did, { aud, lxm, exp }) };
}

/**
 * Whether the caller may request tokens for a method. The scopes of an app have been checked already. A
 * taken-down account gets this far only for createAccount, to migrate to another host.
 */
function mayAsk(caller: MemberCaller, lxm: string): boolean {
  if (caller.kind === "oauth" || caller.scope === TAKENDOWN) return true;
  if (isHostMethod(lxm)) return FULL.includes(caller.scope);
  return !isPrivilegedMethod(lxm) || PRIVILEGED.includes(caller.scope);
}

function checkExpiry(exp: number, lxm: string | undefined): void {
  const badExpiration = (message: string) => new Refusal("BadExpiration", message);
  const left = exp - Date.now() / 1000;
  if (left < 0) throw badExpiration("expiration is in past");
  if (left > HOUR) {
    throw badExpiration("cannot request a token with an expiration more than an hour in the future");
  }
  if (lxm === undefined && left > MINUTE) {
    throw badExpiration(
      "cannot request a method-less token with an expiration more than a minute in the future",
    );
  }
}
