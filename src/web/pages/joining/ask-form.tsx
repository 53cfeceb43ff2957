/** The form to ask first, where new members are approved. The password comes with the account. */
import type { FC } from "hono/jsx";
import { REASON_MAX } from "../../../moderation/join-requests.ts";
import type { Problem } from "../../problems.ts";
import type { Frame } from "../../visit.ts";
import { EmailField } from "../fields.tsx";
import { TextArea } from "../labelled.tsx";
import { Form, type Sender, Submit } from "../form.tsx";
import { HandleField, type SignUpValues } from "./handle-field.tsx";
import { REQUEST_PATH } from "./request.tsx";

export interface AskProps extends Frame {
  sender: Sender;
  values: SignUpValues;
  problem?: Problem | null | undefined;
  /** Where to enter an invite, for who has one. */
  withInvite: string;
  /** Whether somebody asked to join from this browser before. */
  hasAsked?: boolean;
}

export const AskForm: FC<AskProps> = ({ host, sender, values, problem, withInvite, hasAsked = false }) => (
  <>
    <p class="lead">
      {host.name} lets new members in by hand. Say who you are, and why you want to join; the name that you
      choose is kept for you meanwhile.
    </p>
    {hasAsked ? (
      <p class="lead">
        You asked from this browser before: <a href={REQUEST_PATH}>see how it stands</a>.
      </p>
    ) : null}
    <Form {...sender} action="/account/sign-up" step="ask">
      <HandleField host={host} values={values} problem={problem} autofocus />
      <EmailField
        value={values.email}
        problem={problem}
        hint="Only those who run this place see it. The answer comes there, if the host can send mail."
      />
      <TextArea
        name="reason"
        label="Why you want to join"
        hint="A few sentences are enough: 1,000 characters at most."
        value={values.reason}
        maxlength={REASON_MAX}
        problem={problem}
      />
      <Submit>Ask to join</Submit>
    </Form>
    <p class="hint ends">
      <a href={withInvite}>I have an invite</a>
    </p>
  </>
);
