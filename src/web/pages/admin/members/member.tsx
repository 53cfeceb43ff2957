/** The page of one member. */
import type { FC, PropsWithChildren } from "hono/jsx";
import { LINES } from "../../../admin/lines.ts";
import type { Invited } from "../../../admin/members/reads.ts";
import { Person, day } from "../../parts.tsx";
import { bytesInWords, counted } from "../../words.ts";
import { type DeskFrame, DeskPage } from "../desk-page.tsx";
import { Log, Reports, Standing } from "../lines.tsx";
import type { MemberProps } from "./frame.ts";
import { ModeratorActs, OwnerActs } from "./acts.tsx";

export const MemberPage: FC<MemberProps> = (props) => {
  const { facts, detail, mayAct, role } = props;
  const { member } = facts;
  return (
    <DeskPage {...props} title={`@${member.handle}`} back={{ path: "/admin/members", label: "Members" }}>
      <div class="card">
        <Person member={member} profile={detail.profile} />
        {detail.nameIsHidden ? (
          <p class="hint">This name is not shown: it has a word that is kept out of names.</p>
        ) : null}
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
  const { member, invitedBy, labels } = facts;
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
      {facts.reason === null ? null : <Fact name="Asked to join">{facts.reason}</Fact>}
      <InvitedFact facts={facts} to={to} />
      <Fact name="Writes">
        {known(detail.posts, "post")}, {known(detail.followers, "follower")}
        {detail.written === null ? "" : `; last on ${day(detail.written)}`}
      </Fact>
      <Fact name="Keeps">
        {known(detail.records, "record")}, {known(detail.blobs, "file")}
        {detail.bytes === null ? "" : `; ${bytesInWords(detail.bytes)}`}
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

const InvitedFact: FC<Pick<MemberProps, "facts" | "to">> = ({ facts: { member, invited }, to }) => (
  <Fact name="Invited">
    {invited.length === 0
      ? "nobody yet"
      : invited.map((person, i) => (
          <>
            {i === 0 ? "" : ", "}
            <Handle person={person} to={to} />
          </>
        ))}
    {invited.length < LINES ? null : (
      <>
        {" "}
        and <a href={to(`/admin/invites/${member.did}`)}>others</a>
      </>
    )}
    {member.invitesDisabled ? " (may make no more invites)" : ""}
  </Fact>
);

const Fact: FC<PropsWithChildren<{ name: string }>> = ({ name, children }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

const Handle: FC<{ person: Invited; to: DeskFrame["to"] }> = ({ person, to }) => (
  <a href={to(`/admin/members/${person.did}`)}>@{person.handle}</a>
);
