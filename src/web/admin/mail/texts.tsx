/** One text of the host's mails, in each language. */
import { DEFAULT_TEXTS } from "../../../identity/mail/default-texts.ts";
import {
  LANGUAGES,
  TEXT_RULES,
  type Language,
  type TextName,
  faultIn,
  isLanguage,
  isTextName,
  keepText,
  ownTexts,
} from "../../../identity/mail/texts.ts";
import { act } from "../../../xrpc/admin/acts.ts";
import { OWNERS } from "../../../xrpc/server/role-policies.ts";
import { type Fields, lineOf } from "../../forms.ts";
import { MailTextPage } from "../../pages/admin/mail/texts.tsx";
import { wrong } from "../../problems.ts";
import { errorPage } from "../../replies.tsx";
import { type DeskPage, type DeskVisit, type Said, shown } from "../desk.tsx";

const nowhere = (visit: DeskVisit) =>
  errorPage(visit, "There is no such mail.", { status: 404, title: "Nothing here" });

/** The text that a form is about; null if there is none. */
function meant({ about }: DeskVisit, fields: Fields): { name: TextName; language: Language } | null {
  const language = fields.get("language") ?? "";
  return isTextName(about) && isLanguage(language) ? { name: about, language } : null;
}

async function save(visit: DeskVisit, fields: Fields): Promise<Said | Response> {
  const { services, caller } = visit;
  const about = meant(visit, fields);
  if (about === null) return nowhere(visit);
  const { name, language } = about;
  const subject = TEXT_RULES[name].hasSubject ? lineOf(fields, "subject") : "";
  const own = { subject, text: (fields.get("text") ?? "").replaceAll("\r\n", "\n") };
  const fault = faultIn(name, own);
  if (fault !== null) return { problem: wrong(fault.words, `${fault.field}-${language}`), fields };
  await act(services, caller, "changeMailText", undefined, { name, language }, () =>
    keepText(services.env, name, language, own),
  );
  return { done: "Saved. The next mail has these words." };
}

async function reset(visit: DeskVisit, fields: Fields): Promise<Said | Response> {
  const { services, caller } = visit;
  const about = meant(visit, fields);
  if (about === null) return nowhere(visit);
  const { name, language } = about;
  await act(services, caller, "resetMailText", undefined, { name, language }, () =>
    keepText(services.env, name, language, null),
  );
  return { done: "It is as Atoll has it again." };
}

export const mailText: DeskPage = {
  may: OWNERS,
  show: async (visit, said) => {
    const { about: name, services } = visit;
    if (!isTextName(name)) return nowhere(visit);
    const own = await ownTexts(services.env, name);
    const texts = LANGUAGES.map((language) => ({
      language,
      isOwn: own[language] !== undefined,
      ...(own[language] ?? DEFAULT_TEXTS[language][name]),
    }));
    return shown(visit, said, (frame) => (
      <MailTextPage {...frame} name={name} texts={texts} wanted={said.fields} />
    ));
  },
  steps: { save: { may: OWNERS, take: save }, reset: { may: OWNERS, take: reset } },
};
