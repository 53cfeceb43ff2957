/** Mail: whether it goes out, what could not be sent, what went out, and the language that it is in. */
import { isLanguage } from "../../../identity/mail/texts.ts";
import { sendTestMail } from "../../../lifecycle/host/checks.ts";
import { act } from "../../../xrpc/admin/acts.ts";
import { OWNERS } from "../../../xrpc/server/role-policies.ts";
import { MailPage } from "../../pages/admin/mail/mail.tsx";
import { wrong } from "../../problems.ts";
import { change } from "../change-settings.ts";
import { numberIn } from "../lines.ts";
import { type DeskPage, shown } from "../desk.tsx";
import { readMail } from "./mail-reads.ts";

const PAGE = 30;

export const mail: DeskPage = {
  may: OWNERS,
  show: async (visit, said) => {
    const { env } = visit.services;
    const before = numberIn(visit.url, "before") ?? Number.MAX_SAFE_INTEGER;
    const { unsent, lines } = await readMail(env.DIRECTORY, before, PAGE + 1);
    const chosen = said.fields?.get("language") ?? "";
    return shown(visit, said, (frame) => (
      <MailPage
        {...frame}
        from={env.MAIL}
        language={isLanguage(chosen) ? chosen : env.MAIL_LANGUAGE}
        unsent={unsent}
        lines={lines.slice(0, PAGE)}
        older={lines.length > PAGE ? (lines[PAGE - 1]?.id ?? null) : null}
      />
    ));
  },
  steps: {
    test: {
      may: OWNERS,
      take: async ({ services, caller, member }) => {
        const to = member.email;
        if (to === null) return { problem: wrong("Your account has no e-mail address to send it to.") };
        const outcome = await act(services, caller, "sendTestMail", member.did, {}, () =>
          sendTestMail(services, to),
        );
        return outcome === "sent"
          ? {
              done: `A mail is on its way to ${to}. If it does not come, look among what was taken for spam.`,
            }
          : {
              problem: wrong(
                "It could not be sent: below is why. Set a sender and a way to send in the settings, under Mail.",
              ),
            };
      },
    },
    language: {
      may: OWNERS,
      take: (visit, fields) =>
        change(
          visit,
          { MAIL_LANGUAGE: fields.get("language") ?? "" },
          fields,
          "Saved. Mails are in this language within a few seconds.",
        ),
    },
  },
};
