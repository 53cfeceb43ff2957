/** The pages to change handle and e-mail address. */
import type { FC } from "hono/jsx";
import { CodeField, EmailField, Field } from "../fields.tsx";
import { Form, Submit } from "../form.tsx";
import { type AccountFrame, TaskPage } from "./task-page.tsx";

export const HandlePage: FC<AccountFrame & { wanted?: string | undefined }> = ({ wanted, ...frame }) => (
  <TaskPage
    {...frame}
    title="Handle"
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
            One of ours, like <strong>name{frame.host.handleDomains[0]}</strong>; or a domain of your own,
            whose DNS has the record <code>_atproto</code> with the text <code>did={frame.member.did}</code>.
          </>
        }
      />
      <Submit>Change handle</Submit>
    </Form>
  </TaskPage>
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
