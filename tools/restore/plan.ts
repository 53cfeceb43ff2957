/** The plan of a restore: its effect on each account, before it does anything. */
import type { AccountEntry } from "../../src/lifecycle/backup/format.ts";
import type { Standing } from "../../src/lifecycle/backup/restore.ts";
import type { HostApi } from "./host-api.ts";
import type { Journal } from "./journal.ts";

/**
 * - `whole`: it is not there, or was begun and cut
 * - `list`: its repo is there, but the directory has lost it
 * - `replace`: it is there, and its repo goes back to what it was
 * - `leave`: it is there, and not older
 */
export type Action = "whole" | "list" | "replace" | "leave";

export interface Planned {
  entry: AccountEntry;
  action: Action;
}

/** Accounts asked about at once. */
const AT_ONCE = 25;

function actionFor(
  { made, rev }: AccountEntry,
  there: Standing,
  { isBegun, goesBack }: { isBegun: boolean; goesBack: boolean },
): Action {
  if (there.state === null) return there.rev === null || isBegun ? "whole" : "list";
  // An account that holds nothing, or cannot be read, comes back whole, with what opens it.
  if (there.rev === null) return "whole";
  if (goesBack) return "replace";
  return there.made === made && there.rev < rev ? "replace" : "leave";
}

/** @param goesBack whether accounts that are there go back to what they were */
export async function* planAccounts(
  host: HostApi,
  entries: AsyncIterable<AccountEntry>,
  journal: Journal,
  goesBack: boolean,
): AsyncGenerator<Planned> {
  let waiting: AccountEntry[] = [];
  for await (const entry of entries) {
    waiting.push(entry);
    if (waiting.length < AT_ONCE) continue;
    yield* await planned(host, waiting, journal, goesBack);
    waiting = [];
  }
  if (waiting.length > 0) yield* await planned(host, waiting, journal, goesBack);
}

async function planned(
  host: HostApi,
  entries: AccountEntry[],
  journal: Journal,
  goesBack: boolean,
): Promise<Planned[]> {
  const dids = entries.map(({ did }) => did);
  const { accounts } = await host.query<{ accounts: Standing[] }>("internal.atoll.backup.getAccounts", {
    dids,
  });
  return entries.map((entry, i) => {
    const there = accounts[i] ?? { did: entry.did, state: null, made: null, rev: null };
    return { entry, action: actionFor(entry, there, { isBegun: journal.has(entry.did), goesBack }) };
  });
}
