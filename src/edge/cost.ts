/**
 * The cost of a request in rows, reported in local runs to requests with `atoll-cost: 1`. The answer's
 * `atoll-cost` is `account=<written>/<read> sequencer=<written>/<read> index=<written>/<read> trips=<n>`. The
 * account's part is present if the request wrote to it; `trips` counts the request's round trips to the
 * index. Concurrent work is counted in.
 */
import { countDatabase } from "../appview/counted-database.ts";
import { AppViewReads } from "../appview/reads/view-context.ts";
import type { RowCount } from "../protocol/object/sql.ts";
import type { Services } from "../xrpc/server/services.ts";

const HEADER = "atoll-cost";

export interface Bill {
  /** Services that count; the request must be served with them. */
  services: Services;
  tell(response: Response): Promise<void>;
}

/** Returns null if nothing is counted. */
export async function openBill(request: Request, services: Services): Promise<Bill | null> {
  if (!services.env.LOCAL || request.headers.get(HEADER) !== "1") return null;
  const { db, cost } = countDatabase(services.env.APPVIEW_DB);
  const env = { ...services.env, APPVIEW_DB: db };
  const before = (await services.sequencer().status()).rows;
  return {
    services: { ...services, env, appview: new AppViewReads(env, services.host) },
    async tell({ headers }) {
      const after = (await services.sequencer().status()).rows;
      const sequencer = difference(after?.sequencer, before?.sequencer);
      const ingest = difference(after?.index, before?.index);
      const index = { written: ingest.written + cost.written, read: ingest.read + cost.read };
      const account = headers.get(HEADER);
      headers.set(
        HEADER,
        [
          ...(account === null ? [] : [account]),
          `sequencer=${sequencer.written}/${sequencer.read}`,
          `index=${index.written}/${index.read}`,
          `trips=${cost.trips}`,
        ].join(" "),
      );
    },
  };
}

/** Removes the account's part as well if no cost is reported. */
export const hideCost = ({ headers }: Response): void => headers.delete(HEADER);

const difference = (after: RowCount | undefined, before: RowCount | undefined): RowCount => ({
  written: (after?.written ?? 0) - (before?.written ?? 0),
  read: (after?.read ?? 0) - (before?.read ?? 0),
});
