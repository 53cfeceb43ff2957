/** Administrative acts that need more than one call: they are logged, send mail, or clean up. */
import type { ComAtprotoAdminSendEmail } from "@atcute/atproto";
import type { Did } from "@atcute/lexicons";
import { ModerationAudit } from "../../moderation/audit.ts";
import { ModerationRoles } from "../../moderation/roles.ts";
import { Refusal, invalidRequest } from "../../protocol/refusal.ts";
import type { ActingCaller } from "../server/role-policies.ts";
import { outranks } from "../server/role-policies.ts";
import type { Services } from "../server/services.ts";

/** Logs an act, then performs it. `detail` must hold no password, code or e-mail address. */
export function act<Outcome>(
  { env }: Services,
  { actor }: ActingCaller,
  action: string,
  subject: string | undefined,
  detail: Record<string, unknown>,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  return new ModerationAudit(env.DIRECTORY).around({ actor, action, subject, detail }, work);
}

/** Refuses Forbidden (403) if the subject holds a role that the caller may not act upon. */
export async function assertOutranks({ env }: Services, caller: ActingCaller, did: Did): Promise<void> {
  if (caller.role === "owner") return;
  if (!outranks(caller, await new ModerationRoles(env.DIRECTORY).of(did))) {
    throw new Refusal("Forbidden", "This account has a role that you may not act upon", 403);
  }
}

export async function sendEmail(
  services: Services,
  caller: ActingCaller,
  { content, recipientDid, subject = "Message via your PDS", comment }: ComAtprotoAdminSendEmail.$input,
): Promise<ComAtprotoAdminSendEmail.$output> {
  const account = await services.directory.findByDid(recipientDid);
  if (account === null) throw invalidRequest("Recipient not found");
  const to = account.email;
  if (to === null) throw invalidRequest("account does not have an email address");
  const detail = { subject, comment };
  const outcome = await act(services, caller, "sendEmail", account.did, detail, () =>
    services.mailer.send({
      kind: "letter",
      did: account.did,
      to,
      subject,
      text: plainText(content),
      html: content,
    }),
  );
  return { sent: outcome === "sent" };
}

/** Moderators write mail as HTML. This derives the text for mail readers that do not show it. */
function plainText(html: string): string {
  return html
    .replaceAll(/<(style|script|head)\b[\s\S]*?<\/\1>/gi, "")
    .replaceAll(/<(br|\/p|\/div|\/h\d|\/li|\/tr)\b[^>]*>/gi, "\n")
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll("&nbsp;", " ")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
}
