/** The consent page: what an app may do, and the answer. */
import type { FC } from "hono/jsx";
import type { Member } from "../../identity/directory.ts";
import type { MemberProfile } from "../profiles.ts";
import type { Frame } from "../visit.ts";
import { Check } from "./fields.tsx";
import { Form, type Sender } from "./form.tsx";
import { Icon } from "./icons.tsx";
import { Layout } from "./layout.tsx";
import { Person } from "./parts.tsx";
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

const AskedList: FC<{ asked: Asked[] }> = ({ asked }) => (
  <>
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
  </>
);

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
      <AskedList asked={asked} />
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
