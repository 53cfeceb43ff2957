/** The page to choose a new password with a mailed code. */
import type { FC } from "hono/jsx";
import type { Frame } from "../visit.ts";
import { Check, EmailField, Field, NewPasswordField } from "./fields.tsx";
import { Form, Submit, type Sender } from "./form.tsx";
import { Layout } from "./layout.tsx";
import { BackLink, Problem } from "./parts.tsx";

interface ResetProps extends Frame {
  sender: Sender;
  /** Whether the code was mailed, so that the page asks for it. */
  sent: boolean;
  email?: string | undefined;
  problem?: string | null | undefined;
}

export const ResetPage: FC<ResetProps> = ({ host, nonce, sender, sent, email, problem }) => (
  <Layout host={host} nonce={nonce} title="New password">
    <BackLink href="/account" label="Sign in" />
    <h1>{sent ? "Look into your mailbox" : "A new password"}</h1>
    <p class="lead">
      {sent
        ? `If ${email ?? "that address"} belongs to an account here, a code is on its way there. It works for 15 minutes.`
        : "We send a code to the e-mail address of your account. With it you choose a new password."}
    </p>
    <Problem message={problem} />
    {sent ? (
      <Form {...sender} carried={{ ...sender.carried, email: email ?? "" }} step="reset">
        <Field
          name="code"
          label="Code from the mail"
          code
          autocomplete="one-time-code"
          autofocus
          maxlength={20}
        />
        <NewPasswordField hint="You are signed out everywhere." />
        <Check
          name="others"
          label="Remove my passkeys and app passwords, too"
          hint="They go on working otherwise. Choose this if somebody else has had your account."
        />
        <Submit>Set password</Submit>
      </Form>
    ) : (
      <Form {...sender} step="request-reset">
        <EmailField value={email} autofocus />
        <Submit>Send the code</Submit>
      </Form>
    )}
  </Layout>
);
