/** The pages to sign in, sign up, choose an account, and reset a forgotten password. */
import type { FC } from "hono/jsx";
import type { Member, MemberProfile } from "../../oauth/members.ts";
import { Layout, type Frame } from "./layout.tsx";
import {
  BackLink,
  ButtonForm,
  Check,
  Done,
  EmailField,
  Field,
  Form,
  Icon,
  NewPasswordField,
  Person,
  Problem,
  Submit,
  type Sender,
} from "./parts.tsx";

export const PASSKEY_SCRIPT = "/account/passkey.js";

/** The app that somebody is signing in to; there is none on the account page. */
export interface AppView {
  name: string;
  /** The name for use within a sentence. */
  called: string;
  /** The app's origin, which nobody can fake. */
  from: string;
}

interface SignInProps extends Frame {
  sender: Sender;
  app: AppView | null;
  identifier?: string | undefined;
  problem?: string | null | undefined;
  done?: string | null | undefined;
  /** Paths; null if there is no such page to go to. */
  signUp: string | null;
  choose: string | null;
  /** Whether the member must prove once more who they are. */
  again?: boolean;
}

/** Shown by the script if the browser supports passkeys. */
const PasskeyWay: FC = () => (
  <div id="passkey" hidden class="stack">
    <p class="or">or</p>
    <div class="buttons column">
      <button class="second" type="button" id="passkey-button">
        <Icon name="key" />
        Sign in with a passkey
      </button>
    </div>
    <p class="wrong" id="passkey-problem" role="alert"></p>
  </div>
);

const Cancel: FC<{ sender: Sender; app: AppView }> = ({ sender, app }) => (
  <ButtonForm {...sender} step="deny" weight="plain">
    Cancel and go back to {app.called}
  </ButtonForm>
);

export const SignInPage: FC<SignInProps> = (props) => {
  const { host, nonce, sender, app, identifier, problem, done, signUp, choose, again } = props;
  return (
    <Layout host={host} nonce={nonce} title="Sign in" scripts={[PASSKEY_SCRIPT]}>
      {choose === null ? null : <BackLink href={choose} label="Other accounts" />}
      <h1>{again ? "Is it you?" : "Sign in"}</h1>
      <p class="lead">
        {again ? (
          "Please sign in once more before you change this."
        ) : app === null ? (
          <>To look after your account at {host.name}.</>
        ) : (
          <>
            With your account at {host.name}, to go on to <strong>{app.called}</strong>.
          </>
        )}
      </p>
      <Done message={done} />
      <Problem message={problem} />
      <Form {...sender} step="sign-in">
        <Field
          name="identifier"
          label="Handle or e-mail address"
          value={identifier}
          autocomplete="username webauthn"
          inputmode="email"
          autofocus={identifier === undefined}
        />
        <Field
          name="password"
          label="Password"
          type="password"
          autocomplete="current-password"
          autofocus={identifier !== undefined}
        />
        <Check name="remember" label="Stay signed in on this browser" checked />
        <Submit>Sign in</Submit>
      </Form>
      <div class="aside">
        <PasskeyWay />
        <p class="links">
          <a href="/account/reset">Forgot your password?</a>
          {signUp === null ? null : <a href={signUp}>Create an account</a>}
        </p>
      </div>
      {app === null ? null : <Cancel sender={sender} app={app} />}
    </Layout>
  );
};

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

interface ChooseProps extends Frame {
  sender: Sender;
  app: AppView | null;
  people: { member: Member; profile: MemberProfile; stale: boolean }[];
  other: string;
}

export const ChoosePage: FC<ChooseProps> = ({ host, nonce, sender, app, people, other }) => (
  <Layout host={host} nonce={nonce} title="Choose an account">
    <h1>Choose an account</h1>
    <p class="lead">To go on to {app === null ? "your account page" : <strong>{app.called}</strong>}.</p>
    <ul class="people">
      {people.map(({ member, profile, stale }) => (
        <li>
          <Form {...sender} carried={{ ...sender.carried, did: member.did }} step="choose">
            <button type="submit">
              <Person member={member} profile={profile} />
              <span class="arrow">
                {stale ? <span class="visually-hidden">, asks for the password</span> : null}
                <Icon name="arrow" />
              </span>
            </button>
          </Form>
        </li>
      ))}
    </ul>
    <p class="lead">
      <a href={other}>Use another account</a>
    </p>
    {app === null ? null : <Cancel sender={sender} app={app} />}
  </Layout>
);

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
