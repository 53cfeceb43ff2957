/** The page of the host's status. */
import type { FC } from "hono/jsx";
import type { Frame } from "../visit.ts";
import { Icon } from "./icons.tsx";
import { Layout } from "./layout.tsx";
import { Done } from "./parts.tsx";

export type Fact = [name: string, value: string];

export interface StatusView {
  /** The trouble in words; null if there is nothing to do. */
  trouble: string | null;
  time: string;
  /** Facts that everybody understands. */
  plain: Fact[];
  /** For whoever runs the host. */
  figures: Fact[];
  /** Events that could not be indexed, the newest first. */
  setAside: { seq: number; did: string; at: string; error: string }[];
  /** Accounts that could not be indexed, the newest first. */
  failed: { did: string; at: string; error: string }[];
}

const Facts: FC<{ facts: Fact[]; framed?: boolean }> = ({ facts, framed = false }) => (
  <dl class={framed ? "facts framed" : "facts"}>
    {facts.map(([name, value]) => (
      <div>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);

export const StatusPage: FC<Frame & { status: StatusView }> = ({ host, nonce, status }) => (
  <Layout host={host} nonce={nonce} title="Status" wide>
    <h1>How {host.name} is doing</h1>
    <p class="lead">At {status.time}.</p>
    {status.trouble === null ? (
      <Done message="Everything works: what is posted here shows up at once." />
    ) : (
      <div class="notice bad" role="status">
        <Icon name="alert" />
        <p>{status.trouble}</p>
      </div>
    )}
    <Facts facts={status.plain} framed />
    <section>
      <details class="card" open={status.setAside.length + status.failed.length > 0}>
        <summary>For whoever runs this host</summary>
        <Facts facts={status.figures} />
        <Faults
          title="Events set aside"
          faults={status.setAside.map(({ seq, ...fault }) => ({ name: String(seq), ...fault }))}
        />
        <Faults
          title="Accounts not indexed"
          faults={status.failed.map(({ did, ...fault }) => ({ name: did, did: "", ...fault }))}
        />
      </details>
    </section>
  </Layout>
);

interface Fault {
  name: string;
  did: string;
  at: string;
  error: string;
}

const Faults: FC<{ title: string; faults: Fault[] }> = ({ title, faults }) =>
  faults.length === 0 ? null : (
    <>
      <h2>{title}</h2>
      <dl class="facts">
        {faults.map(({ name, did, at, error }) => (
          <div>
            <dt>{name}</dt>
            <dd>
              {error}
              <br />
              <span class="at">
                {did} {at}
              </span>
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
