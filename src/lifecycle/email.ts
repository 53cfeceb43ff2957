/** Confirms and changes a member's e-mail address (com.atproto.server.*Email*). */
import type { Did } from "@atcute/lexicons";
import type { Member } from "../identity/member.ts";
import { checkMailAddress } from "../identity/mail/address.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import { checkCode, mailCode } from "./mailed-codes.ts";
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
  await checkCode(services, member, "confirm_email", code);
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
 * Changes the address, which voids every code that was mailed to the old one. Refuses TokenRequired, InvalidToken, ExpiredToken, and InvalidRequest for an address
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
  if (code) await checkCode(services, member, "update_email", code, true);
  await services.directory.setEmail(did, email);
}
