/** Forgotten and new passwords (com.atproto.server.requestPasswordReset, resetPassword). */
import type { Did } from "@atcute/lexicons";
import { MailCodes } from "../identity/mail/codes.ts";
import { endSessions, signOutBrowsers } from "../oauth/forget.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import { mailCode } from "./mailed-codes.ts";
import type { MailingServices } from "./mailed-codes.ts";

/** Maximum length of a new password (the reference's limit). */
export const NEW_PASSWORD_MAX = 256;

/** Mails a reset code. Refuses InvalidRequest when nobody has that address, as the reference does. */
export async function requestPasswordReset(services: MailingServices, email: string): Promise<void> {
  const account = await services.directory.findByEmail(email);
  if (account === null) throw invalidRequest("account does not have an email address");
  await mailCode(services, account, "reset_password");
}

/**
 * Sets a new password. The code alone identifies the member. Signs out everywhere. Refuses InvalidToken,
 * ExpiredToken, InvalidRequest.
 */
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
  // Uses up the code first: if anything fails after this, a code that no longer works is the lesser harm.
  await services.account(did).checkEmailToken("reset_password", code);
  await services.account(did).setPassword(password);
  await endSessions(services.env.DIRECTORY, did);
  await signOutBrowsers(services.env.DIRECTORY, did, null);
  await codes.forget(did);
}

/**
 * Sets a password without a code, for the admin or the member. Ends every app's session. Refuses
 * InvalidRequest.
 */
export async function setPassword(services: MailingServices, did: Did, password: string): Promise<void> {
  checkNewPassword(password);
  await services.account(did).setPassword(password);
  await endSessions(services.env.DIRECTORY, did);
}

function checkNewPassword(password: string): void {
  if (password.length > NEW_PASSWORD_MAX) throw invalidRequest("Invalid password length.");
}
