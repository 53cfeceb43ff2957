/** The consent page: what an app may do, and the answer. */
import type { FC } from "hono/jsx";
import type { Member } from "../../identity/member.ts";
import type { MemberProfile } from "../profiles.ts";
import type { Frame } from "../visit.ts";
import { Check } from "./fields.tsx";
import { Form, type Sender } from "./form.tsx";
import { Icon } from "./icons.tsx";
import { Layout } from "./layout.tsx";
import { Person } from "./parts.tsx";
import type { Asked } from "../consent/asked.ts";
import type { AppView } from "./sign-in.tsx";

interface ConsentProps extends Frame {
  sender: Sender;
  app: AppView;
  member: Member;
  profile: MemberProfile;
  asked: Asked[];
  other: string;
}

const Line: FC<{ asked: Asked }> = ({ asked: { icon, title, detail, grave } }) => (
  <li>
    <Icon name={icon} />
    <div>
      {grave ? <b>{title}</b> : title}
      {detail === undefined ? null : <p>{detail}</p>}
    </div>
  </li>
);

/** The weightiest requests come first, and by themselves. */
const AskedList: FC<{ asked: Asked[] }> = ({ asked }) => {
  const grave = asked.filter((each) => each.grave);
  const rest = asked.filter((each) => !each.grave && each.optional === undefined);
  return (
    <>
      {grave.length === 0 ? null : (
        <>
          <h2>Think about this first: it could</h2>
          <ul class="may grave-mark">
            {grave.map((each) => (
              <Line asked={each} />
            ))}
          </ul>
        </>
      )}
      <Choices asked={asked} />
      <h2>{grave.length === 0 ? "It will be able to" : "It could also"}</h2>
      <ul class="may">
        {rest.map((each) => (
          <Line asked={each} />
        ))}
      </ul>
    </>
  );
};

/** The grants that the member may leave out. They stand above the rest, since they are given otherwise. */
const Choices: FC<{ asked: Asked[] }> = ({ asked }) => (
  <>
    {asked.map(({ optional, title }) =>
      optional === undefined ? null : (
        <div class="card">
          <Check name={optional} label={title} checked hint="You can leave this out." />
        </div>
      ),
    )}
  </>
);

const Exactly: FC<{ asked: Asked[] }> = ({ asked }) => (
  <details class="card">
    <summary>Exactly what it asks for</summary>
    <ul>
      {[...new Set(asked.flatMap(({ exactly }) => exactly))].map((scope) => (
        <li>
          <code>{scope}</code>
        </li>
      ))}
    </ul>
  </details>
);

export const ConsentPage: FC<ConsentProps> = (props) => {
  const { host, nonce, sender, app, member, profile, asked, other } = props;
  return (
    <Layout host={host} nonce={nonce} title={`Allow ${app.called}`}>
      <h1>Let {app.called} use your account?</h1>
      <p class="lead">
        {app.from === null ? (
          "It runs on your own device."
        ) : (
          <>
            The app comes from <strong>{app.from}</strong>.
          </>
        )}
      </p>
      <div class="card">
        <Person member={member} profile={profile} />
      </div>
      <Form {...sender} carried={{ ...sender.carried, did: member.did }} step="consent">
        <AskedList asked={asked} />
        <Exactly asked={asked} />
        <p class="lead ends">
          It never learns your password. You can take this back at any time on{" "}
          <a href="/account/apps">your account page</a>.
        </p>
        <div class="answer">
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
};
