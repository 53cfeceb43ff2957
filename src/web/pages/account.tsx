/** The account page and its lists: an overview, with a link to each change. */
import type { Child, FC, PropsWithChildren } from "hono/jsx";
import type { AppPasswordView, Member, MemberProfile } from "../../oauth/members.ts";
import type { PasskeyView } from "../passkeys.ts";
import { Layout, type Frame } from "./layout.tsx";
import {
  BackLink,
  ButtonForm,
  Check,
  Done,
  Field,
  Form,
  Icon,
  Person,
  Problem,
  Submit,
  day,
  type Sender,
} from "./parts.tsx";
import { PASSKEY_SCRIPT } from "./sign-in.tsx";

export interface AccountFrame extends Frame {
  member: Member;
  /** The path of an account page, for this member. */
  to: (path: string) => string;
  sender: Sender;
  problem?: string | null | undefined;
  done?: string | null | undefined;
}

export interface AppSession {
  clientId: string;
  name: string;
  from: string;
  since: number;
  used: number;
  words: string[];
}

export interface BrowserSession {
  id: string;
  name: string;
  address: string;
  seenAt: number;
  current: boolean;
}

interface OverviewProps extends AccountFrame {
  profile: MemberProfile;
  apps: number;
  browsers: number;
  passkeys: number;
  appPasswords: number;
  others: boolean;
}

const Words: FC<{ title: string; at: Child }> = ({ title, at }) => (
  <span class="words">
    <b>{title}</b>
    <br />
    <span class="at">{at}</span>
  </span>
);

const Row: FC<{ href: string; title: string; at: Child }> = ({ href, ...words }) => (
  <a href={href}>
    <Words {...words} />
    <span class="arrow">
      <Icon name="arrow" />
    </span>
  </a>
);

interface EndingProps extends Sender {
  step: string;
  /** The button's text. `whom` names what it ends, for screen readers only. */
  does: string;
  whom: string;
}

const Ending: FC<EndingProps> = ({ does, whom, ...sender }) => (
  <ButtonForm {...sender}>
    {does}
    <span class="visually-hidden"> {whom}</span>
  </ButtonForm>
);

/** A list row with a button that ends it. */
const EndingRow: FC<EndingProps & { title: string; at: string }> = ({ title, at, ...ending }) => (
  <div>
    <Words title={title} at={at} />
    <Ending {...ending} />
  </div>
);

const count = (n: number, one: string, many: string, none = `No ${many}`) =>
  n === 0 ? none : n === 1 ? `One ${one}` : `${n} ${many}`;

export const OverviewPage: FC<OverviewProps> = (props) => {
  const {
    host,
    nonce,
    member,
    profile,
    to,
    sender,
    done,
    problem,
    apps,
    browsers,
    passkeys,
    appPasswords,
    others,
  } = props;
  const email =
    member.email === null ? "None" : `${member.email}${member.emailConfirmed ? "" : " · not confirmed yet"}`;
  return (
    <Layout host={host} nonce={nonce} title="Your account" wide>
      <h1>Your account</h1>
      <div class="card">
        <Person member={member} profile={profile} />
      </div>
      <Done message={done} />
      <Problem message={problem} />
      {member.deactivated ? (
        <div class="notice plainly">
          <Icon name="alert" />
          <div class="tight">
            <p>Your account is switched off: nobody sees it.</p>
            <ButtonForm {...sender} step="activate">
              Switch it on again
            </ButtonForm>
          </div>
        </div>
      ) : null}
      <section>
        <h2>About you</h2>
        <div class="rows">
          <Row href={to("/account/handle")} title="Handle" at={`@${member.handle}`} />
          <Row href={to("/account/email")} title="E-mail address" at={email} />
        </div>
      </section>
      <section>
        <h2>Signing in</h2>
        <div class="rows">
          <Row href={to("/account/password")} title="Password" at="Choose another one" />
          <Row href={to("/account/passkeys")} title="Passkeys" at={count(passkeys, "passkey", "passkeys")} />
          <Row
            href={to("/account/browsers")}
            title="Browsers"
            at={`${count(browsers, "browser", "browsers")} signed in`}
          />
        </div>
      </section>
      <section>
        <h2>Apps</h2>
        <div class="rows">
          <Row href={to("/account/welcome")} title="Use an app" at="Which ones, and what to type where" />
          <Row
            href={to("/account/apps")}
            title="Connected apps"
            at={`${count(apps, "app", "apps", "No app")} can use your account`}
          />
          <Row
            href={to("/account/app-passwords")}
            title="App passwords"
            at={
              appPasswords === 0
                ? "For apps of an older kind"
                : `${count(appPasswords, "app password", "app passwords")}, for apps of an older kind`
            }
          />
        </div>
      </section>
      <section>
        <h2>Your data</h2>
        <div class="rows">
          <Row href={to("/account/backup")} title="Backup" at="Take a copy of everything you posted" />
          <Row
            href={to("/account/leave")}
            title="Switch off or delete"
            at="Take a break, or leave for good"
          />
        </div>
      </section>
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

/** One page for one task: the way back, a title, and the form. */
export const TaskPage: FC<
  PropsWithChildren<AccountFrame & { title: string; lead: Child; scripts?: string[] }>
> = (props) => {
  const { host, nonce, to, title, lead, done, problem, children, scripts } = props;
  return (
    <Layout host={host} nonce={nonce} title={title} {...(scripts === undefined ? {} : { scripts })}>
      <BackLink href={to("/account")} label="Your account" />
      <h1>{title}</h1>
      <p class="lead">{lead}</p>
      <Done message={done} />
      <Problem message={problem} />
      {children}
    </Layout>
  );
};

export const AppsPage: FC<AccountFrame & { apps: AppSession[] }> = ({ apps, ...frame }) => (
  <TaskPage
    {...frame}
    title="Connected apps"
    lead={
      apps.length === 0
        ? "No app can use your account."
        : "These apps can use your account, until you disconnect them."
    }
  >
    {apps.map(({ clientId, name, from, since, used, words }) => (
      <div class="card">
        <h2>{name}</h2>
        <p class="hint">
          {from} · since {day(since)}, last used {day(used)}
        </p>
        <details>
          <summary>
            What it may do<span class="visually-hidden">: {name}</span>
          </summary>
          <ul>
            {words.map((word) => (
              <li>{word}</li>
            ))}
          </ul>
        </details>
        <Ending
          {...frame.sender}
          carried={{ client: clientId }}
          step="disconnect"
          does="Disconnect"
          whom={name}
        />
      </div>
    ))}
  </TaskPage>
);

export const BrowsersPage: FC<AccountFrame & { browsers: BrowserSession[] }> = ({ browsers, ...frame }) => (
  <TaskPage
    {...frame}
    title="Browsers"
    lead="Here you are signed in to this page. Sign out where you do not know the browser."
  >
    <div class="rows">
      {browsers.map(({ id, name, address, seenAt, current }) => (
        <EndingRow
          {...frame.sender}
          carried={{ browser: id }}
          step="sign-out-browser"
          title={name}
          at={current ? "This browser" : `${address} · last seen ${day(seenAt)}`}
          does="Sign out"
          whom={`of ${name}`}
        />
      ))}
    </div>
    <section>
      <h2>Everywhere else</h2>
      <p class="lead">
        Ends every session: browsers, connected apps, and apps that used your password or an app password.
      </p>
      <ButtonForm {...frame.sender} step="sign-out-everywhere" weight="second">
        Sign out everywhere
      </ButtonForm>
    </section>
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
  appPasswords: AppPasswordView[];
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
