/** The page of the host's backups: whether there are any, the last ones, the key, and where they go. */
import type { FC } from "hono/jsx";
import type { ShownRun } from "../../../lifecycle/backup/status.ts";
import type { Input } from "../../setup/inputs.ts";
import { Words } from "../account/rows.tsx";
import { ButtonForm, Form, Submit } from "../form.tsx";
import { SettingInput, type Shown } from "../setup/settings-form.tsx";
import { counted, bytesInWords } from "../words.ts";
import { BACKUP_KEY_SCRIPT, BackupKeyPart } from "./backup-key.tsx";
import { type DeskFrame, DeskPage } from "./desk-page.tsx";

export const BACKUP_INPUTS: readonly Input[] = [
  {
    kind: "choice",
    name: "BACKUP_EVERY",
    label: "A backup begins",
    options: [
      { value: "day", label: "Each day", hint: "Only who changed something is visited." },
      { value: "week", label: "Each week", hint: "What was written since the last one may be lost." },
    ],
  },
  { kind: "text", name: "BACKUP_KEEP", label: "How many are kept", hint: "Older ones are deleted." },
  {
    kind: "text",
    name: "BACKUP_TO",
    label: "Bucket elsewhere",
    hint: "Like https://s3.example.com/bucket/folder, of any S3 service; with ?region=… if it asks for one. Left empty, they are in this host’s own R2, which a lost Cloudflare account takes along.",
  },
  {
    kind: "text",
    type: "password",
    name: "BACKUP_S3_KEY",
    label: "Key of that bucket",
    hint: "The access key’s id, a colon, and its secret.",
  },
];

interface BackupsProps extends DeskFrame {
  /** Whether there is a key, and whether the environment sets it. */
  key_: { isSet: boolean; isFixed: boolean };
  runs: readonly ShownRun[];
  shown: (input: Input) => Shown;
}

export const BackupsPage: FC<BackupsProps> = ({ key_, runs, shown, ...frame }) => (
  <DeskPage
    {...frame}
    title="Backups"
    lead={
      key_.isSet
        ? "This host keeps copies of its accounts by itself. Look once a year whether they would bring it back: docs/backups.md says how."
        : "So far, nothing is kept: what this host loses is lost. Make a key, and it begins within minutes."
    }
    scripts={[BACKUP_KEY_SCRIPT]}
    back={{ path: "/admin/settings", label: "Settings" }}
  >
    {key_.isSet ? <Runs {...frame} runs={runs} /> : null}
    <section>
      <h2>The key</h2>
      <p class="lead">
        Keys and passwords in a backup are sealed for a key that this host does not have.{" "}
        {key_.isSet ? "With another key, the next backup begins with everything anew." : null}
      </p>
      {key_.isFixed ? (
        <p class="hint">It is set in the Worker’s environment, and changed there.</p>
      ) : (
        <Form {...frame.sender} step="key">
          <BackupKeyPart />
        </Form>
      )}
    </section>
    <section>
      <h2>When, and where to</h2>
      <Form {...frame.sender} step="save">
        {BACKUP_INPUTS.map((input) => (
          <SettingInput input={input} shown={shown(input)} problem={frame.problem ?? undefined} />
        ))}
        <Submit weight="second">Save</Submit>
      </Form>
    </section>
  </DeskPage>
);

const Runs: FC<DeskFrame & { runs: readonly ShownRun[] }> = ({ runs, ...frame }) => (
  <section>
    <h2>The last ones</h2>
    {runs.length === 0 ? <p class="lead">The first begins within minutes.</p> : null}
    <div class="rows">
      {runs.map((run) => (
        <div>
          <Words title={dayOf(run.id)} at={stateOf(run)} />
          {run.error === null ? null : <span class="tag bad">stuck</span>}
        </div>
      ))}
    </div>
    {runs.some(({ phase }) => phase !== "done") ? null : (
      <ButtonForm {...frame.sender} step="start">
        Back up now
      </ButtonForm>
    )}
  </section>
);

const dayOf = (run: string): string =>
  run.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)\d\dZ$/, "$1-$2-$3, $4:$5 UTC");

function stateOf({ endedAt, phase, accounts, visited, bytes, failed, error }: ShownRun): string {
  if (error !== null) return `It does not get on: ${error}. It is tried again each minute.`;
  const failures = failed.length === 0 ? "" : ` ${counted(failed.length, "account")} could not be read.`;
  if (endedAt === null) return `Under way (${phase}): ${counted(visited, "account")} so far.${failures}`;
  return `${counted(accounts, "account")}, ${visited} of them visited, ${bytesInWords(bytes)} written.${failures}`;
}
