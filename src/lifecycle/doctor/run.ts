/**
 * The host's doctor looks weekly whether what it keeps is whole: each repo beside its tree, blobs beside their CIDs,
 * the directory beside the objects, the index beside the repos. What can be derived is mended, the rest is told.
 * Each step is small enough for any plan, notes how far it is, and may die at any point.
 */
import { HostTasks } from "../../identity/host-tasks.ts";
import type { AccountStation } from "../../protocol/account-station.ts";
import { logLine, messageOf } from "../../protocol/log-line.ts";
import type { AppViewStation, Bindings } from "../../protocol/stations.ts";
import { runId, runTime } from "../backup/run-notes.ts";
import { contextOf } from "./context.ts";
import { type Examination, beginning, examinations } from "./progress.ts";
import { PHASES } from "./steps.ts";

const DAY = 24 * 3_600_000;
const EVERY_MS = 7 * DAY;
/** How long a step has its examination to itself. */
const LEASE_MS = 5 * 60_000;
const KEPT = 5;

type Env = Bindings<AccountStation>;

/**
 * Begins an examination when one is due, and makes its next step. For the Worker's schedule: may be called as often
 * as one likes. Returns whether one is under way.
 */
export async function examine(
  env: Env,
  appview: AppViewStation | null,
  clock: () => number = Date.now,
): Promise<boolean> {
  const [last] = await examinations(env.DIRECTORY).newest(1);
  if (last !== undefined && last.endedAt === null) {
    await step(env, appview, clock);
    return true;
  }
  const isDue =
    last === undefined ? await isOld(env.DIRECTORY, clock()) : clock() - runTime(last.id) >= EVERY_MS;
  if (isDue) await start(env, clock);
  return false;
}

/** Whether anybody has lived here for a day. */
async function isOld(directory: D1Database, now: number): Promise<boolean> {
  const before = new Date(now - DAY).toISOString();
  const found = await directory
    .prepare("SELECT 1 AS old FROM account WHERE created_at < ?1 LIMIT 1")
    .bind(before)
    .first<number>("old");
  return found === 1;
}

/** Begins an examination, unless one is under way; the schedule goes on with it. */
export async function start(env: Env, clock: () => number = Date.now): Promise<void> {
  const notes = examinations(env.DIRECTORY);
  const [last] = await notes.newest(1);
  if (last !== undefined && last.endedAt === null) return;
  const id = runId(clock());
  if (last === undefined || id > last.id) await notes.begin(id, beginning());
  await notes.keep(KEPT);
}

/** Makes a step of the examination that is under way, unless somebody else is making one. */
export async function step(
  env: Env,
  appview: AppViewStation | null,
  clock: () => number = Date.now,
): Promise<void> {
  const tasks = new HostTasks(env.DIRECTORY, clock);
  if (!(await tasks.begin("examine", LEASE_MS))) return;
  const notes = examinations(env.DIRECTORY);
  try {
    const [run] = await notes.newest(1);
    if (run !== undefined && run.endedAt === null) await makeStep(env, appview, run, clock);
  } catch (error) {
    logLine("error", "doctor", { error });
    // Read anew: what the step changed in memory is forgotten.
    const [run] = await notes.newest(1);
    if (run === undefined || run.endedAt !== null || run.progress.error === messageOf(error)) return;
    run.progress.error = messageOf(error);
    await notes.note(run);
  } finally {
    await tasks.release("examine");
  }
}

async function makeStep(
  env: Env,
  appview: AppViewStation | null,
  run: Examination,
  clock: () => number,
): Promise<void> {
  const notes = examinations(env.DIRECTORY);
  const { progress } = run;
  // Noted before it begins: whoever dies of this place has been there.
  progress.tries++;
  await notes.note(run);
  const context = contextOf(env, appview, progress, clock);
  await PHASES[progress.phase](context);
  progress.tries = 0;
  progress.error = null;
  context.settle();
  if (progress.phase === "done") run.endedAt = clock();
  await notes.note(run);
}
