/** The page to choose among the accounts that are signed in on this browser. */
import type { FC } from "hono/jsx";
import type { Member } from "../../identity/member.ts";
import type { MemberProfile } from "../profiles.ts";
import type { Frame } from "../visit.ts";
import { Form, type Sender } from "./form.tsx";
import { Icon } from "./icons.tsx";
import { Layout } from "./layout.tsx";
import { Person } from "./parts.tsx";
import { type AppView, Cancel } from "./sign-in.tsx";

interface ChooseProps extends Frame {
  sender: Sender;
  app: AppView | null;
  people: { member: Member; profile: MemberProfile | undefined; stale: boolean }[];
  other: string;
}

export const ChoosePage: FC<ChooseProps> = ({ host, nonce, sender, app, people, other }) => (
  <Layout host={host} nonce={nonce} title="Choose an account">
    <h1>Choose an account</h1>
    <p class="lead">To go on to {app === null ? "your account page" : <strong>{app.called}</strong>}.</p>
    <ul class="people">
      {people.map(({ member, profile, stale }) => (
        <li>
          <Form {...sender} carried={{ ...sender.carried, did: member.did }} step="choose">
            <button type="submit">
              <Person member={member} profile={profile} />
              <span class="arrow">
                {stale ? <span class="visually-hidden">, asks for the password</span> : null}
                <Icon name="arrow" />
              </span>
            </button>
          </Form>
        </li>
      ))}
    </ul>
    <p class="lead">
      <a href={other}>Use another account</a>
    </p>
    {app === null ? null : <Cancel sender={sender} app={app} />}
  </Layout>
);
