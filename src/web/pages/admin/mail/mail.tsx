/** The page of mail. */
import type { FC } from "hono/jsx";
import { LANGUAGES, type Language, TEXT_NAMES } from "../../../../identity/mail/texts.ts";
import type { NamedMail, NamedUnsent } from "../../../admin/mail/mail-reads.ts";
import { Row } from "../../account/rows.tsx";
import { COPY_SCRIPT, Copy } from "../../copy.tsx";
import { ButtonForm, Form } from "../../form.tsx";
import { Select } from "../../labelled.tsx";
import { day } from "../../parts.tsx";
import { type DeskFrame, DeskPage } from "../desk-page.tsx";
import { More } from "../lines.tsx";
import { LANGUAGE_NAMES, kindWords } from "./texts.tsx";

interface MailProps extends DeskFrame {
  /** The sender; empty if there is none. */
  from: string;
  language: Language;
  unsent: NamedUnsent[];
  /** Mails that went out, or failed. */
  lines: NamedMail[];
  /** The number of the line before which the next page begins; null on the last one. */
  older: number | null;
}

export const MailPage: FC<MailProps> = (props) => {
  const { from, ...frame } = props;
  return (
    <DeskPage
      {...frame}
      title="Mail"
      lead={from === "" ? "This host has no sender: no mail goes out." : `Mail goes out as ${from}.`}
      scripts={[COPY_SCRIPT]}
    >
      <div class="inline">
        <ButtonForm {...frame.sender} step="test" weight="second">
          Send me a test
        </ButtonForm>
        <a class="button second" href={frame.to("/admin/announcements")}>
          Write to all members
        </a>
      </div>
      <Unsent {...props} />
      <Texts {...props} />
      <MailLines {...props} />
    </DeskPage>
  );
};

const Unsent: FC<MailProps> = ({ unsent }) => (
  <section>
    <h2>What could not be sent</h2>
    <p class="lead">
      {unsent.length === 0
        ? "No code within the last hour."
        : "Pass these on by other means, to the member alone: whoever has the code can take the account over."}
    </p>
    {unsent.map(({ handle, purpose, text, at }) => (
      <details class="card">
        <summary>
          @{handle}: {kindWords(purpose).toLowerCase()}, {at.slice(11, 16)} UTC
        </summary>
        <p class="said-so">{text}</p>
        <Copy text={text} what={`the mail to ${handle}`} />
      </details>
    ))}
  </section>
);

const Texts: FC<MailProps> = ({ language, sender, to }) => (
  <section>
    <h2>What mails say</h2>
    <Form {...sender} step="language">
      <div class="find">
        <Select
          name="language"
          label="Language"
          options={LANGUAGES.map((each) => [each, LANGUAGE_NAMES[each]])}
          chosen={language}
        />
        <button class="second" type="submit">
          Save
        </button>
      </div>
    </Form>
    <div class="rows">
      {TEXT_NAMES.map((name) => (
        <Row href={to(`/admin/mail/${name}`)} title={kindWords(name)} at="" />
      ))}
    </div>
  </section>
);

const MailLines: FC<MailProps> = ({ lines, older, ...frame }) => (
  <section>
    <h2>What went out</h2>
    <p class="lead">
      {lines.length === 0
        ? "Nothing yet."
        : "For thirty days, without addresses and texts. “Sent” means that the mail service took it."}
    </p>
    <ul class="log">
      {lines.map(({ kind, did, handle, failure, at }) => (
        <li>
          {kindWords(kind)}{" "}
          <span class={failure === null ? "tag" : "tag bad"}>{failure === null ? "sent" : "failed"}</span>
          <br />
          <span class="at">
            {did === null ? "" : `to @${handle}, `}
            {day(at)}, {at.slice(11, 16)} UTC{failure === null ? "" : `: ${failure}`}
          </span>
        </li>
      ))}
    </ul>
    <More {...frame} query={older === null ? null : { before: String(older) }}>
      Older mails
    </More>
  </section>
);
