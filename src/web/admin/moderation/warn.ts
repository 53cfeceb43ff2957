/** Sends a warning to the author of what was reported. */
import { sendEmail } from "../../../xrpc/admin/acts.ts";
import type { Subject } from "../../../xrpc/admin/reports.ts";
import type { Fields } from "../../forms.ts";
import { wrong } from "../../problems.ts";
import type { DeskVisit, Said } from "../desk.tsx";
import { WARNINGS, warningMail } from "./warnings.ts";

export async function warn(visit: DeskVisit, subject: Subject, fields: Fields): Promise<Said | void> {
  const { services, caller, frame } = visit;
  const author = await services.directory.findByDid(subject.did);
  if (author === null) return { problem: wrong("Only members can be sent a mail.") };
  const own = (fields.get("words") ?? "").trim().slice(0, 2_000);
  const kind = WARNINGS.find(({ name }) => name === fields.get("kind"));
  if (kind === undefined && own === "")
    return { problem: wrong("Please choose what the mail says, or write it yourself."), fields };
  const { sent } = await sendEmail(services, caller, {
    recipientDid: author.did,
    senderDid: visit.member.did,
    ...(await warningMail(services.env, frame.host, author.handle, { warning: kind ?? null, own })),
  });
  if (!sent)
    return {
      problem: wrong("The mail could not be sent: this host has no mail set up, or it failed."),
      fields,
    };
}
