/** The pages of password, passkeys and app passwords. */
import type { FC } from "hono/jsx";
import type { Credentials } from "../../../lifecycle/credentials.ts";
import type { AppPassword } from "../../../protocol/account-station.ts";
import type { PasskeyView } from "../../../oauth/stores/passkeys.ts";
import { COPY_SCRIPT, Copy } from "../copy.tsx";
import { Check, Field, NewPasswordField } from "../fields.tsx";
import { ButtonForm, Form, Submit } from "../form.tsx";
import { Icon } from "../icons.tsx";
import { day } from "../parts.tsx";
import { PASSKEY_SCRIPT } from "../sign-in.tsx";
import { counted } from "../words.ts";
import { EndingRow, Row } from "./rows.tsx";
import { type AccountFrame, TaskPage } from "./task-page.tsx";

interface PasswordProps extends AccountFrame {
  others: Credentials;
}

export const PasswordPage: FC<PasswordProps> = ({ others, ...frame }) => (
  <TaskPage
    {...frame}
    title="Password"
    lead="When it changes, you are signed out everywhere else: in other browsers and in all apps."
  >
    <Form {...frame.sender} step="change">
      <input
        type="text"
        name="username"
        value={frame.member.handle}
        autocomplete="username"
        readonly
        hidden
      />
      <NewPasswordField problem={frame.problem} />
      <Submit>Set password</Submit>
    </Form>
    <OtherWays {...frame} others={others} />
  </TaskPage>
);

/** Credentials that a new password does not lock out, and the way to do so. */
const OtherWays: FC<PasswordProps> = ({ others, to, sender }) => {
  const { passkeys, appPasswords } = others;
  if (passkeys.length + appPasswords.length === 0) {
    return (
      <section>
        <h2>Nothing else opens your account</h2>
        <p class="lead">You have neither passkeys nor app passwords.</p>
      </section>
    );
  }
  return (
    <section>
      <h2>What else opens your account</h2>
      <p class="lead">
        These go on working when the password changes. If somebody else has had your account, remove them.
      </p>
      <div class="rows">
        {passkeys.length === 0 ? null : (
          <Row
            href={to("/account/passkeys")}
            title={counted(passkeys.length, "passkey")}
            at={passkeys.map(({ name }) => name).join(", ")}
          />
        )}
        {appPasswords.length === 0 ? null : (
          <Row
            href={to("/account/app-passwords")}
            title={counted(appPasswords.length, "app password")}
            at={appPasswords.map(({ name }) => name).join(", ")}
          />
        )}
      </div>
      <ButtonForm {...sender} step="revoke-others" weight="second">
        Remove them all
      </ButtonForm>
    </section>
  );
};

export const PasskeysPage: FC<AccountFrame & { passkeys: PasskeyView[] }> = ({ passkeys, ...frame }) => (
  <TaskPage
    {...frame}
    title="Passkeys"
    lead="A passkey signs you in with your fingerprint, your face or your device’s PIN. Nobody can guess it, and no false page can ask you for it."
    scripts={[PASSKEY_SCRIPT]}
  >
    {passkeys.length === 0 ? null : (
      <div class="rows">
        {passkeys.map(({ id, name, createdAt, usedAt }) => (
          <EndingRow
            {...frame.sender}
            carried={{ id }}
            step="remove"
            title={name}
            at={`Since ${day(createdAt)}, ${usedAt === null ? "never used" : `last used ${day(usedAt)}`}`}
            does="Remove"
            whom={name}
          />
        ))}
      </div>
    )}
    <Form {...frame.sender} step="add">
      <Field
        name="name"
        label="Name for a new passkey"
        problem={frame.problem}
        hint="So that you know it again: “My phone”, for instance."
        maxlength={60}
      />
      <Submit>
        <Icon name="key" />
        Add a passkey
      </Submit>
      <p class="wrong" id="passkey-problem" role="alert"></p>
    </Form>
    <noscript>
      <p class="notice plainly">Passkeys need JavaScript. Everything else here goes without.</p>
    </noscript>
  </TaskPage>
);

interface AppPasswordsProps extends AccountFrame {
  appPasswords: AppPassword[];
  created: { name: string; password: string } | null;
}

export const AppPasswordsPage: FC<AppPasswordsProps> = ({ appPasswords, created, ...frame }) => (
  <TaskPage
    {...frame}
    title="App passwords"
    lead="For apps that ask for handle and password instead of sending you here. Such an app can post as you, but cannot change your account."
    scripts={[COPY_SCRIPT]}
  >
    {created === null ? null : (
      <div class="card" role="status">
        <h2>The password for “{created.name}”</h2>
        <p class="secret">{created.password}</p>
        <Copy text={created.password} what="the app password" />
        <p class="hint">Copy it now: it is shown this once only.</p>
      </div>
    )}
    {appPasswords.length === 0 ? null : (
      <div class="rows">
        {appPasswords.map(({ name, createdAt, privileged }) => (
          <EndingRow
            {...frame.sender}
            carried={{ name }}
            step="revoke"
            title={name}
            at={`Since ${day(createdAt)}${privileged ? " · reads private messages" : ""}`}
            does="Revoke"
            whom={name}
          />
        ))}
      </div>
    )}
    <Form {...frame.sender} step="create">
      <Field name="name" label="Name of the app" maxlength={32} autocomplete="off" problem={frame.problem} />
      <Check name="privileged" label="It may read and send private messages" />
      <Submit>Make an app password</Submit>
    </Form>
  </TaskPage>
);
