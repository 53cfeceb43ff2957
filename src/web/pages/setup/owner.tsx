/** The page of the owner's account. */
import type { FC } from "hono/jsx";
import { EmailField, Field, NewPasswordField } from "../fields.tsx";
import { ButtonForm, Form, Submit } from "../form.tsx";
import { RECOVERY_SCRIPT, RecoveryKeyPart } from "../recovery-key.tsx";
import { Row } from "../account/rows.tsx";
import { HandleEnding, type SignUpValues } from "../joining/handle-field.tsx";
import { SetUpPage, type SetUpFrame } from "./frame.tsx";

interface OwnerProps extends SetUpFrame {
  owned: boolean;
  /** Whether the host has no address yet. */
  unset: boolean;
  values: SignUpValues;
  /** The name that was typed of an account that is here; null if that form was not sent. */
  known: string | null;
  /** Whether nobody may join, not even with an invite. */
  closed: boolean;
}

/** In front of the names of fields for an account that is here: a new one's fields are on the same page. */
export const KNOWN = "known-";

export const OwnerPage: FC<OwnerProps> = ({ owned, unset, values, known, closed, ...frame }) => {
  if (owned) return <Owned {...frame} />;
  return (
    <SetUpPage
      {...frame}
      title="Your account"
      lead="The owner’s: it may do everything on this host. From then on, its sign-in takes the place of the code."
      scripts={[RECOVERY_SCRIPT]}
    >
      {unset ? (
        <p class="notice plainly">
          <span>
            The host needs <a href="/setup/address">its address</a> first: your identity will name it.
          </span>
        </p>
      ) : (
        <>
          <SignUpForm {...frame} values={values} />
          <KnownForm {...frame} known={known} />
        </>
      )}
      <Moving {...frame} how={unset ? "later" : closed ? "closed" : "invite"} />
    </SetUpPage>
  );
};

const SignUpForm: FC<SetUpFrame & { values: SignUpValues }> = ({ values, problem, sender, host }) => (
  <Form {...sender} step="sign-up">
    {host.hostname.endsWith(".workers.dev") ? (
      <Field
        name="handle"
        label="Handle"
        value={values.handle ?? host.hostname}
        autocomplete="username"
        problem={problem}
        hint="The host’s own name: at workers.dev, nobody finds a handle below it. It can be changed later, to one of your own domain."
      />
    ) : (
      <Field
        name="handle"
        label="Handle"
        value={values.handle}
        autocomplete="username"
        problem={problem}
        hint="Your name here: letters, digits or dashes."
        tail={<HandleEnding domains={host.handleDomains} chosen={values.domain} />}
      />
    )}
    <EmailField value={values.email} problem={problem} hint="For a forgotten password, and for reports." />
    <NewPasswordField label="Password" problem={problem} />
    <RecoveryKeyPart made={values.recoveryKey} />
    <Submit>Create your account</Submit>
  </Form>
);

const KnownForm: FC<SetUpFrame & { known: string | null }> = ({ known, problem, sender }) => (
  <details open={known !== null}>
    <summary>Or take an account that is here already</summary>
    <Form {...sender} step="take">
      <Field
        id={`${KNOWN}identifier`}
        name="identifier"
        label="Its handle or e-mail address"
        value={known ?? ""}
        autocomplete="off"
        inputmode="email"
        problem={problem}
      />
      <Field
        id={`${KNOWN}password`}
        name="password"
        label="Its password"
        type="password"
        autocomplete="current-password"
        problem={problem}
      />
      <Submit weight="second">Make it the owner’s</Submit>
    </Form>
  </details>
);

const Owned: FC<SetUpFrame> = (frame) => (
  <SetUpPage
    {...frame}
    title="Your account"
    lead="This host has its owner. Before you go on, make it hard to lose and hard to steal:"
  >
    <div class="rows">
      <Row
        href="/account/passkeys"
        title="Add a passkey"
        at="Sign in with your fingerprint, your face or a PIN, on this address alone."
      />
      <Row
        href="/account/recovery"
        title="Keep a recovery key"
        at="With it your account outlives this host. Skip this if you made one with the account."
      />
    </div>
    <Form {...frame.sender} step="go-on">
      <Submit>Go on</Submit>
    </Form>
    <Moving {...frame} how="later" />
  </SetUpPage>
);

/** `how`: whether an account may move in, with an invite. */
const Moving: FC<SetUpFrame & { how: "invite" | "closed" | "later" }> = ({ how, sender }) => (
  <section>
    <h2>You have an account elsewhere?</h2>
    <p class="lead">
      It can move here, with its posts and followers. In the folder of the project,{" "}
      <code>npm run migrate</code> asks for what it needs and leads you through; any other tool for moving an
      account works too. {how === "later" ? "Invites are made on the admin pages." : null}
      {how === "closed" ? (
        <>
          It needs an invite, and nobody may join: for now, say “People with an invite” at{" "}
          <a href="/setup/joining">Who may join</a>.
        </>
      ) : null}
    </p>
    {how === "invite" ? (
      <>
        <p class="lead">Once it is here, come back to this page, and take it as the owner’s account.</p>
        <ButtonForm {...sender} step="invite">
          Make an invite for it
        </ButtonForm>
      </>
    ) : null}
  </section>
);
