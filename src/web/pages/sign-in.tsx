/** The page to sign in. */
import type { FC } from "hono/jsx";
import type { Problem } from "../problems.ts";
import type { Frame } from "../visit.ts";
import { Check, Field } from "./fields.tsx";
import { ButtonForm, Form, Submit, type Sender } from "./form.tsx";
import { Icon } from "./icons.tsx";
import { Layout } from "./layout.tsx";
import { BackLink, ProblemNotice } from "./parts.tsx";

export const PASSKEY_SCRIPT = "/account/passkey.js";

/** The app that somebody is signing in to; there is none on the account page. */
export interface AppView {
  name: string;
  /** The name for use within a sentence. */
  called: string;
  /** The app's origin, which nobody can fake; null if it runs on the member's own device. */
  from: string | null;
}

interface SignInProps extends Frame {
  sender: Sender;
  app: AppView | null;
  identifier?: string | undefined;
  problem?: Problem | null | undefined;
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

export const Cancel: FC<{ sender: Sender; app: AppView }> = ({ sender, app }) => (
  <ButtonForm {...sender} step="deny" weight="plain">
    Cancel and go back to {app.called}
  </ButtonForm>
);

export const SignInPage: FC<SignInProps> = (props) => {
  const { host, nonce, sender, app, identifier, problem, signUp, choose, again } = props;
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
      <ProblemNotice problem={problem} />
      <Form {...sender} step="sign-in">
        <Field
          name="identifier"
          label="Handle or e-mail address"
          value={identifier}
          autocomplete="username webauthn"
          inputmode="email"
          problem={problem}
          autofocus={identifier === undefined}
        />
        <Field
          name="password"
          label="Password"
          type="password"
          autocomplete="current-password"
          problem={problem}
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
