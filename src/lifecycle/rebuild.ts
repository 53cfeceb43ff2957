/** The AppView's index, rebuilt: from this host's accounts and their repos. */
import type { AccountStation } from "../protocol/account-station.ts";
import type { Bindings } from "../protocol/stations.ts";
import { SEQUENCER_NAME } from "../protocol/stations.ts";
import {
  type Member,
  type RebuildContext,
  type RebuildStatus,
  continueRebuild,
  readRebuild,
  startRebuild,
} from "../appview/index/rebuild.ts";
import { Directory } from "../identity/directory.ts";

type Env = Bindings<AccountStation>;

function contextOf(env: Env): RebuildContext {
  const directory = new Directory(env);
  const sequencer = env.SEQUENCER.getByName(SEQUENCER_NAME);
  return {
    db: env.APPVIEW_DB,
    account: (did) => env.ACCOUNT.getByName(did),
    now: Date.now,
    async members(after, limit): Promise<Member[]> {
      const repos = await sequencer.listRepos(after === "" ? undefined : after, limit);
      const accounts = await directory.findAll(repos.map(({ did }) => did));
      return repos.map(({ did, status }) => ({ did, handle: accounts.get(did)?.handle ?? null, status }));
    },
  };
}

/**
 * Begins a rebuild, unless one is under way that is not to begin again, and works at it for `ms`. It is gone on with by
 * whoever calls next: the admin, or the host's clock.
 */
export async function rebuildIndex(
  env: Env,
  { restart, ms }: { restart: boolean; ms: number },
): Promise<RebuildStatus | null> {
  const standing = await readRebuild(env.APPVIEW_DB);
  if (restart || standing === null || standing.phase === "done")
    await startRebuild(env.APPVIEW_DB, Date.now());
  return continueRebuild(contextOf(env), Date.now() + ms);
}

/** How long the host's clock works at it, each time it strikes. */
const SPELL_MS = 20_000;

/** For the host's clock: goes on with a rebuild that is under way; does nothing where there is none. */
export async function resumeRebuild(env: Env): Promise<void> {
  await continueRebuild(contextOf(env), Date.now() + SPELL_MS);
}
