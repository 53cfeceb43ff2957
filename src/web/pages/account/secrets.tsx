/** The pages of password, passkeys and app passwords. */
import type { FC } from "hono/jsx";
import type { AppPassword } from "../../../protocol/account-station.ts";
import type { PasskeyView } from "../../sign-in/passkeys.ts";
import { Check, Field, NewPasswordField } from "../fields.tsx";
import { Form, Submit } from "../form.tsx";
import { Icon } from "../icons.tsx";
import { day } from "../parts.tsx";
import { PASSKEY_SCRIPT } from "../sign-in.tsx";
import { EndingRow } from "./rows.tsx";
import { type AccountFrame, TaskPage } from "./task-page.tsx";

export const PasswordPage: FC<AccountFrame> = (frame) => (
  <TaskPage {...frame} title="Password" lead="Apps and other browsers are signed out when it changes.">
    <Form {...frame.sender} step="change">
      <input
        type="text"
        name="username"
        value={frame.member.handle}
        autocomplete="username"
        readonly
        hidden
      />
      <NewPasswordField />
      <Submit>Set password</Submit>
    </Form>
  </TaskPage>
);

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
  >
    {created === null ? null : (
      <div class="card" role="status">
        <h2>The password for “{created.name}”</h2>
        <p class="secret">{created.password}</p>
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
      <Field name="name" label="Name of the app" maxlength={32} autocomplete="off" />
      <Check name="privileged" label="It may read and send private messages" />
      <Submit>Make an app password</Submit>
    </Form>
  </TaskPage>
);
