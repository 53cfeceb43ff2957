/** The page for a change of the host's address. It says what will happen before it happens. */
import type { FC } from "hono/jsx";
import { COUNTED_MAX, type Progress } from "../../../lifecycle/host/move.ts";
import { Field } from "../fields.tsx";
import { ButtonForm, Form, Submit } from "../form.tsx";
import { counted } from "../words.ts";
import { type DeskFrame, DeskPage } from "./desk-page.tsx";

interface AddressProps extends DeskFrame {
  origin: string;
  former: readonly string[];
  /** Whether the environment sets the address. */
  fixed: boolean;
  progress: Progress | null;
  members: number;
  minutes: number;
  /** An origin that reaches the host, waiting for a yes. */
  wanted: string | null;
  typed: string;
}

export const AddressDeskPage: FC<AddressProps> = (props) => {
  const { origin, former, fixed, progress, members, minutes, wanted, typed, ...frame } = props;
  return (
    <DeskPage
      {...frame}
      title="Address"
      lead={
        <>
          This host is at <strong>{origin}</strong>.
        </>
      }
      back={{ path: "/admin/health", label: "Health" }}
    >
      {progress === null ? null : <UnderWay {...frame} progress={progress} />}
      {wanted === null ? null : <Consequences {...props} wanted={wanted} />}
      {wanted !== null || fixed ? null : (
        <Form {...frame.sender} step="look">
          <Field
            name="PUBLIC_URL"
            label="Another address"
            value={typed}
            hint="The name alone. Give it to the Worker first, as a custom domain: the host is asked there. Nothing changes yet."
            autocomplete="off"
            problem={frame.problem}
          />
          <Submit weight="second">See what would happen</Submit>
        </Form>
      )}
      {fixed ? <Fixed {...frame} members={members} minutes={minutes} /> : null}
      {former.length === 0 ? null : (
        <p class="lead">
          It was at {former.join(", ")} before. Keep those names on the Worker as long as anybody uses them.
        </p>
      )}
    </DeskPage>
  );
};

const many = (n: number): string => (n > COUNTED_MAX ? `more than ${COUNTED_MAX}` : String(n));
const identities = (n: number): string => (n === 1 ? "One identity" : `${many(n)} identities`);
const time = (members: number, minutes: number): string =>
  members > COUNTED_MAX ? "some hours" : counted(minutes, "minute", "no time").toLowerCase();

const UnderWay: FC<DeskFrame & { progress: Progress }> = ({
  progress: { moved, passed, left },
  ...frame
}) => (
  <section class="card">
    <h2>Members’ identities are being changed</h2>
    <p>
      {moved} done, {many(left)} to go.
      {passed === 0 ? null : ` ${identities(passed)} could not be changed from here.`}
    </p>
    <progress max={moved + passed + left} value={moved + passed} aria-label="Identities done" />
    <p class="hint">It goes on by itself, and after a failure from where it was.</p>
    <a class="button quiet" href={frame.to("/admin/address")}>
      Look again
    </a>
  </section>
);

const Consequences: FC<AddressProps & { wanted: string }> = ({
  wanted,
  origin,
  members,
  minutes,
  ...frame
}) => (
  <section>
    <h2>What happens if this host moves to {wanted}</h2>
    <ul class="plain-list">
      <li>
        <strong>{identities(members)}</strong> in the public registry {members === 1 ? "is" : "are"} changed
        to name the new address, which takes about {time(members, minutes)}. The registry keeps every change
        for ever.
      </li>
      <li>
        Whoever keeps their identity themselves, as a did:web or by keys that this host has not, changes it
        themselves. They are counted as the change goes on.
      </li>
      <li>Handles stay as they are, and so do posts, followers, passwords and app passwords.</li>
      <li>
        Apps that members allowed on the host’s page have to be allowed once more, and members sign in once
        more on the host’s pages.
      </li>
      <li>
        Passkeys are bound to the name: members sign in with their password, and add new ones. Look that you
        have yours.
      </li>
      <li>Relays are told. Until they have looked, some new posts may reach the network late.</li>
      <li>
        <strong>{origin}</strong> goes on answering as long as the Worker has that name. Keep it: apps
        remember it.
      </li>
      <li>It costs no money beyond those requests, and can be changed back in the same way.</li>
    </ul>
    <Form {...frame.sender} carried={{ wanted }} step="move">
      <Submit weight="grave">Move to {new URL(wanted).host}</Submit>
    </Form>
    <div class="buttons column">
      <a class="button quiet" href={frame.to("/admin/address")}>
        Leave it as it is
      </a>
    </div>
  </section>
);

const Fixed: FC<DeskFrame & { members: number; minutes: number }> = ({ members, minutes, ...frame }) => (
  <>
    <p class="lead">
      It is set in the Worker’s environment, and changed there: PUBLIC_URL to the new address, FORMER_URLS to
      the old one. Then come back here, so that members’ identities follow ({many(members)} of them, about{" "}
      {time(members, minutes)}).
    </p>
    <ButtonForm {...frame.sender} step="follow" weight="second">
      Let members’ identities follow
    </ButtonForm>
  </>
);
