/** com.atproto.server.createAccount: what is asked of a newcomer, before lifecycle makes the account. */
import type { ComAtprotoServerCreateAccount } from "@atcute/atproto";
import { bringAccount, createAccount } from "../lifecycle/create.ts";
import { Refusal, authRequired, invalidRequest, must } from "../protocol/refusal.ts";
import type { ServiceCaller } from "./auth.ts";
import type { Services } from "./services.ts";
import { issueSession } from "./sessions.ts";

type Input = ComAtprotoServerCreateAccount.$input;

/** A password's length at sign-up, at most (the reference's limit). */
const NEW_PASSWORD_MAX = 256;

/** One @, something on both sides, a dot in the domain, no space: the rest is for the confirmation mail to find out. */
const EMAIL = /^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+$/;

export async function signUp(
  services: Services,
  input: Input,
  caller: ServiceCaller | null,
): Promise<ComAtprotoServerCreateAccount.$output> {
  await checkInput(services, input);
  const { email, password, inviteCode } = input;
  if (input.did !== undefined && input.did !== caller?.did) {
    throw authRequired(`Missing auth to create account with did: ${input.did}`);
  }
  const handle = await services.handles.validate(input.handle, { did: input.did });
  if (inviteCode !== undefined && services.env.REGISTRATION !== "open") {
    await services.directory.invites.assertAvailable(inviteCode);
  }
  await assertFree(services, handle, must(email, "email"));
  const wanted = {
    handle,
    email,
    password,
    inviteCode: services.env.REGISTRATION === "open" ? undefined : inviteCode,
  };
  const did =
    input.did === undefined
      ? await createAccount(services, {
          ...wanted,
          recoveryKey: input.recoveryKey,
          pds: services.host.origin,
        })
      : await bringAccount(services, { ...wanted, did: input.did });
  const account = must(await services.directory.find(did), "the new account");
  const { accessJwt, refreshJwt, didDoc } = await issueSession(services, account, null);
  return { handle, did, accessJwt, refreshJwt, ...(didDoc === undefined ? {} : { didDoc }) };
}

async function checkInput({ env }: Services, input: Input): Promise<void> {
  if (input.plcOp !== undefined) throw invalidRequest('Unsupported input: "plcOp"');
  if (input.password !== undefined && input.password.length > NEW_PASSWORD_MAX) {
    throw invalidRequest(`Password too long. Maximum length is ${NEW_PASSWORD_MAX} characters.`);
  }
  if (env.REGISTRATION === "closed") {
    throw new Refusal("InvalidInviteCode", "This host does not take new accounts");
  }
  if (env.REGISTRATION !== "open" && !input.inviteCode) {
    throw new Refusal("InvalidInviteCode", "No invite code provided");
  }
  if (!input.email) throw invalidRequest("Email is required");
  if (!EMAIL.test(input.email)) {
    throw invalidRequest("This email address is not supported, please use a different email.");
  }
}

/** An early look, for a clear answer; the reservation decides. */
async function assertFree({ directory }: Services, handle: string, email: string): Promise<void> {
  const [holder, same] = await Promise.all([directory.find(handle), directory.findByEmail(email)]);
  if (holder !== null) throw invalidRequest(`Handle already taken: ${handle}`);
  if (same !== null) throw invalidRequest(`Email already taken: ${email}`);
}
