/** The page of one text of the host's mails. */
import type { FC } from "hono/jsx";
import {
  type Language,
  type MailText,
  TEXT_RULES,
  type TextName,
  blanksOf,
} from "../../../../identity/mail/texts.ts";
import type { Fields } from "../../../forms.ts";
import { ButtonForm, Form, Submit } from "../../form.tsx";
import { Field } from "../../fields.tsx";
import { TextArea } from "../../labelled.tsx";
import { type DeskFrame, DeskPage } from "../desk-page.tsx";

export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", de: "German" };

const KINDS: Readonly<Record<string, string>> = {
  confirm_email: "Confirm an address",
  update_email: "Change an address",
  reset_password: "Choose a new password",
  delete_account: "Delete an account",
  plc_operation: "Change an identity",
  invite: "An invite",
  let_in: "Who asked to join, let in",
  turned_down: "Who asked to join, not let in",
  warn_spam: "Warning: too much advertising",
  warn_rude: "Warning: rude to others",
  warn_media: "Warning: pictures without a warning",
  reports: "Reports wait for moderators",
  outcome: "What came of a report",
  letter: "Written by moderators",
  test: "A test",
  announcement: "An announcement",
};

export const kindWords = (kind: string): string => KINDS[kind] ?? kind;

interface MailTextProps extends DeskFrame {
  name: TextName;
  texts: (MailText & { language: Language; isOwn: boolean })[];
  wanted?: Fields | undefined;
}

export const MailTextPage: FC<MailTextProps> = ({ name, texts, wanted, ...frame }) => (
  <DeskPage
    {...frame}
    title={kindWords(name)}
    back={{ path: "/admin/mail", label: "Mail" }}
    lead={
      <>
        Plain text. What stands in braces is filled in:{" "}
        {blanksOf(name).map((blank) => (
          <>
            <code>{`{${blank}}`}</code>{" "}
          </>
        ))}
      </>
    }
  >
    {texts.map(({ language, isOwn, subject, text }) => {
      const typed = wanted?.get("language") === language ? wanted : undefined;
      return (
        <section>
          <h2>{LANGUAGE_NAMES[language]}</h2>
          <Form {...frame.sender} step="save" carried={{ language }}>
            {TEXT_RULES[name].hasSubject ? (
              <Field
                id={`subject-${language}`}
                name="subject"
                label="Subject"
                value={typed?.get("subject") ?? subject}
                maxlength={150}
                problem={frame.problem}
              />
            ) : null}
            <TextArea
              id={`text-${language}`}
              name="text"
              label="Text"
              value={typed?.get("text") ?? text}
              maxlength={4000}
              problem={frame.problem}
              rows={10}
            />
            <Submit weight="second">Save it in {LANGUAGE_NAMES[language]}</Submit>
          </Form>
          {isOwn ? (
            <div class="inline">
              <ButtonForm {...frame.sender} step="reset" carried={{ language }}>
                Take Atoll’s own again
              </ButtonForm>
            </div>
          ) : null}
        </section>
      );
    })}
  </DeskPage>
);
