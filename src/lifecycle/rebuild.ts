/** Keeps the AppView's index up with the repos: large imports, and a rebuild from this host's accounts. */
import type { AccountStation } from "../protocol/account-station.ts";
import type { AppViewStation, Bindings } from "../protocol/stations.ts";
import { SEQUENCER_NAME, STATEMENTS } from "../protocol/stations.ts";
import {
  type Member,
  type RebuildContext,
  type RebuildStatus,
  continueRebuild,
  readRebuild,
  startRebuild,
} from "../appview/index/rebuild.ts";
import { meterDatabase } from "../appview/metered-database.ts";
import { Directory } from "../identity/directory.ts";
import { INVALID_HANDLE, type Member as AccountMember } from "../identity/member.ts";
import { standingActs } from "../moderation/standing-acts.ts";

type Env = Bindings<AccountStation>;

/**
 * How often the index is called in one go. Each call is an invocation, with what the platform allows one; it allows
 * 32 in all.
 */
const CALLS = 25;
/** How long (ms) the Worker's schedule works on the index each minute. */
const SPELL_MS = 30_000;

/** For what only the host knows. `isSpent`: whether this invocation has sent what it may. */
function hostContext(env: Env): RebuildContext {
  const directory = new Directory(env);
  const sequencer = env.SEQUENCER.getByName(SEQUENCER_NAME);
  const { db, spent } = meterDatabase(env.APPVIEW_DB);
  return {
    db,
    // Repos are read by the index itself, in invocations of its own.
    account: null,
    now: Date.now,
    isSpent: () => spent() >= STATEMENTS[env.PLAN],
    host: {
      acts: () => standingActs(env.DIRECTORY),
      bookmarks: () => bookmarkTotals(env.DIRECTORY),
      async members(after, limit): Promise<Member[]> {
        const repos = await sequencer.listRepos(after === "" ? undefined : after, limit);
        const accounts = await directory.findAll(repos.map(({ did }) => did));
        return repos.map(({ did, status }) => ({ did, handle: shownHandle(accounts.get(did)), status }));
      },
    },
  };
}

/** The handle of a member in the index: null for one that does not resolve back, which is nobody's. */
export const shownHandle = (member: AccountMember | undefined): string | null =>
  member === undefined || member.handle === INVALID_HANDLE ? null : member.handle;

/** Posts that are taken over at a time. */
const TOTALS = 500;

async function* bookmarkTotals(directory: D1Database): AsyncGenerator<{ uri: string; n: number }[]> {
  for (let after = ""; ;) {
    const { results } = await directory
      .prepare("SELECT uri, count(*) AS n FROM bookmark WHERE uri > ?1 GROUP BY uri ORDER BY uri LIMIT ?2")
      .bind(after, TOTALS)
      .all<{ uri: string; n: number }>();
    yield results;
    after = results.at(-1)?.uri ?? "";
    if (results.length < TOTALS) return;
  }
}

/** Works on what is left to do in the index for `ms`, call by call. */
async function work(env: Env, appview: AppViewStation, ms: number): Promise<void> {
  const allowance = { until: Date.now() + ms, statements: STATEMENTS[env.PLAN] };
  const host = hostContext(env);
  for (let calls = 0; calls < CALLS && Date.now() < allowance.until; calls++) {
    const left = await appview.work(allowance);
    if (left === "none") return;
    if (left === "more") continue;
    if (host.isSpent?.() === true) return;
    await continueRebuild(host, allowance.until);
  }
}

/**
 * Starts a rebuild, unless one is under way and `restart` is false, and works on it for `ms`. The next call
 * continues it, from the admin or from the Worker's schedule.
 */
export async function rebuildIndex(
  env: Env,
  appview: AppViewStation | null,
  { restart, ms }: { restart: boolean; ms: number },
): Promise<RebuildStatus | null> {
  const current = await readRebuild(env.APPVIEW_DB);
  if (restart || current === null || current.phase === "done") await startRebuild(env.APPVIEW_DB, Date.now());
  if (appview !== null) await work(env, appview, ms);
  return readRebuild(env.APPVIEW_DB);
}

/** Goes on with large repos that came in, and with a rebuild. Called by the Worker's schedule. */
export const resumeIndex = (env: Env, appview: AppViewStation): Promise<void> => work(env, appview, SPELL_MS);
