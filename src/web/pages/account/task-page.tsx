/** The frame of a member's pages. */
import type { Child, FC, PropsWithChildren } from "hono/jsx";
import type { Member } from "../../../identity/member.ts";
import type { Problem } from "../../problems.ts";
import type { Frame } from "../../visit.ts";
import type { Sender } from "../form.tsx";
import { Layout } from "../layout.tsx";
import { BackLink, Done, ProblemNotice } from "../parts.tsx";

export interface AccountFrame extends Frame {
  member: Member;
  /** The path of an account page, for this member. */
  to: (path: string) => string;
  sender: Sender;
  problem?: Problem | null | undefined;
  done?: string | null | undefined;
}

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
      <ProblemNotice problem={problem} />
      {children}
    </Layout>
  );
};
