/**
 * The host's backups. The schedule makes a step each minute while a run is under way: a step is small enough for
 * any plan, notes how far it is, and may die at any point.
 */
import { HostTasks } from "../../identity/host-tasks.ts";
import type { AccountStation } from "../../protocol/account-station.ts";
import { logLine } from "../../protocol/log-line.ts";
import { lenders } from "../../protocol/memory.ts";
import type { Bindings } from "../../protocol/stations.ts";
import { runId, runTime } from "./run-notes.ts";
import { stepAccounts } from "./accounts.ts";
import { type RunContext, placeOf } from "./context.ts";
import { stepDirectory } from "./directory-dump.ts";
import { PART_BYTES } from "./file-writer.ts";
import { stepList } from "./manifest.ts";
import { type Run, beginRun, dropRun, noteProgress, readRuns } from "./progress.ts";
import { Sealer } from "./seal.ts";
import { copiesBlobs, storeOf } from "./store.ts";
import { stepSweep } from "./sweep.ts";

const HOUR = 3_600_000;
const EVERY_MS = { day: 24 * HOUR, week: 7 * 24 * HOUR } as const;
/** How long a step has its run to itself. */
const LEASE_MS = 5 * 60_000;

const hasEnded = ({ progress }: Run): boolean => progress.phase === "done";

/**
 * Begins a run when one is due, and makes its next step. For the Worker's schedule: may be called as often as one
 * likes. Does nothing while the owner has given no key. Returns whether a run is under way.
 */
export async function backUp(
  env: Bindings<AccountStation>,
  clock: () => number = Date.now,
): Promise<boolean> {
  if (env.BACKUP_KEY === "") return false;
  const database = env.DIRECTORY;
  const place = placeOf(env);
  const [last] = await readRuns(database, 1);
  if (last !== undefined && !hasEnded(last) && last.progress.place !== place && last.endedAt === null) {
    await dropRun(database, last.id);
    return false;
  }
  const isUnderWay = last !== undefined && !hasEnded(last) && last.progress.place === place;
  if (isUnderWay) await step(env, clock);
  const isDue =
    last === undefined ||
    last.progress.place !== place ||
    clock() - runTime(last.id) >= EVERY_MS[env.BACKUP_EVERY];
  if (!isUnderWay && isDue) await startRun(env, clock);
  return isUnderWay;
}

/** Begins a run, unless one is under way; the schedule goes on with it. */
export async function startRun(env: Bindings, clock: () => number = Date.now): Promise<void> {
  const place = placeOf(env);
  const [last] = await readRuns(env.DIRECTORY, 1);
  if (last !== undefined && !hasEnded(last) && last.progress.place === place) return;
  const id = runId(clock());
  if (last === undefined || id > last.id) await beginRun(env.DIRECTORY, id, place);
}

async function step(env: Bindings<AccountStation>, clock: () => number): Promise<void> {
  const tasks = new HostTasks(env.DIRECTORY, clock);
  if (!(await tasks.begin("back up", LEASE_MS))) return;
  // Read now: another step may have ended a moment ago.
  const [run] = await readRuns(env.DIRECTORY, 1);
  try {
    if (run !== undefined && run.progress.place === placeOf(env)) await makeStep(env, run);
  } catch (error) {
    logLine("error", "backup", { run: run?.id, error });
    await noteError(env, error instanceof Error ? error.message : String(error));
  } finally {
    await tasks.release("back up");
  }
}

/** The step is made again; what it changed in memory is forgotten. */
async function noteError(env: Bindings, error: string): Promise<void> {
  const [before] = await readRuns(env.DIRECTORY, 1);
  if (before === undefined || before.progress.error === error) return;
  before.progress.error = error;
  await noteProgress(env.DIRECTORY, before);
}

async function makeStep(env: Bindings<AccountStation>, current: Run): Promise<void> {
  const { id: run, progress } = current;
  const loan = await lenders.uploads.borrow(PART_BYTES);
  try {
    progress.error = null;
    const context: RunContext = {
      env,
      run,
      current,
      progress,
      store: storeOf(env),
      sealer: await Sealer.for(env.BACKUP_KEY),
      buffer: new Uint8Array(PART_BYTES),
      copies: copiesBlobs(env),
    };
    await STEPS[progress.phase](context);
  } finally {
    loan.giveBack();
  }
}

const STEPS: Record<Run["progress"]["phase"], (context: RunContext) => Promise<void>> = {
  accounts: stepAccounts,
  directory: stepDirectory,
  list: stepList,
  sweep: stepSweep,
  done: async () => {},
};
