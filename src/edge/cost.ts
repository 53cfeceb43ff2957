/**
 * What a request cost in rows, told in local runs to whoever asks with `atoll-cost: 1`. The answer's `atoll-cost` is
 * `account=<written>/<read> sequencer=<written>/<read> index=<written>/<read> trips=<n>`: the account's part where it
 * was written to, and the trips that a read made to the index. Others' work at the same time is counted in.
 */
import { countDatabase } from "../appview/counted-database.ts";
import { AppViewReads } from "../appview/reads/view-context.ts";
import type { RowCount } from "../protocol/stations.ts";
import type { Services } from "../xrpc/server/services.ts";

const HEADER = "atoll-cost";

export interface Bill {
  /** To serve the request with: they count. */
  services: Services;
  tell(response: Response): Promise<void>;
}

/** Null where nothing is counted. */
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

/** Without a bill, the account's part is not told either. */
export const hideCost = ({ headers }: Response): void => headers.delete(HEADER);

const difference = (after: RowCount | undefined, before: RowCount | undefined): RowCount => ({
  written: (after?.written ?? 0) - (before?.written ?? 0),
  read: (after?.read ?? 0) - (before?.read ?? 0),
});
