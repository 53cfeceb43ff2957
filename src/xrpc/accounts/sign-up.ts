/** com.atproto.server.createAccount: checks the input, then has lifecycle create the account. */
import type { ComAtprotoServerCreateAccount } from "@atcute/atproto";
import type { Handle } from "@atcute/lexicons";
import { inviteCodeIn } from "../../identity/invites.ts";
import { checkMailAddress } from "../../identity/mail/address.ts";
import { bringAccount, createAccount } from "../../lifecycle/create.ts";
import { checkLanguage } from "../../lifecycle/handle.ts";
import { freeHandle } from "../../lifecycle/handle-check.ts";
import { NEW_PASSWORD_MAX } from "../../lifecycle/password.ts";
import { settleDue } from "../../lifecycle/settle.ts";
import { isDidKey } from "../../protocol/keys.ts";
import { Refusal, authRequired, invalidRequest, isRefusal, must } from "../../protocol/refusal.ts";
import type { ServiceCaller } from "../server/policies.ts";
import { consumeSignUp } from "../server/rate-limits.ts";
import type { Services } from "../server/services.ts";
import { issueSession } from "./sessions.ts";

/** The page where people ask to join, if new members are approved. */
export const ASK_PATH = "/account/sign-up";

type Input = ComAtprotoServerCreateAccount.$input;

/**
 * The way by which somebody signs up. `owner`: the person who sets the host up needs no invite, and may
 * have a reserved name.
 */
type Admission = Services["env"]["REGISTRATION"] | "owner";

const needsInvite = (admission: Admission): boolean => admission !== "open" && admission !== "owner";

/** @param admission by default that of the settings */
export async function signUp(
  services: Services,
  input: Input,
  caller: ServiceCaller | null,
  request: Request,
  admission: Admission = services.env.REGISTRATION,
): Promise<ComAtprotoServerCreateAccount.$output> {
  checkInput(admission, input, services.host);
  const { email, password } = input;
  const inviteCode = input.inviteCode === undefined ? undefined : inviteCodeIn(input.inviteCode);
  checkLanguage(services, input.handle);
  const handle = await services.handles.validate(input.handle, {
    did: input.did,
    allowReserved: admission === "owner",
  });
  const account = await afterSettling(services, async () => {
    if (inviteCode !== undefined && needsInvite(admission)) {
      await services.directory.invites.assertAvailable(inviteCode);
    }
    if (input.did !== undefined && input.did !== caller?.did) {
      throw authRequired(`Missing auth to create account with did: ${input.did}`);
    }
    // The domain names this account, so nobody else here can have it any more.
    if (input.did !== undefined) await freeHandle(services, handle, input.did);
    await assertFree(services, handle, must(email, "email"));
    await consumeSignUp(services, request);
    const wanted = {
      handle,
      email,
      password,
      inviteCode: needsInvite(admission) ? inviteCode : undefined,
    };
    if (input.did !== undefined) return bringAccount(services, { ...wanted, did: input.did });
    const { recoveryKey } = input;
    return createAccount(services, { ...wanted, recoveryKey, pds: services.host.origin });
  });
  const { accessJwt, refreshJwt, didDoc } = await issueSession(services, account, null);
  return { handle, did: account.did, accessJwt, refreshJwt, didDoc };
}

/** A name that is taken may be held by a sign-up that died. If settling ends one, asks again. */
async function afterSettling<Made>(services: Services, attempt: () => Promise<Made>): Promise<Made> {
  try {
    return await attempt();
  } catch (thrown) {
    if (!isRefusal(thrown) || thrown.status !== 400 || (await settleDue(services)) === 0) throw thrown;
    return attempt();
  }
}

function checkInput(admission: Admission, input: Input, { origin }: Services["host"]): void {
  if (input.plcOp !== undefined) throw invalidRequest('Unsupported input: "plcOp"');
  if (input.password !== undefined && input.password.length > NEW_PASSWORD_MAX) {
    throw invalidRequest(`Password too long. Maximum length is ${NEW_PASSWORD_MAX} characters.`);
  }
  if (input.recoveryKey !== undefined && !isDidKey(input.recoveryKey)) {
    throw invalidRequest("Invalid recovery key");
  }
  if (admission === "closed") {
    throw new Refusal("InvalidInviteCode", "This host does not take new accounts");
  }
  if (needsInvite(admission) && !input.inviteCode) {
    const where =
      admission === "approval" ? `. New members are approved here: ask at ${origin}${ASK_PATH}` : "";
    throw new Refusal("InvalidInviteCode", `No invite code provided${where}`);
  }
  if (!input.email) throw invalidRequest("Email is required");
  checkMailAddress(input.email);
}

/** An early check that gives the reference's error messages; the reservation in the directory decides. */
export async function assertFree({ directory }: Services, handle: Handle, email: string): Promise<void> {
  const holders = await directory.holders(handle, email);
  if (holders.handle !== null) throw invalidRequest(`Handle already taken: ${handle}`);
  if (holders.email !== null) throw invalidRequest(`Email already taken: ${email}`);
}
