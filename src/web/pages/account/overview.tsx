/** The account page: an overview, with a link to each change. */
import type { FC } from "hono/jsx";
import type { MemberProfile } from "../../profiles.ts";
import { ButtonForm, type Sender } from "../form.tsx";
import { Icon } from "../icons.tsx";
import { Layout } from "../layout.tsx";
import { Done, Person, ProblemNotice } from "../parts.tsx";
import { counted } from "../words.ts";
import { Row } from "./rows.tsx";
import type { AccountFrame } from "./task-page.tsx";

interface Counts {
  /** Records that do not show in apps. */
  irregular: number;
  apps: number;
  browsers: number;
  passkeys: number;
  appPasswords: number;
  /** Invites left to make; null if there are none to speak of. */
  invites: number | null;
}

interface OverviewProps extends AccountFrame {
  profile: MemberProfile;
  counts: Counts;
  /** Whether other members are signed in on this browser. */
  others: boolean;
  /** Whether the member holds a role. */
  holdsRole: boolean;
}

export const OverviewPage: FC<OverviewProps> = (props) => {
  const { host, nonce, member, profile, sender, done, problem, others, holdsRole, to } = props;
  return (
    <Layout host={host} nonce={nonce} title="Your account" wide>
      <h1>Your account</h1>
      <div class="card">
        <Person member={member} profile={profile} />
      </div>
      <Done message={done} />
      <ProblemNotice problem={problem} />
      {member.state === "deactivated" ? <SwitchedOff sender={sender} /> : null}
      <AboutYou {...props} />
      <SigningIn {...props} />
      <Apps {...props} />
      <YourData {...props} />
      {holdsRole ? (
        <section>
          <h2>Your role</h2>
          <div class="rows">
            <Row href={to("/admin")} title={`Look after ${host.name}`} at="Members, reports, invites" />
          </div>
        </section>
      ) : null}
      <section>
        <ButtonForm {...sender} step="sign-out">
          Sign out on this browser
        </ButtonForm>
        {others ? (
          <p class="lead">
            <a href="/account/choose">Another account</a>
          </p>
        ) : null}
      </section>
    </Layout>
  );
};

const SwitchedOff: FC<{ sender: Sender }> = ({ sender }) => (
  <div class="notice plainly">
    <Icon name="alert" />
    <div class="tight">
      <p>Your account is switched off: nobody sees it.</p>
      <ButtonForm {...sender} step="activate">
        Switch it on again
      </ButtonForm>
    </div>
  </div>
);

const AboutYou: FC<OverviewProps> = ({ member, counts, to }) => {
  const { handle, email, emailConfirmedAt } = member;
  return (
    <section>
      <h2>About you</h2>
      <div class="rows">
        <Row href={to("/account/handle")} title="Handle" at={`@${handle}`} />
        <Row
          href={to("/account/email")}
          title="E-mail address"
          at={email === null ? "None" : `${email}${emailConfirmedAt === null ? " · not confirmed yet" : ""}`}
        />
        <Row href={to("/account/announcements")} title="Announcements" at="Whether they come by mail" />
        {counts.invites === null ? null : (
          <Row
            href={to("/account/invites")}
            title="Invites"
            at={`${counted(counts.invites, "invite")} left`}
          />
        )}
      </div>
    </section>
  );
};

const SigningIn: FC<OverviewProps> = ({ counts, to }) => (
  <section>
    <h2>Signing in</h2>
    <div class="rows">
      <Row href={to("/account/password")} title="Password" at="Choose another one" />
      <Row href={to("/account/passkeys")} title="Passkeys" at={counted(counts.passkeys, "passkey")} />
      <Row
        href={to("/account/browsers")}
        title="Browsers"
        at={`${counted(counts.browsers, "browser")} signed in`}
      />
    </div>
  </section>
);

const Apps: FC<OverviewProps> = ({ counts, to }) => (
  <section>
    <h2>Apps</h2>
    <div class="rows">
      <Row href={to("/account/welcome")} title="Use an app" at="Which ones, and what to type where" />
      <Row
        href={to("/account/apps")}
        title="Connected apps"
        at={`${counted(counts.apps, "app", "No app")} can use your account`}
      />
      <Row
        href={to("/account/app-passwords")}
        title="App passwords"
        at={
          counts.appPasswords === 0
            ? "For apps of an older kind"
            : `${counted(counts.appPasswords, "app password")}, for apps of an older kind`
        }
      />
    </div>
  </section>
);

const YourData: FC<OverviewProps> = ({ counts, to }) => (
  <section>
    <h2>Your data</h2>
    <div class="rows">
      <Row href={to("/account/backup")} title="Backup" at="Take a copy of everything you posted" />
      <Row
        href={to("/account/recovery")}
        title="Recovery key"
        at="So that the account stays yours, whatever happens to this host"
      />
      {counts.irregular === 0 ? null : (
        <Row
          href={to("/account/irregular")}
          title="Records that do not show"
          at={`${counted(counts.irregular, "record")} of your move`}
        />
      )}
      <Row href={to("/account/leave")} title="Switch off or delete" at="Take a break, or leave for good" />
    </div>
  </section>
);
