/** The consent page: what an app may do, and the answer. Also the pages on which a sign-in ends otherwise. */
import { raw } from "hono/html";
import type { FC } from "hono/jsx";
import type { Member, MemberProfile } from "../../oauth/members.ts";
import type { WayBack } from "../replies.ts";
import { Layout, type Frame } from "./layout.tsx";
import { Check, Form, Icon, Person, Submit, type Sender } from "./parts.tsx";
import type { Asked } from "./scope-words.ts";
import type { AppView } from "./sign-in.tsx";

interface ConsentProps extends Frame {
  sender: Sender;
  app: AppView;
  member: Member;
  profile: MemberProfile;
  asked: Asked[];
  other: string;
}

export const ConsentPage: FC<ConsentProps> = ({
  host,
  nonce,
  sender,
  app,
  member,
  profile,
  asked,
  other,
}) => (
  <Layout host={host} nonce={nonce} title={`Allow ${app.called}`}>
    <div class="app">
      <span class="tile" aria-hidden="true">
        {app.name.slice(0, 1).toUpperCase()}
      </span>
      <span class="words">
        <b>{app.name}</b>
        <span class="at">{app.from}</span>
      </span>
    </div>
    <h1>Let {app.called} use your account?</h1>
    <div class="card">
      <Person member={member} profile={profile} />
    </div>
    <Form {...sender} carried={{ ...sender.carried, did: member.did }} step="consent">
      <h2>It will be able to</h2>
      <ul class="may">
        {asked
          .filter(({ optional }) => optional === undefined)
          .map((each) => (
            <li class={each.grave ? "grave-mark" : undefined}>
              <Icon name={each.grave ? "alert" : each.icon} />
              <div>
                <h3>{each.title}</h3>
                {each.detail === undefined ? null : <p>{each.detail}</p>}
              </div>
            </li>
          ))}
      </ul>
      {asked
        .filter(({ optional }) => optional !== undefined)
        .map(({ optional = "", title }) => (
          <div class="card">
            <Check name={optional} label={title} checked hint="You can leave this out." />
          </div>
        ))}
      <details class="card">
        <summary>Exactly what it asks for</summary>
        <ul>
          {asked
            .flatMap(({ exactly }) => exactly)
            .map((scope) => (
              <li>
                <code>{scope}</code>
              </li>
            ))}
        </ul>
      </details>
      <p class="lead ends">
        It never learns your password. You can take this back at any time on{" "}
        <a href="/account">your account page</a>.
      </p>
      <div class="buttons">
        <button class="first" type="submit" name="answer" value="allow">
          Allow
        </button>
        <button class="second" type="submit" name="answer" value="deny">
          Don’t allow
        </button>
      </div>
    </Form>
    <p class="lead">
      <a href={other}>Use another account</a>
    </p>
  </Layout>
);

interface EndProps extends Frame {
  title: string;
  message: string;
  /** The link to go on from here. */
  way?: { href: string; label: string };
}

const TO_ACCOUNT = { href: "/account", label: "Go to your account page" };

/** A page for when there is nothing left to do here, or nothing could be done. */
export const EndPage: FC<EndProps> = ({ host, nonce, title, message, way = TO_ACCOUNT }) => (
  <Layout host={host} nonce={nonce} title={title}>
    <h1>{title}</h1>
    <p class="lead">{message}</p>
    <div class="buttons start">
      <a class="button second" href={way.href}>
        {way.label}
      </a>
    </div>
  </Layout>
);

/** Posts the answer to an app that asks for `form_post`: a button, which a script presses. */
export const FormPostPage: FC<Frame & { back: WayBack }> = ({ host, nonce, back }) => (
  <Layout host={host} nonce={nonce} title="Going back">
    <h1>Back to the app</h1>
    <p class="lead">It is waiting for your answer.</p>
    <form method="post" action={back.redirectUri} id="way-back">
      {back.params.map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <Submit>Go on</Submit>
    </form>
    <script nonce={nonce}>{raw('document.getElementById("way-back").submit()')}</script>
  </Layout>
);
