/** The page to create an account. */
import type { FC } from "hono/jsx";
import type { Member } from "../../identity/member.ts";
import { wrong } from "../problems.ts";
import type { MemberProfile } from "../profiles.ts";
import type { HostWords } from "../visit.ts";
import { AskForm, type AskProps } from "./joining/ask-form.tsx";
import { EmailField, Field, NewPasswordField } from "./fields.tsx";
import { Form, Submit } from "./form.tsx";
import { HandleField } from "./joining/handle-field.tsx";
import { Layout } from "./layout.tsx";
import { BackLink, Person, ProblemNotice } from "./parts.tsx";
import { RECOVERY_SCRIPT, RecoveryKeyPart } from "./recovery-key.tsx";
import type { AppView } from "./sign-in.tsx";

export interface SignUpProps extends AskProps {
  app: AppView | null;
  /** The member who gave the prefilled invite. */
  inviter?: { member: Member; profile: MemberProfile } | null | undefined;
  signIn: string;
}

export const SignUpPage: FC<SignUpProps> = (props) => {
  const { host, nonce, app, inviter, problem, signIn } = props;
  return (
    <Layout host={host} nonce={nonce} title="Create an account" scripts={[RECOVERY_SCRIPT]}>
      <BackLink href={signIn} label="Sign in instead" />
      <h1>Join {host.name}</h1>
      <p class="lead">
        {app === null
          ? "One account, for every app of the AT Protocol."
          : `One account, for ${app.called} and all other apps.`}
      </p>
      {inviter ? (
        <div class="card invited">
          <p class="hint">Invited by</p>
          <Person member={inviter.member} profile={inviter.profile} />
        </div>
      ) : null}
      {host.registration === "closed" ? (
        <ProblemNotice problem={wrong(`${host.name} does not take new accounts at the moment.`)} />
      ) : (
        <>
          <ProblemNotice problem={problem} />
          {host.registration === "approval" && props.values.inviteCode === undefined ? (
            <AskForm {...props} />
          ) : (
            <SignUpForm {...props} />
          )}
        </>
      )}
    </Layout>
  );
};

const Agreement: FC<{ host: HostWords }> = ({ host: { terms, privacy } }) => {
  const links = [
    ...(terms === null ? [] : [<a href={terms}>terms</a>]),
    ...(privacy === null ? [] : [<a href={privacy}>privacy policy</a>]),
  ];
  if (links.length === 0) return null;
  const [first, second] = links;
  return (
    <p class="hint ends">
      By creating an account you accept the {first}
      {second === undefined ? null : <> and the {second}</>} of this community.
    </p>
  );
};

const SignUpForm: FC<SignUpProps> = ({ host, sender, values, problem }) => (
  <Form {...sender} step="sign-up">
    {host.registration === "invite" || host.registration === "approval" ? (
      <Field
        name="inviteCode"
        label="Invite code"
        value={values.inviteCode}
        autocomplete="off"
        problem={problem}
        hint={
          host.registration === "invite" && host.memberInvites
            ? "A member, or whoever runs this place, can give you one."
            : "Whoever runs this place can give you one."
        }
      />
    ) : null}
    <HandleField
      host={host}
      values={values}
      problem={problem}
      autofocus={host.registration === "open" || Boolean(values.inviteCode)}
    />
    <EmailField
      value={values.email}
      problem={problem}
      hint="For a forgotten password. Nobody else sees it."
    />
    <NewPasswordField label="Password" problem={problem} />
    <RecoveryKeyPart made={values.recoveryKey} />
    <Agreement host={host} />
    <Submit>Create account</Submit>
  </Form>
);
