/**
 * Codes that prove who owns a mailbox. If a mail is not sent (no service is set up, or it failed), the code
 * is kept for the owner of the host, who can pass it on (`internal.atoll.admin.listUnsentMail`), so nothing
 * essential depends on mail. Only the owner may read it, since anyone who has a reset code can act as that
 * member.
 */
import type { Member } from "../identity/member.ts";
import type { Host } from "../identity/host.ts";
import { MailCodes } from "../identity/mail/codes.ts";
import type { Mail, Mailer } from "../identity/mail/mailer.ts";
import type { EmailTokenPurpose } from "../protocol/account-station.ts";
import { invalidRequest } from "../protocol/refusal.ts";
import type { LifecycleServices } from "./services.ts";

export interface MailingServices extends LifecycleServices {
  host: Host;
  mailer: Mailer;
}

type Text = (member: Member, code: string, host: Host) => Omit<Mail, "to">;

const ENDING = "The code works once, within 15 minutes.";

/** One plain text for each purpose: who, what happens, the code, and what to do if somebody else asked. */
const TEXTS: Record<EmailTokenPurpose, Text> = {
  confirm_email: ({ handle }, code, host) => ({
    subject: `Confirm your e-mail address: ${code}`,
    text: `Hello @${handle},

to confirm that this is your e-mail address, enter this code in your app:

    ${code}

${ENDING} If you have no account at ${host.hostname}, somebody mistyped their address: do nothing, and nothing happens.`,
  }),
  update_email: ({ handle }, code, host) => ({
    subject: `Change your e-mail address: ${code}`,
    text: `Hello @${handle},

you asked to use another e-mail address for your account at ${host.hostname}. To go on, enter this code in your app:

    ${code}

${ENDING} If it was not you who asked, somebody is signed in as you: change your password.`,
  }),
  reset_password: ({ handle }, code, host) => ({
    subject: `Choose a new password: ${code}`,
    text: `Hello @${handle},

somebody, hopefully you, asked for a new password for your account at ${host.hostname}. To choose one, enter this code:

    ${code}

${ENDING} A new password signs you out of every app and browser. Passkeys and app passwords go on working: you can remove them at ${host.origin}/account/password.

If it was not you, do nothing: your password stays as it is.`,
  }),
  delete_account: ({ handle }, code, host) => ({
    subject: `Delete your account: ${code}`,
    text: `Hello @${handle},

you asked to delete your account at ${host.hostname}, with all its posts and pictures. This cannot be undone. If you are sure, enter this code where you asked for it; an app wants your password as well:

    ${code}

${ENDING} If it was not you who asked, somebody is signed in as you: change your password.`,
  }),
  plc_operation: ({ handle }, code, host) => ({
    subject: `Confirm a change to your identity: ${code}`,
    text: `Hello @${handle},

you asked ${host.hostname} to sign a change to your identity, as it is needed to move to another host or for a recovery key. To go on, enter this code:

    ${code}

${ENDING} Whoever has it can take your account elsewhere, so give it to nobody. If it was not you who asked, change your password.`,
  }),
};

/**
 * Creates a code for this purpose, replacing an older one, and mails it. Refuses InvalidRequest if the
 * account has no address.
 */
export async function mailCode(
  services: MailingServices,
  member: Member,
  purpose: EmailTokenPurpose,
): Promise<void> {
  if (member.email === null) throw invalidRequest("account does not have an email address");
  const codes = new MailCodes(services.env.DIRECTORY);
  const code = await services.account(member.did).createEmailToken(purpose, member.email);
  if (purpose === "reset_password") await codes.own(code, member.did);
  const mail = TEXTS[purpose](member, code, services.host);
  const outcome = await services.mailer.send({ ...mail, to: member.email });
  if (outcome === "not sent") await codes.keepUnsent(member.did, purpose, mail);
}

/** Creates a reset code for an owner of the host to pass on, replacing an older one. Mails nothing. */
export async function makeResetCode(services: MailingServices, { did, email }: Member): Promise<string> {
  const code = await services.account(did).createEmailToken("reset_password", email ?? "");
  await new MailCodes(services.env.DIRECTORY).own(code, did);
  return code;
}

/** Uses up a code, or checks it if `keep`. Refuses InvalidToken, ExpiredToken. */
export async function checkCode(
  services: Pick<LifecycleServices, "account">,
  { did, email }: Member,
  purpose: EmailTokenPurpose,
  code: string,
  keep = false,
): Promise<void> {
  await services.account(did).checkEmailToken(purpose, { token: code, address: email ?? "" }, keep);
}
