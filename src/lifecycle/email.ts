/** Confirms and changes a member's e-mail address (com.atproto.server.*Email*). */
import type { Did } from "@atcute/lexicons";
import type { Member } from "../identity/directory.ts";
import { checkMailAddress } from "../identity/mail/address.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import { mailCode, voidCodes } from "./mailed-codes.ts";
import type { MailingServices } from "./mailed-codes.ts";

async function found({ directory }: MailingServices, did: Did): Promise<Member> {
  const member = await directory.findByDid(did);
  if (member === null) throw invalidRequest("account not found");
  return member;
}

/** Mails a code for one of the purposes that a signed-in member may ask for. */
export async function requestCode(
  services: MailingServices,
  did: Did,
  purpose: "confirm_email" | "delete_account" | "plc_operation",
): Promise<void> {
  await mailCode(services, await found(services, did), purpose);
}

/** Refuses AccountNotFound, InvalidEmail, InvalidToken, ExpiredToken. */
export async function confirmEmail(
  services: MailingServices,
  did: Did,
  email: string,
  code: string,
): Promise<void> {
  const member = await services.directory.findByDid(did);
  if (member === null) throw new Refusal("AccountNotFound", "user not found");
  if (member.email !== email.toLowerCase()) throw new Refusal("InvalidEmail", "invalid email");
  await services.account(did).checkEmailToken("confirm_email", code);
  await services.directory.confirmEmail(did, email);
}

/** @returns whether `updateEmail` will ask for a code: only a confirmed address can vouch for the change. */
export async function requestEmailUpdate(
  services: MailingServices,
  did: Did,
): Promise<{ tokenRequired: boolean }> {
  const member = await found(services, did);
  if (member.email === null) throw invalidRequest("account does not have an email address");
  if (member.emailConfirmedAt === null) return { tokenRequired: false };
  await mailCode(services, member, "update_email");
  return { tokenRequired: true };
}

/**
 * Changes the address. Refuses TokenRequired, InvalidToken, ExpiredToken, and InvalidRequest for an address
 * that is invalid or taken.
 */
export async function updateEmail(
  services: MailingServices,
  did: Did,
  email: string,
  code: string | undefined,
): Promise<void> {
  checkMailAddress(email);
  const member = await found(services, did);
  if (!code && member.emailConfirmedAt !== null) {
    throw new Refusal("TokenRequired", "confirmation token required");
  }
  // Kept until the address is changed, so that a member whose choice is taken can try another.
  if (code) await services.account(did).checkEmailToken("update_email", code, true);
  await setEmail(services, member, email);
}

/**
 * Changes the address without a code, as the admin may. The new one is unconfirmed. Refuses InvalidRequest
 * when it is taken.
 */
export async function setEmail(services: MailingServices, member: Member, email: string): Promise<void> {
  await services.directory.setEmail(member.did, email);
  await voidCodes(services, member);
}
