/** The pages to change handle and e-mail address. */
import type { FC } from "hono/jsx";
import { COPY_SCRIPT, Copy } from "../copy.tsx";
import { CodeField, EmailField, Field } from "../fields.tsx";
import { Form, Submit } from "../form.tsx";
import { type AccountFrame, TaskPage } from "./task-page.tsx";

export const HandlePage: FC<AccountFrame & { wanted?: string | undefined }> = ({ wanted, ...frame }) => (
  <TaskPage
    {...frame}
    title="Handle"
    scripts={[COPY_SCRIPT]}
    lead={
      <>
        You are <strong>@{frame.member.handle}</strong>. Posts, follows and followers stay when it changes.
      </>
    }
  >
    <Form {...frame.sender} step="change">
      <Field
        name="handle"
        label="New handle"
        problem={frame.problem}
        value={wanted}
        autocomplete="off"
        hint={
          <>
            One of ours, like <strong>name{frame.host.handleDomains[0]}</strong>, or a domain of your own.
          </>
        }
      />
      <Submit>Change handle</Submit>
    </Form>
    <OwnDomain did={frame.member.did} />
  </TaskPage>
);

/** The DNS record that lets a domain be a handle (atproto handle spec). */
const OwnDomain: FC<{ did: string }> = ({ did }) => (
  <section>
    <h2>A domain of your own</h2>
    <p class="lead">Add this record where the domain’s DNS is kept, then enter the domain above.</p>
    <table class="record">
      <tbody>
        <tr>
          <th scope="row">Type</th>
          <td>
            <code>TXT</code>
          </td>
          <td></td>
        </tr>
        <tr>
          <th scope="row">Name</th>
          <td>
            <code>_atproto</code>
          </td>
          <td>
            <Copy text="_atproto" what="the record’s name" />
          </td>
        </tr>
        <tr>
          <th scope="row">Value</th>
          <td>
            <code>did={did}</code>
          </td>
          <td>
            <Copy text={`did=${did}`} what="the record’s value" />
          </td>
        </tr>
      </tbody>
    </table>
  </section>
);

interface EmailProps extends AccountFrame {
  wanted?: string | undefined;
  /** Which mailed code is expected: for the change, or to confirm the current address. */
  waiting: "change" | "confirm" | null;
}

export const EmailPage: FC<EmailProps> = ({ wanted, waiting, ...frame }) => {
  const { email } = frame.member;
  const emailConfirmed = frame.member.emailConfirmedAt !== null;
  return (
    <TaskPage
      {...frame}
      title="E-mail address"
      lead={
        email === null ? (
          "Your account has none."
        ) : (
          <>
            <strong>{email}</strong> {emailConfirmed ? "is confirmed." : "is not confirmed yet."} It is used
            for codes only, and shown to nobody but apps that you allow to see it.
          </>
        )
      }
    >
      {waiting === "confirm" ? (
        <Form {...frame.sender} step="confirm">
          <CodeField hint={`Sent to ${email ?? "your address"} just now.`} problem={frame.problem} />
          <Submit>Confirm</Submit>
        </Form>
      ) : email !== null && !emailConfirmed && waiting === null ? (
        <Form {...frame.sender} step="request-confirm">
          <Submit>Send me a code to confirm it</Submit>
        </Form>
      ) : null}
      {waiting === "confirm" ? null : (
        <Form {...frame.sender} step={waiting === "change" ? "change" : "request-change"}>
          <EmailField label="New e-mail address" value={wanted} problem={frame.problem} />
          {waiting === "change" ? (
            <CodeField
              hint={`Sent to ${email ?? "your address"}, to make sure that it is you.`}
              problem={frame.problem}
            />
          ) : null}
          <Submit weight={email !== null && !emailConfirmed ? "second" : "first"}>
            {waiting === "change" ? "Change address" : "Use this address"}
          </Submit>
        </Form>
      )}
    </TaskPage>
  );
};
