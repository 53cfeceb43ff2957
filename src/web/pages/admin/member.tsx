/** The page of one member. */
import type { FC, PropsWithChildren } from "hono/jsx";
import type { Invited, MemberFacts } from "../../admin/member-reads.ts";
import type { Fields } from "../../forms.ts";
import type { MemberProfile } from "../../profiles.ts";
import { EmailField, Field } from "../fields.tsx";
import { ButtonForm, Form, Submit } from "../form.tsx";
import { Person, day } from "../parts.tsx";
import { counted } from "../words.ts";
import { type DeskFrame, DeskPage } from "./desk-page.tsx";
import { Log, Reports, Standing } from "./lines.tsx";

export interface MemberDetail {
  profile: MemberProfile;
  /** Null: not known here. */
  posts: number | null;
  followers: number | null;
  written: number | null;
  records: number | null;
  blobs: number | null;
  appPasswords: number;
}

interface MemberProps extends DeskFrame {
  facts: MemberFacts;
  detail: MemberDetail;
  /** Whether the reader may act upon the member: not upon their equals, nor upon themselves. */
  mayAct: boolean;
  /** What a form that went wrong was filled in with. */
  wanted?: Fields | undefined;
}

export const MemberPage: FC<MemberProps> = (props) => {
  const { facts, detail, mayAct, role } = props;
  const { member } = facts;
  return (
    <DeskPage {...props} title={`@${member.handle}`} back={{ path: "/admin/members", label: "Members" }}>
      <div class="card">
        <Person member={member} profile={detail.profile} />
        <p class="hint">
          <Standing member={member} />
          {facts.role === null ? null : <span class="tag">{facts.role}</span>}
        </p>
      </div>
      <Facts {...props} />
      {mayAct ? (
        <section>
          <h2>What you can do</h2>
          <div class="acts">
            <ModeratorActs {...props} />
            {role === "owner" ? <OwnerActs {...props} /> : null}
          </div>
        </section>
      ) : null}
      <div class="pair">
        <Reports {...props} title="Reports about them" reports={facts.about} none="Nobody reported them." />
        <Reports {...props} title="Reports by them" reports={facts.by} none="They reported nobody." />
      </div>
      <Log {...props} title="What was done" lines={facts.log} />
    </DeskPage>
  );
};

const known = (count: number | null, one: string): string =>
  count === null ? `${one}s not known` : counted(count, one).toLowerCase();

const Facts: FC<MemberProps> = ({ facts, detail, to }) => {
  const { member, invitedBy, invited, labels } = facts;
  return (
    <dl class="facts framed">
      <Fact name="DID">
        <code>{member.did}</code>
      </Fact>
      <Fact name="E-mail address">
        {member.email ?? "none"}
        {member.email !== null && member.emailConfirmedAt === null ? " (not confirmed)" : ""}
      </Fact>
      <Fact name="Came">
        {day(member.createdAt)}
        {invitedBy === null ? null : (
          <>
            , invited by <Handle person={invitedBy} to={to} />
          </>
        )}
      </Fact>
      <Fact name="Invited">
        {invited.length === 0
          ? "nobody yet"
          : invited.map((person, i) => (
              <>
                {i === 0 ? "" : ", "}
                <Handle person={person} to={to} />
              </>
            ))}
        {member.invitesDisabled ? " (may make no more invites)" : ""}
      </Fact>
      <Fact name="Writes">
        {known(detail.posts, "post")}, {known(detail.followers, "follower")}
        {detail.written === null ? "" : `; last on ${day(detail.written)}`}
      </Fact>
      <Fact name="Keeps">
        {known(detail.records, "record")}, {known(detail.blobs, "file")}
      </Fact>
      <Fact name="Signed in">
        {counted(facts.browsers, "browser").toLowerCase()}, {counted(facts.apps, "app").toLowerCase()};{" "}
        {counted(facts.passkeys, "passkey").toLowerCase()},{" "}
        {counted(detail.appPasswords, "app password").toLowerCase()}
      </Fact>
      {labels.length === 0 ? null : (
        <Fact name="Labels">
          {labels.map(({ val, uri }) => (
            <>
              <span class="tag">{val}</span>
              {uri.startsWith("at:") ? " on a post " : " "}
            </>
          ))}
        </Fact>
      )}
      {member.takedownRef === null ? null : <Fact name="Reason">{member.takedownRef}</Fact>}
    </dl>
  );
};

const Fact: FC<PropsWithChildren<{ name: string }>> = ({ name, children }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

const Handle: FC<{ person: Invited; to: DeskFrame["to"] }> = ({ person, to }) => (
  <a href={to(`/admin/members/${person.did}`)}>@{person.handle}</a>
);

const ModeratorActs: FC<MemberProps> = ({ facts, sender }) => {
  const { takedown, invitesDisabled } = facts.member;
  return (
    <>
      <div class="inline">
        {takedown === null ? null : (
          <ButtonForm {...sender} step="restore">
            Restore the account
          </ButtonForm>
        )}
        <ButtonForm {...sender} step={invitesDisabled ? "invites-on" : "invites-off"}>
          {invitesDisabled ? "Allow invites again" : "Stop their invites"}
        </ButtonForm>
        <ButtonForm {...sender} step="end-sessions">
          Sign them out everywhere
        </ButtonForm>
      </div>
      {takedown === null ? (
        <>
          <Act summary="Suspend">
            <p class="hint">Nobody sees the account, and it can do nothing, until you restore it.</p>
            <Form {...sender} step="suspend">
              <Field name="reason" label="Why, for the log" optional maxlength={150} />
              <Submit weight="grave">Suspend</Submit>
            </Form>
          </Act>
          <Act summary="Take down">
            <p class="hint">As a suspension, but meant to last. You can still restore it.</p>
            <Form {...sender} step="take-down">
              <TakedownReason />
              <Submit weight="grave">Take down</Submit>
            </Form>
          </Act>
        </>
      ) : null}
    </>
  );
};

const TakedownReason: FC = () => (
  <div class="field">
    <label for="takedown-reason">Why, for the log</label>
    <input id="takedown-reason" name="reason" type="text" maxlength={150} />
  </div>
);

const Act: FC<PropsWithChildren<{ summary: string; open?: boolean }>> = ({ summary, open, children }) => (
  <details open={open}>
    <summary>{summary}</summary>
    {children}
  </details>
);

const OwnerActs: FC<MemberProps> = (props) => {
  const { facts, sender, confirmed, to, here, member: reader, problem, wanted } = props;
  if (!confirmed)
    return (
      <p class="lead">
        <a href={to("/account/sign-in", { to: here, again: reader.handle })}>Sign in once more</a> to make a
        reset link, to change the handle, the e-mail address or the role, or to delete the account.
      </p>
    );
  const isWrong = (field: string) => problem?.field === field;
  return (
    <>
      <Act summary="They lost their password">
        <p class="hint">Makes a link with which they choose another one, without any mail.</p>
        <ButtonForm {...sender} step="reset-link">
          Make a reset link
        </ButtonForm>
      </Act>
      <Act summary="Somebody else had their account">
        <p class="hint">
          Removes passkeys and app passwords, and signs them out everywhere. Then make a reset link.
        </p>
        <ButtonForm {...sender} step="revoke-credentials">
          Lock everybody out
        </ButtonForm>
      </Act>
      <Act summary="Change the handle" open={isWrong("handle")}>
        <Form {...sender} step="handle">
          <Field
            name="handle"
            label="New handle"
            value={wanted?.get("handle") ?? facts.member.handle}
            problem={problem}
            maxlength={253}
          />
          <Submit weight="second">Change handle</Submit>
        </Form>
      </Act>
      <Act summary="Change the e-mail address" open={isWrong("email")}>
        <Form {...sender} step="email">
          <EmailField
            label="New address"
            value={wanted?.get("email") ?? facts.member.email ?? ""}
            problem={problem}
          />
          <Submit weight="second">Change address</Submit>
        </Form>
      </Act>
      <RoleAct {...props} />
      <DeleteAct {...props} />
    </>
  );
};

const DeleteAct: FC<MemberProps> = ({ facts, sender, problem }) => (
  <Act summary="Delete the account" open={problem?.field === "confirm"}>
    <p class="hint">All posts and pictures go for good. Nothing brings them back.</p>
    <Form {...sender} step="delete">
      <Field
        name="confirm"
        label={`Type ${facts.member.handle} to delete it`}
        autocomplete="off"
        problem={problem}
        maxlength={253}
      />
      <Submit weight="grave">Delete for good</Submit>
    </Form>
  </Act>
);

const ROLES = [
  ["none", "No role"],
  ["inviter", "Inviter: makes invites"],
  ["moderator", "Moderator: looks after members and reports"],
  ["owner", "Owner: may do everything"],
] as const;

const RoleAct: FC<MemberProps> = ({ facts, sender }) => (
  <Act summary="Give or take a role">
    <Form {...sender} step="role">
      <div class="field">
        <label for="role">Role</label>
        <select id="role" name="role">
          {ROLES.map(([name, label]) => (
            <option value={name} selected={name === (facts.role ?? "none")}>
              {label}
            </option>
          ))}
        </select>
      </div>
      <Submit weight="second">Set the role</Submit>
    </Form>
  </Act>
);
