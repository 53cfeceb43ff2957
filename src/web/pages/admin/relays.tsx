/** The page of relays. */
import type { FC } from "hono/jsx";
import type { RelayFinding } from "../../../lifecycle/relay-look.ts";
import type { RelayStatus } from "../../../lifecycle/relays.ts";
import { COPY_SCRIPT, Copy } from "../copy.tsx";
import { day } from "../parts.tsx";
import { type DeskFrame, DeskPage } from "./desk-page.tsx";

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
