/** All pages of set-up, with what is decided. */
import type { FC } from "hono/jsx";
import type { Frame } from "../../visit.ts";
import { Row } from "../account/rows.tsx";
import { Layout } from "../layout.tsx";
import { Done } from "../parts.tsx";

export interface OverviewRow {
  href: string;
  title: string;
  /** The decision in a few words, or that it waits. */
  at: string;
}

interface OverviewProps extends Frame {
  rows: readonly OverviewRow[];
  /** The first page that waits; null if none does. */
  next: string | null;
  done?: string | undefined;
}

export const SetUpOverviewPage: FC<OverviewProps> = ({ host, nonce, rows, next, done }) => (
  <Layout host={host} nonce={nonce} title="Set-up" wide>
    <h1>Set up this host</h1>
    <p class="lead">
      Each page is saved as you leave it. You can stop at any time, and come back to this address with the
      code.
    </p>
    <Done message={done} />
    <div class="buttons start">
      <a class="button first" href={next ?? "/setup/health"}>
        {next === null ? "See whether all is well" : next === "/setup/place" ? "Begin" : "Go on"}
      </a>
    </div>
    <section>
      <h2>The pages</h2>
      <div class="rows">
        {rows.map((row) => (
          <Row {...row} />
        ))}
      </div>
    </section>
  </Layout>
);
