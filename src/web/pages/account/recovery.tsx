/** The page of a member's recovery key. */
import type { FC } from "hono/jsx";
import { CodeField } from "../fields.tsx";
import { ButtonForm, Form, Submit } from "../form.tsx";
import { Icon } from "../icons.tsx";
import { RECOVERY_SCRIPT, RecoveryKeyPart } from "../recovery-key.tsx";
import { EndingRow } from "./rows.tsx";
import { type AccountFrame, TaskPage } from "./task-page.tsx";

/** The purpose of the mailed code: another key, or the end of one. */
export type RecoveryAsked = { step: "add" } | { step: "remove"; key: string };

interface RecoveryProps extends AccountFrame {
  /** did:keys by descending authority; "away" if the registry cannot be asked, null for a did:web. */
  keys: string[] | "away" | null;
  asked: RecoveryAsked | null;
  /** The public half of a key made on an earlier try. */
  made?: string | undefined;
}

export const RecoveryPage: FC<RecoveryProps> = ({ keys, asked, made, ...frame }) => (
  <TaskPage
    {...frame}
    title="Recovery key"
    lead={<Truth keys={keys} frame={frame} />}
    scripts={[RECOVERY_SCRIPT]}
  >
    {Array.isArray(keys) && asked === null ? <Keys {...frame} keys={keys} /> : null}
    {asked?.step === "add" ? <AddForm {...frame} made={made} /> : null}
    {asked?.step === "remove" ? <RemoveForm {...frame} removed={asked.key} /> : null}
    <noscript>
      <p class="notice plainly">A recovery key is made by your browser, which needs JavaScript for it.</p>
    </noscript>
  </TaskPage>
);

/** Says who can move the account. */
export const Truth: FC<{ keys: RecoveryProps["keys"]; frame: AccountFrame }> = ({ keys, frame }) => {
  const { host, member } = frame;
  if (keys === null) {
    return (
      <>
        Your identity is a domain of your own, <strong>{member.did.slice("did:web:".length)}</strong>. Whoever
        keeps it can move the account: it needs no recovery key.
      </>
    );
  }
  if (keys === "away") return <>The registry of identities cannot be reached right now. Please try again.</>;
  return keys.length > 0 ? (
    <>
      Your identity has {keys.length === 1 ? "a recovery key" : `${keys.length} recovery keys`}. Whoever holds
      it can, with a backup, move the account to another host, even if this one is gone.
    </>
  ) : (
    <>
      So far, only {host.name} can move your account to another host. If it were gone, your backup would still
      be yours, but your name and your followers would be lost. A recovery key keeps them yours.
    </>
  );
};

const Keys: FC<AccountFrame & { keys: string[] }> = ({ keys, ...frame }) => (
  <>
    {keys.length === 0 ? null : (
      <div class="rows">
        {keys.map((key) => (
          <EndingRow
            {...frame.sender}
            carried={{ key }}
            step="request-remove"
            title="Recovery key"
            at={`Its public half ends in ${key.slice(-8)}`}
            does="Remove"
            whom={`the key that ends in ${key.slice(-8)}`}
          />
        ))}
      </div>
    )}
    <ButtonForm {...frame.sender} step="request-add" weight="second">
      {keys.length === 0 ? "Send me a code to add a recovery key" : "Send me a code to add another one"}
    </ButtonForm>
  </>
);

const AddForm: FC<AccountFrame & { made: string | undefined }> = ({ made, ...frame }) => (
  <Form {...frame.sender} step="add">
    <CodeField hint={`Sent to ${frame.member.email ?? "your address"}.`} problem={frame.problem} />
    <RecoveryKeyPart made={made} required />
    <Submit>
      <Icon name="key" />
      Add it to my identity
    </Submit>
  </Form>
);

const RemoveForm: FC<AccountFrame & { removed: string }> = ({ removed, ...frame }) => (
  <Form {...frame.sender} carried={{ key: removed }} step="remove">
    <p class="lead">
      The key that ends in <strong>{removed.slice(-8)}</strong> will open nothing any more.
    </p>
    <CodeField hint={`Sent to ${frame.member.email ?? "your address"}.`} problem={frame.problem} />
    <Submit weight="grave">
      <Icon name="alert" />
      Remove the key
    </Submit>
  </Form>
);
