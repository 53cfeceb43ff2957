/** A forgotten password, and a new one (com.atproto.server.requestPasswordReset, resetPassword). */
import type { Did } from "@atcute/lexicons";
import { MailCodes } from "../identity/mail/codes.ts";
import { endSessions, signOutBrowsers } from "../oauth/forget.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import { mailCode } from "./mailed-codes.ts";
import type { MailingServices } from "./mailed-codes.ts";

/** A new password's length, at most (the reference's limit). */
export const NEW_PASSWORD_MAX = 256;

/** Refuses InvalidRequest where nobody has that address, as the reference does. */
export async function requestPasswordReset(services: MailingServices, email: string): Promise<void> {
  const account = await services.directory.findByEmail(email);
  if (account === null) throw invalidRequest("account does not have an email address");
  await mailCode(services, account, "reset_password");
}

/** The code alone says whose password it is. Signs out everywhere. Refuses InvalidToken, ExpiredToken, InvalidRequest. */
export async function resetPassword(
  services: MailingServices,
  code: string,
  password: string,
): Promise<void> {
  checkNewPassword(password);
  const codes = new MailCodes(services.env.DIRECTORY);
  const did = await codes.ownerOf(code);
  if (did === null || (await services.directory.findByDid(did)) === null) {
    throw new Refusal("InvalidToken", "Token is invalid");
  }
  // Used up first: should anything fail after this, a code that no longer works is the lesser harm.
  await services.account(did).checkEmailToken("reset_password", code);
  await services.account(did).setPassword(password);
  await endSessions(services.env.DIRECTORY, did);
  await signOutBrowsers(services.env.DIRECTORY, did, null);
  await codes.forget(did);
}

/** Sets a password, unasked: the admin's way, or the member's own. Ends every app's session. Refuses InvalidRequest. */
export async function setPassword(services: MailingServices, did: Did, password: string): Promise<void> {
  checkNewPassword(password);
  await services.account(did).setPassword(password);
  await endSessions(services.env.DIRECTORY, did);
}

function checkNewPassword(password: string): void {
  if (password.length > NEW_PASSWORD_MAX) throw invalidRequest("Invalid password length.");
}
