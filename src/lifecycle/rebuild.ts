/** Rebuilds the AppView's index from this host's accounts and their repos. */
import type { AccountStation } from "../protocol/account-station.ts";
import type { Bindings } from "../protocol/stations.ts";
import { SEQUENCER_NAME } from "../protocol/stations.ts";
import { resumeBacklog } from "../appview/index/backlog.ts";
import {
  type Member,
  type RebuildContext,
  type RebuildStatus,
  continueRebuild,
  readRebuild,
  startRebuild,
} from "../appview/index/rebuild.ts";
import { Directory } from "../identity/directory.ts";
import { standingActs } from "../moderation/standing-acts.ts";

type Env = Bindings<AccountStation>;

function contextOf(env: Env): RebuildContext {
  const directory = new Directory(env);
  const sequencer = env.SEQUENCER.getByName(SEQUENCER_NAME);
  return {
    db: env.APPVIEW_DB,
    account: (did) => env.ACCOUNT.getByName(did),
    acts: () => standingActs(env.DIRECTORY),
    now: Date.now,
    async members(after, limit): Promise<Member[]> {
      const repos = await sequencer.listRepos(after === "" ? undefined : after, limit);
      const accounts = await directory.findAll(repos.map(({ did }) => did));
      return repos.map(({ did, status }) => ({ did, handle: accounts.get(did)?.handle ?? null, status }));
    },
  };
}

/**
 * Starts a rebuild, unless one is under way and `restart` is false, and works on it for `ms`. The next call
 * continues it, from the admin or from the Worker's schedule.
 */
export async function rebuildIndex(
  env: Env,
  { restart, ms }: { restart: boolean; ms: number },
): Promise<RebuildStatus | null> {
  const current = await readRebuild(env.APPVIEW_DB);
  if (restart || current === null || current.phase === "done") await startRebuild(env.APPVIEW_DB, Date.now());
  return continueRebuild(contextOf(env), Date.now() + ms);
}

/** How long the Worker's schedule works on a rebuild, or on large repos, each time. */
const SPELL_MS = 20_000;

/** Goes on with large repos that came in. Called by the Worker's schedule. */
export async function resumeImports(env: Env): Promise<void> {
  await resumeBacklog(contextOf(env), Date.now() + SPELL_MS);
}

/** Continues a rebuild that is under way; does nothing if there is none. Called by the Worker's schedule. */
export async function resumeRebuild(env: Env): Promise<void> {
  await continueRebuild(contextOf(env), Date.now() + SPELL_MS);
}
