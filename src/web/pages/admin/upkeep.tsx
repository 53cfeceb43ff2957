/** The pages of names, relays and the log. */
import type { FC } from "hono/jsx";
import type { LogLine } from "../../admin/lines.ts";
import type { RelayFinding } from "../../../lifecycle/relay-look.ts";
import type { RelayStatus } from "../../../lifecycle/relays.ts";
import type { RoleGrant } from "../../../moderation/roles.ts";
import type { Fields } from "../../forms.ts";
import { Kept, Row } from "../account/rows.tsx";
import { COPY_SCRIPT, Copy } from "../copy.tsx";
import { Field } from "../fields.tsx";
import { TextArea } from "../labelled.tsx";
import { Form, Submit } from "../form.tsx";
import { day } from "../parts.tsx";
import { capital } from "../words.ts";
import { type DeskFrame, DeskPage } from "./desk-page.tsx";
import { Log, More } from "./lines.tsx";

interface NamesProps extends DeskFrame {
  /** Words that are kept out of names. */
  words: string;
  names: string[];
  after: string | null;
  wanted?: Fields | undefined;
}

export const NamesPage: FC<NamesProps> = ({ names, after, words, wanted, ...frame }) => (
  <DeskPage
    {...frame}
    title="Names"
    lead="Handles that nobody can take. Some, such as “admin” and “www”, are nobody’s anyway."
  >
    <Form {...frame.sender} step="reserve">
      <TextArea
        name="names"
        label="Keep these names"
        hint={`The first part of a handle, such as “mayor” for mayor${frame.host.handleDomains[0] ?? ""}. One on each line, or with commas.`}
        value={wanted?.get("names")}
        problem={frame.problem}
      />
      <Submit>Keep them</Submit>
    </Form>
    <section>
      <h2>Words that are kept out of names</h2>
      <Form {...frame.sender} step="words">
        <TextArea
          name="BLOCKED_WORDS"
          label="Words"
          hint="With commas between them. No new handle has one: “spam” also keeps out “best-spam-ever”. A display name with one is not shown here; its member’s handle stands in its place."
          value={words.replaceAll(",", ", ")}
          optional
          problem={frame.problem}
        />
        <Submit weight="second">Save the words</Submit>
      </Form>
    </section>
    <section>
      <h2>Kept names</h2>
      <Kept
        {...frame.sender}
        step="release"
        does="Give it up"
        things={names.map((name) => ({ title: name, carried: { name } }))}
      />
      <More {...frame} query={after === null ? null : { after }}>
        More names
      </More>
    </section>
  </DeskPage>
);

interface RoleHolder extends RoleGrant {
  /** Null if the account is gone. */
  handle: string | null;
  /** The handle of who gave the role; null: the admin, or somebody who is gone. */
  by: string | null;
}

export const RolesPage: FC<DeskFrame & { holders: RoleHolder[] }> = ({ holders, ...frame }) => (
  <DeskPage
    {...frame}
    title="Roles"
    lead={
      <>
        To give a role, or to take it back, open the member.{" "}
        <a href={frame.to("/admin/hand-over")}>Hand the host over</a>
      </>
    }
  >
    <div class="rows">
      {holders.map(({ did, handle, role, by, grantedAt }) => (
        <Row
          href={frame.to(`/admin/members/${did}`)}
          title={handle === null ? did : `@${handle}`}
          at={`${capital(role)} since ${day(grantedAt)}, by ${by === null ? "the admin" : `@${by}`}`}
        />
      ))}
    </div>
  </DeskPage>
);

export interface MissingMember {
  origin: string;
  did: string;
  handle: string;
}

interface RelaysProps extends DeskFrame {
  relays: RelayStatus[];
  /** The findings about all members, once a day. */
  findings: RelayFinding[];
  missing: MissingMember[];
}

const JOINING = {
  open: "open, with limits",
  approval: "by approval",
  invite: "by invitation",
  closed: "closed",
} as const;

/** A letter to the operator of a relay, so that it takes more of this host's accounts. */
function requestText({ host }: DeskFrame, finding: RelayFinding | undefined): string {
  const counts =
    finding === undefined
      ? ""
      : ` It has ${finding.known + finding.missing} active accounts, of which your relay knows ${finding.known}.`;
  return `Hello,

${host.hostname} is a host of the AT Protocol for the community ${host.name}.${counts} Sign-up there is ${JOINING[host.registration]}.

Could you raise the number of accounts that your relay takes from it?

Whoever runs it: ${host.contact ?? "(your address)"}
The host's DID: ${host.did}
`;
}

export const RelaysPage: FC<RelaysProps> = ({ relays, findings, missing, ...frame }) => (
  <DeskPage
    {...frame}
    title="Relays"
    lead="They carry on what is posted here to the rest of the network. Members always see one another, whatever a relay does."
    scripts={[COPY_SCRIPT]}
  >
    {relays.length === 0 ? (
      <p class="lead">No relay is told of this host. Set them in the settings.</p>
    ) : null}
    {relays.map((relay) => (
      <Relay
        {...frame}
        relay={relay}
        finding={findings.find(({ origin }) => origin === relay.relay)}
        missing={missing.filter(({ origin }) => origin === relay.relay)}
      />
    ))}
  </DeskPage>
);

interface RelayProps extends DeskFrame {
  relay: RelayStatus;
  finding: RelayFinding | undefined;
  missing: MissingMember[];
}

const Relay: FC<RelayProps> = ({ relay, finding, missing, ...frame }) => {
  const { host, askedAt, outcome } = relay;
  const isShort = finding !== undefined && finding.missing > 0;
  return (
    <div class="card">
      <h2>{relay.relay.replace("https://", "")}</h2>
      <dl class="facts">
        <div>
          <dt>This host</dt>
          <dd>{host === null ? "unknown to it, or it does not answer" : (host.status ?? "known")}</dd>
        </div>
        <div>
          <dt>Members</dt>
          <dd>
            {finding === undefined
              ? "looked at once a day; not yet"
              : `${finding.known} known, ${finding.missing} not, on ${day(finding.day)}`}{" "}
            {isShort ? <span class="tag bad">some are missing</span> : null}
          </dd>
        </div>
        <div>
          <dt>Last asked</dt>
          <dd>{askedAt === undefined ? "never" : `${day(askedAt)}: ${outcome ?? ""}`}</dd>
        </div>
      </dl>
      {missing.length === 0 ? null : (
        <details>
          <summary>Members it does not know</summary>
          <ul class="log">
            {missing.map(({ did, handle }) => (
              <li>
                <a href={frame.to(`/admin/members/${did}`)}>@{handle}</a>
              </li>
            ))}
          </ul>
        </details>
      )}
      <details open={isShort}>
        <summary>What to write to its operator</summary>
        <p class="said-so">{requestText(frame, finding)}</p>
        <Copy text={requestText(frame, finding)} what="the request" />
      </details>
    </div>
  );
};

interface LogProps extends DeskFrame {
  lines: LogLine[];
  actor: string;
  subject: string;
  /** The number of the act before which the next page begins; null on the last one. */
  older: number | null;
}

export const LogPage: FC<LogProps> = ({ lines, actor, subject, older, ...frame }) => (
  <DeskPage {...frame} title="Log" lead="Who did what, and when. It holds no password, code or address.">
    <form class="find" method="get" action={frame.here} role="search">
      {frame.as === null ? null : <input type="hidden" name="as" value={frame.as} />}
      <Field name="actor" label="By (DID, or admin)" value={actor} optional maxlength={300} />
      <Field name="subject" label="About (DID or at-uri)" value={subject} optional maxlength={2000} />
      <button class="first" type="submit">
        Find
      </button>
    </form>
    <Log {...frame} title="Acts" lines={lines} />
    <More
      {...frame}
      query={
        older === null
          ? null
          : {
              before: String(older),
              ...(actor === "" ? {} : { actor }),
              ...(subject === "" ? {} : { subject }),
            }
      }
    >
      Older acts
    </More>
  </DeskPage>
);
