/**
 * The pages that change an account: handle, e-mail address, password, backup, and deactivating or deleting
 * it.
 */
import type { FC } from "hono/jsx";
import { type AccountFrame, TaskPage } from "./account.tsx";
import { ButtonForm, CodeField, EmailField, Field, Form, Icon, NewPasswordField, Submit } from "./parts.tsx";

export const HandlePage: FC<AccountFrame & { wanted?: string | undefined }> = ({ wanted, ...frame }) => (
  <TaskPage
    {...frame}
    title="Handle"
    lead={
      <>
        You are <strong>@{frame.member.handle}</strong>. Posts, follows and followers stay when it changes.
      </>
    }
  >
    <Form {...frame.sender} step="change">
      <Field
        name="handle"
        label="New handle"
        value={wanted}
        autocomplete="off"
        hint={
          <>
            One of ours, like <strong>name{frame.host.handleDomains[0]}</strong>; or a domain of your own,
            whose DNS has the record <code>_atproto</code> with the text <code>did={frame.member.did}</code>.
          </>
        }
      />
      <Submit>Change handle</Submit>
    </Form>
  </TaskPage>
);

interface EmailProps extends AccountFrame {
  wanted?: string | undefined;
  /** Which mailed code is expected: for the change, or to confirm the current address. */
  waiting: "change" | "confirm" | null;
}

export const EmailPage: FC<EmailProps> = ({ wanted, waiting, ...frame }) => {
  const { email, emailConfirmed } = frame.member;
  return (
    <TaskPage
      {...frame}
      title="E-mail address"
      lead={
        email === null ? (
          "Your account has none."
        ) : (
          <>
            <strong>{email}</strong> {emailConfirmed ? "is confirmed." : "is not confirmed yet."} It is used
            for codes only, and shown to nobody but apps that you allow to see it.
          </>
        )
      }
    >
      {waiting === "confirm" ? (
        <Form {...frame.sender} step="confirm">
          <CodeField hint={`Sent to ${email ?? "your address"} just now.`} />
          <Submit>Confirm</Submit>
        </Form>
      ) : email !== null && !emailConfirmed && waiting === null ? (
        <Form {...frame.sender} step="request-confirm">
          <Submit>Send me a code to confirm it</Submit>
        </Form>
      ) : null}
      {waiting === "confirm" ? null : (
        <Form {...frame.sender} step={waiting === "change" ? "change" : "request-change"}>
          <EmailField label="New e-mail address" value={wanted} />
          {waiting === "change" ? (
            <CodeField hint={`Sent to ${email ?? "your address"}, to make sure that it is you.`} />
          ) : null}
          <Submit weight={email !== null && !emailConfirmed ? "second" : "first"}>
            {waiting === "change" ? "Change address" : "Use this address"}
          </Submit>
        </Form>
      )}
    </TaskPage>
  );
};

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

export const BackupPage: FC<AccountFrame & { download: string }> = ({ download, ...frame }) => (
  <TaskPage
    {...frame}
    title="Backup"
    lead="Everything you posted, signed by your key, in one file (a CAR). With it you can move to another host, even if this one is gone."
  >
    <div class="buttons column">
      <a class="button first" href={download}>
        Download the backup
      </a>
    </div>
    <p class="lead">Pictures and videos are not in it; migration tools fetch them one by one.</p>
  </TaskPage>
);

export const LeavePage: FC<AccountFrame & { waiting: boolean }> = ({ waiting, ...frame }) => (
  <TaskPage {...frame} title="Switch off or delete" lead="Take a break, or leave for good.">
    {frame.member.deactivated ? null : (
      <section>
        <h2>Take a break</h2>
        <p class="lead">
          Your account disappears from sight, and nothing is lost. You switch it on again on this page.
        </p>
        <ButtonForm {...frame.sender} step="deactivate" weight="second">
          Switch off
        </ButtonForm>
      </section>
    )}
    <section>
      <h2>Leave for good</h2>
      <p class="lead">
        Everything goes: posts, pictures, followers, and the handle <strong>@{frame.member.handle}</strong>.
        Nobody can bring it back. <a href={frame.to("/account/backup")}>Take a backup first</a>.
      </p>
      {waiting ? (
        <Form {...frame.sender} step="delete">
          <CodeField hint={`Sent to ${frame.member.email ?? "your address"}.`} />
          <Submit weight="grave">
            <Icon name="alert" />
            Delete for good
          </Submit>
        </Form>
      ) : (
        <ButtonForm {...frame.sender} step="request-delete" weight="second">
          Send me a code to delete it
        </ButtonForm>
      )}
    </section>
  </TaskPage>
);
