/** The page to appeal. */
import type { FC } from "hono/jsx";
import type { Problem } from "../problems.ts";
import type { Frame } from "../visit.ts";
import { Field } from "./fields.tsx";
import { TextArea } from "./labelled.tsx";
import { Form, Submit, type Sender } from "./form.tsx";
import { Layout } from "./layout.tsx";
import { BackLink, ProblemNotice } from "./parts.tsx";

interface AppealProps extends Frame {
  sender: Sender;
  identifier?: string | undefined;
  words?: string | undefined;
  problem?: Problem | undefined;
}

export const AppealPage: FC<AppealProps> = ({ host, nonce, sender, identifier, words, problem }) => (
  <Layout host={host} nonce={nonce} title="Appeal">
    <BackLink href="/account/sign-in" label="Sign in" />
    <h1>Ask them to look once more</h1>
    <p class="lead">
      If the moderators of {host.name} suspended your account or took it down, and you think that they should
      not have, tell them why.
    </p>
    <ProblemNotice problem={problem} />
    <Form {...sender} step="appeal">
      <Field
        name="identifier"
        label="Handle or e-mail address"
        value={identifier}
        autocomplete="username"
        inputmode="email"
      />
      <Field name="password" label="Password" type="password" autocomplete="current-password" />
      <TextArea name="words" label="Why they should look at it once more" value={words} maxlength={2000} />
      <Submit>Send it to the moderators</Submit>
    </Form>
  </Layout>
);
