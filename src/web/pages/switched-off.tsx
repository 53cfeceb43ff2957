/** The page for a member who comes through an app while their account is switched off. */
import type { FC } from "hono/jsx";
import type { Member } from "../../identity/member.ts";
import type { Problem } from "../problems.ts";
import type { MemberProfile } from "../profiles.ts";
import type { Frame } from "../visit.ts";
import { Form, Submit, type Sender } from "./form.tsx";
import { Layout } from "./layout.tsx";
import { Person, ProblemNotice } from "./parts.tsx";
import { type AppView, Cancel } from "./sign-in.tsx";

interface SwitchedOffProps extends Frame {
  sender: Sender;
  app: AppView;
  member: Member;
  profile: MemberProfile;
  problem?: Problem | undefined;
  /** The path to choose another account. */
  other: string;
}

export const SwitchedOffPage: FC<SwitchedOffProps> = (props) => {
  const { host, nonce, sender, app, member, profile, problem, other } = props;
  return (
    <Layout host={host} nonce={nonce} title="Welcome back">
      <h1>Welcome back</h1>
      <p class="lead">
        Your account is switched off: nobody sees it. Switch it on again to go on to{" "}
        <strong>{app.called}</strong>.
      </p>
      <div class="card">
        <Person member={member} profile={profile} />
      </div>
      <ProblemNotice problem={problem} />
      <Form {...sender} carried={{ ...sender.carried, did: member.did }} step="activate">
        <Submit>Switch it on again</Submit>
      </Form>
      <p class="lead">
        <a href={other}>Use another account</a>
      </p>
      <Cancel sender={sender} app={app} />
    </Layout>
  );
};
