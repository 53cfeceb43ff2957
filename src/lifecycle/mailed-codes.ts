/**
 * Codes that prove who owns a mailbox. If a mail is not sent (no service is set up, or it failed), the code
 * is kept for the owner of the host, who can pass it on (`internal.atoll.admin.listUnsentMail`), so nothing
 * essential depends on mail. Only the owner may read it, since anyone who has a reset code can act as that
 * member.
 */
import type { Member } from "../identity/member.ts";
import type { Host } from "../identity/host.ts";
import { MailCodes } from "../identity/mail/codes.ts";
import type { Mailer } from "../identity/mail/mailer.ts";
import { type TextBindings, writeText } from "../identity/mail/texts.ts";
import type { EmailTokenPurpose } from "../protocol/account-station.ts";
import type { Settings } from "../protocol/settings/list.ts";
import { invalidRequest } from "../protocol/refusal.ts";
import type { LifecycleServices } from "./services.ts";

export interface MailingServices extends LifecycleServices {
  env: LifecycleServices["env"] & TextBindings & Pick<Settings, "HOST_NAME">;
  host: Host;
  mailer: Mailer;
}

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
  const { env, host, mailer } = services;
  const mail = await writeText(env, purpose, {
    code,
    handle: member.handle,
    community: env.HOST_NAME || host.hostname,
    host: host.hostname,
    address: host.origin,
  });
  const outcome = await mailer.send({ ...mail, kind: purpose, did: member.did, to: member.email });
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
