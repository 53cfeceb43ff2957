/** The page to choose a new password with a mailed code. */
import type { FC } from "hono/jsx";
import type { Problem } from "../problems.ts";
import type { Frame } from "../visit.ts";
import { Check, CodeField, EmailField, NewPasswordField } from "./fields.tsx";
import { Form, Submit, type Sender } from "./form.tsx";
import { Layout } from "./layout.tsx";
import { BackLink, ProblemNotice } from "./parts.tsx";

interface ResetProps extends Frame {
  sender: Sender;
  /** Whether the code was mailed, so that the page asks for it. */
  sent: boolean;
  email?: string | undefined;
  /** The code of the link that an owner of the host gave out. */
  code?: string | undefined;
  problem?: Problem | null | undefined;
}

export const ResetPage: FC<ResetProps> = ({ host, nonce, sender, sent, email, code, problem }) => (
  <Layout host={host} nonce={nonce} title="New password">
    <BackLink href="/account" label="Sign in" />
    <h1>{sent && code === undefined ? "Look into your mailbox" : "A new password"}</h1>
    <p class="lead">
      {code !== undefined
        ? "Choose a password for your account. The link works once, for 15 minutes after it was made."
        : sent
          ? `If ${email ?? "that address"} belongs to an account here, a code is on its way there. It works for 15 minutes.`
          : "We send a code to the e-mail address of your account. With it you choose a new password."}
    </p>
    <ProblemNotice problem={problem} />
    {sent ? (
      <Form {...sender} carried={{ ...sender.carried, email: email ?? "" }} step="reset">
        <CodeField
          problem={problem}
          {...(code === undefined ? {} : { value: code, label: "Code from the link" })}
        />
        <NewPasswordField hint="You are signed out everywhere." problem={problem} />
        <Check
          name="others"
          label="Remove my passkeys and app passwords, too"
          hint="They go on working otherwise. Choose this if somebody else has had your account."
        />
        <Submit>Set password</Submit>
      </Form>
    ) : (
      <Form {...sender} step="request-reset">
        <EmailField value={email} problem={problem} autofocus />
        <Submit>Send the code</Submit>
      </Form>
    )}
  </Layout>
);
