/** A forgotten password, and a new one (com.atproto.server.requestPasswordReset, resetPassword). */
import type { Did } from "@atcute/lexicons";
import { MailCodes } from "../identity/mail/codes.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import { signOutEverywhere } from "./credentials.ts";
import type { MailingServices } from "./mailed-codes.ts";

/** Maximum length of a new password (the reference's limit). */
export const NEW_PASSWORD_MAX = 256;

/**
 * The code alone identifies the account, which is signed out everywhere. Refuses InvalidToken, ExpiredToken,
 * InvalidRequest.
 */
export async function resetPassword(services: MailingServices, code: string, password: string): Promise<Did> {
  checkNewPassword(password);
  const codes = new MailCodes(services.env.DIRECTORY);
  const did = await codes.ownerOf(code);
  if (did === null || (await services.directory.findByDid(did)) === null) {
    throw new Refusal("InvalidToken", "Token is invalid");
  }
  // The code is consumed first: if a later step fails, a code that no longer works is the lesser harm.
  await services.account(did).checkEmailToken("reset_password", code);
  await setPassword(services, did, password);
  await codes.forget(did);
  return did;
}

/**
 * Sets a password, and signs the account out everywhere but on one browser. Passkeys and app passwords
 * remain (`credentials.ts`). Refuses InvalidRequest.
 */
export async function setPassword(
  services: MailingServices,
  did: Did,
  password: string,
  exceptBrowser: string | null = null,
): Promise<void> {
  checkNewPassword(password);
  // Before, so that a failure in between leaves nobody signed in; after, for those who came in meanwhile.
  await signOutEverywhere(services, did, exceptBrowser);
  await services.account(did).setPassword(password);
  await signOutEverywhere(services, did, exceptBrowser);
}

function checkNewPassword(password: string): void {
  if (password.length > NEW_PASSWORD_MAX) throw invalidRequest("Invalid password length.");
}
