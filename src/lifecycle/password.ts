/** A forgotten password, and a new one (com.atproto.server.requestPasswordReset, resetPassword). */
import type { Did } from "@atcute/lexicons";
import { MailCodes } from "../identity/mail/codes.ts";
import type { MailedCode } from "../protocol/account-station.ts";
import { Refusal, invalidRequest, isRefusal } from "../protocol/refusal.ts";
import type { MailingServices } from "./mailed-codes.ts";
import type { LifecycleServices } from "./services.ts";
import { settleStanding } from "./standing.ts";

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
  const member = did === null ? null : await services.directory.findByDid(did);
  if (member === null) throw new Refusal("InvalidToken", "Token is invalid");
  await change(services, member.did, password, { token: code, address: member.email ?? "" }, null);
  await codes.forget(member.did);
  return member.did;
}

/**
 * Sets a password, and signs the account out everywhere but on one browser. Passkeys and app passwords
 * remain (`credentials.ts`). Refuses InvalidRequest.
 */
export async function setPassword(
  services: LifecycleServices,
  did: Did,
  password: string,
  exceptBrowser: string | null = null,
): Promise<void> {
  checkNewPassword(password);
  await change(services, did, password, undefined, exceptBrowser);
}

/** Noted first: a new password that ends no session would leave a thief signed in. */
async function change(
  services: LifecycleServices,
  did: Did,
  password: string,
  code: MailedCode | undefined,
  exceptBrowser: string | null,
): Promise<void> {
  const { unsettled } = services.directory;
  const act = await unsettled.note({ did, kind: "sign-out", subject: exceptBrowser });
  try {
    await services.account(did).setPassword(password, code);
  } catch (thrown) {
    if (isRefusal(thrown)) await unsettled.end(act);
    throw thrown;
  }
  await settleStanding(services, act);
}

function checkNewPassword(password: string): void {
  if (password.length > NEW_PASSWORD_MAX) throw invalidRequest("Invalid password length.");
}
