/** The page to create an account. */
import type { FC } from "hono/jsx";
import type { Member } from "../../identity/directory.ts";
import type { MemberProfile } from "../profiles.ts";
import type { Frame } from "../visit.ts";
import { EmailField, Field, NewPasswordField } from "./fields.tsx";
import { Form, Submit, type Sender } from "./form.tsx";
import { Layout } from "./layout.tsx";
import { BackLink, Person, Problem } from "./parts.tsx";
import type { AppView } from "./sign-in.tsx";

export interface SignUpValues {
  handle?: string | undefined;
  domain?: string | undefined;
  email?: string | undefined;
  inviteCode?: string | undefined;
}

interface SignUpProps extends Frame {
  sender: Sender;
  app: AppView | null;
  values: SignUpValues;
  /** The member who gave the prefilled invite. */
  inviter?: { member: Member; profile: MemberProfile } | null | undefined;
  problem?: string | null | undefined;
  signIn: string;
}

/** The ending of every handle, or a choice of endings. */
const HandleEnding: FC<{ domains: readonly string[]; chosen: string | undefined }> = ({ domains, chosen }) =>
  domains.length > 1 ? (
    <select name="domain" class="tail" aria-label="Domain of the handle">
      {domains.map((each) => (
        <option value={each} selected={each === chosen}>
          {each}
        </option>
      ))}
    </select>
  ) : (
    <span class="tail ending">{domains[0]}</span>
  );

export const SignUpPage: FC<SignUpProps> = (props) => {
  const { host, nonce, sender, app, values, inviter, problem, signIn } = props;
  return (
    <Layout host={host} nonce={nonce} title="Create an account">
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
        <Problem message={`${host.name} does not take new accounts at the moment.`} />
      ) : (
        <>
          <Problem message={problem} />
          <SignUpForm host={host} sender={sender} values={values} />
        </>
      )}
    </Layout>
  );
};

const SignUpForm: FC<Pick<SignUpProps, "host" | "sender" | "values">> = ({ host, sender, values }) => (
  <Form {...sender} step="sign-up">
    {host.registration === "invite" ? (
      <Field
        name="inviteCode"
        label="Invite code"
        value={values.inviteCode}
        autocomplete="off"
        hint="A member, or whoever runs this place, can give you one."
      />
    ) : null}
    <Field
      name="handle"
      label="Handle"
      value={values.handle}
      autocomplete="username"
      maxlength={18}
      minlength={3}
      hint="Your name here: 3 to 18 letters, digits or dashes."
      tail={<HandleEnding domains={host.handleDomains} chosen={values.domain} />}
      autofocus={host.registration === "open" || Boolean(values.inviteCode)}
    />
    <EmailField value={values.email} hint="For a forgotten password. Nobody else sees it." />
    <NewPasswordField label="Password" />
    <Submit>Create account</Submit>
  </Form>
);
