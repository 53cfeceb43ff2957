/**
 * The cost of a request in rows, reported in local runs to requests with `atoll-cost: 1`. The answer's
 * `atoll-cost` is `account=<written>/<read> sequencer=<written>/<read> index=<written>/<read>
 * directory=<written>/<read> trips=<n> directory-trips=<n>`. The account's part is the sum over the accounts that
 * were called, if any was; `trips` counts the request's round trips to the index, `directory-trips` those to the
 * directory. Concurrent work is counted in. What a stream reads after the answer has begun is not.
 */
import { countDatabase } from "../appview/counted-database.ts";
import type { AccountStation } from "../protocol/account-station.ts";
import type { RowCount } from "../protocol/object/sql.ts";
import type { Bindings } from "../protocol/stations.ts";
import { SEQUENCER_NAME } from "../protocol/stations.ts";

const HEADER = "atoll-cost";

export interface Bill {
  /** Bindings that count; the request must be served with them. */
  env: Bindings<AccountStation>;
  tell(response: Response): Promise<void>;
}

/** Returns null if nothing is counted. */
export async function openBill(request: Request, env: Bindings<AccountStation>): Promise<Bill | null> {
  if (!env.LOCAL || request.headers.get(HEADER) !== "1") return null;
  const appview = countDatabase(env.APPVIEW_DB);
  const directory = countDatabase(env.DIRECTORY);
  const accounts = new CountedAccounts(env.ACCOUNT);
  const sequencer = env.SEQUENCER.getByName(SEQUENCER_NAME);
  const before = (await sequencer.status()).rows;
  return {
    env: { ...env, APPVIEW_DB: appview.db, DIRECTORY: directory.db, ACCOUNT: accounts },
    async tell({ headers }) {
      const after = (await sequencer.status()).rows;
      const ingest = difference(after?.index, before?.index);
      const index = { written: ingest.written + appview.cost.written, read: ingest.read + appview.cost.read };
      // A write tells its own, without what follows it.
      const account = headers.get(HEADER) ?? (await accounts.told());
      headers.set(
        HEADER,
        [
          ...(account === null ? [] : [account]),
          told("sequencer", difference(after?.sequencer, before?.sequencer)),
          told("index", index),
          told("directory", directory.cost),
          `trips=${appview.cost.trips}`,
          `directory-trips=${directory.cost.trips}`,
        ].join(" "),
      );
    },
  };
}

/** Notes the row counts of accounts before they are first called. */
class CountedAccounts {
  readonly #accounts: Bindings<AccountStation>["ACCOUNT"];
  readonly #before = new Map<string, Promise<RowCount>>();

  constructor(accounts: Bindings<AccountStation>["ACCOUNT"]) {
    this.#accounts = accounts;
  }

  getByName(did: string): AccountStation {
    const account = this.#accounts.getByName(did);
    // Calls through one stub arrive in order.
    if (!this.#before.has(did)) this.#before.set(did, account.rows());
    return account;
  }

  async told(): Promise<string | null> {
    if (this.#before.size === 0) return null;
    const all = await Promise.all(
      [...this.#before].map(async ([did, before]) => {
        const after = await this.#accounts.getByName(did).rows();
        return difference(after, await before);
      }),
    );
    return told("account", {
      written: all.reduce((sum, { written }) => sum + written, 0),
      read: all.reduce((sum, { read }) => sum + read, 0),
    });
  }
}

/** Removes the account's part as well if no cost is reported. */
export const hideCost = ({ headers }: Response): void => headers.delete(HEADER);

const told = (station: string, { written, read }: RowCount) => `${station}=${written}/${read}`;

const difference = (after: RowCount | undefined, before: RowCount | undefined): RowCount => ({
  written: (after?.written ?? 0) - (before?.written ?? 0),
  read: (after?.read ?? 0) - (before?.read ?? 0),
});
