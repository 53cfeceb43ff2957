/** The pages to take a backup, to see what a move left unshown, and to switch an account off or delete it. */
import type { FC } from "hono/jsx";
import type { IrregularRecords } from "../../../protocol/account-station.ts";
import { CodeField } from "../fields.tsx";
import { ButtonForm, Form, Submit } from "../form.tsx";
import { Icon } from "../icons.tsx";
import { Truth } from "./recovery.tsx";
import { Words } from "./rows.tsx";
import { type AccountFrame, TaskPage } from "./task-page.tsx";

const pathWithQuery = (path: string, name: string, value: number): string =>
  `${path}${path.includes("?") ? "&" : "?"}${name}=${value}`;

interface BackupProps extends AccountFrame {
  /** Archives that it takes. */
  parts: number;
  keys: string[] | "away" | null;
}

export const BackupPage: FC<BackupProps> = ({ parts, keys, ...frame }) => (
  <TaskPage
    {...frame}
    title="Backup"
    lead="Your posts, signed by your key, your pictures and videos, your apps’ settings, mutes, bookmarks and drafts. Any host can take it in; a text inside says how."
  >
    <div class="buttons column">
      {Array.from({ length: parts }, (_, i) => (
        <a
          class={i === 0 ? "button first" : "button second"}
          href={pathWithQuery(frame.to("/account/backup.tar"), "part", i + 1)}
        >
          {parts === 1 ? "Download the backup" : `Download part ${i + 1} of ${parts}`}
        </a>
      ))}
      <a class="button quiet" href={frame.to("/account/backup.car")}>
        Only what I posted (a CAR)
      </a>
    </div>
    <p class="lead">
      No password and no secret key is in it. {parts === 1 ? "" : "Unpack all parts into one folder. "}You are
      asked to sign in once more first.
    </p>
    <section>
      <h2>If this host were gone</h2>
      <p class="lead">
        <Truth keys={keys} frame={frame} />
      </p>
      {Array.isArray(keys) ? (
        <p class="lead">
          <a href={frame.to("/account/recovery")}>
            {keys.length === 0 ? "Make a recovery key" : "Look after your recovery key"}
          </a>
        </p>
      ) : null}
    </section>
  </TaskPage>
);

export const IrregularPage: FC<AccountFrame & { irregular: IrregularRecords }> = ({
  irregular,
  ...frame
}) => {
  const { count, records } = irregular;
  return (
    <TaskPage
      {...frame}
      title="Records that do not show"
      lead="Your last host took these records, but they break today's rules. They are kept as they are, and are in your backup. Apps do not show them. To have one shown, an app has to write it anew."
    >
      <div class="rows">
        {records.map(({ uri, reason }) => (
          <div>
            <Words title={uri.split("/").slice(3).join("/")} at={reason} />
          </div>
        ))}
      </div>
      {count > records.length ? <p class="lead">And {count - records.length} more.</p> : null}
    </TaskPage>
  );
};

export const LeavePage: FC<AccountFrame & { waiting: boolean }> = ({ waiting, ...frame }) => (
  <TaskPage {...frame} title="Switch off or delete" lead="Take a break, or leave for good.">
    {frame.member.state === "deactivated" ? null : (
      <section>
        <h2>Take a break</h2>
        <p class="lead">
          Your account disappears from sight, and nothing is lost. To come back, sign in here or in an app,
          and switch it on again.
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
          <CodeField hint={`Sent to ${frame.member.email ?? "your address"}.`} problem={frame.problem} />
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
