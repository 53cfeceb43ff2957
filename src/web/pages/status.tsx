/** The page of the host's status. */
import type { FC } from "hono/jsx";
import type { Frame } from "../visit.ts";
import { Icon } from "./icons.tsx";
import { Layout } from "./layout.tsx";
import { Done } from "./parts.tsx";

/** The host's status, in words that need no further thought. */
export interface StatusView {
  /** What is wrong; null if there is nothing to do. */
  trouble: string | null;
  facts: [name: string, value: string][];
  /** Events that could not be indexed, the newest first. */
  setAside: { seq: number; did: string; at: string; error: string }[];
  time: string;
}

export const StatusPage: FC<Frame & { status: StatusView }> = ({ host, nonce, status }) => (
  <Layout host={host} nonce={nonce} title="Status" wide>
    <h1>Status</h1>
    <p class="lead">
      Of {host.hostname}, at {status.time}.
    </p>
    {status.trouble === null ? (
      <Done message="Everything works, and everybody sees everything." />
    ) : (
      <div class="notice bad" role="status">
        <Icon name="alert" />
        <p>{status.trouble}</p>
      </div>
    )}
    <dl class="facts framed">
      {status.facts.map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
    {status.setAside.length === 0 ? null : (
      <section>
        <h2>Events set aside</h2>
        <dl class="facts framed">
          {status.setAside.map(({ seq, did, at, error }) => (
            <div>
              <dt>{seq}</dt>
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
      </section>
    )}
  </Layout>
);
