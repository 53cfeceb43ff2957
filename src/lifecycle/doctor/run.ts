/**
 * The host's doctor looks weekly whether what it keeps is whole: each repo beside its tree, blobs beside their CIDs,
 * the directory beside the objects, the index beside the repos. What can be derived is mended, the rest is told.
 * Each step is small enough for any plan, notes how far it is, and may die at any point.
 */
import type { Did } from "@atcute/lexicons";
import { HostTasks } from "../../identity/host-tasks.ts";
import type { AccountStation } from "../../protocol/account-station.ts";
import { logLine, messageOf } from "../../protocol/log-line.ts";
import { type AppViewStation, type Bindings, STATEMENTS } from "../../protocol/stations.ts";
import { runId, runTime } from "../backup/run-notes.ts";
import { type Context, contextOf } from "./context.ts";
import { examineFiles } from "./files.ts";
import { examineAgain, examineIndex } from "./index-part.ts";
import { type Examination, type Phase, addFinding, beginning, examinations } from "./progress.ts";
import { examineRepo, mendRepo } from "./repo.ts";
import { examineDeparted, examineUnlisted } from "./strangers.ts";

const DAY = 24 * 3_600_000;
const EVERY_MS = 7 * DAY;
/** How long a step has its examination to itself. */
const LEASE_MS = 5 * 60_000;
/** Accounts listed at once. */
const LISTED = 100;
/** Steps that may die at one place before it is passed over. */
const TRIES = 3;
const KEPT = 5;
/** How long a step waits for the index to be mended. */
const SPELL_MS = 10_000;

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

function enter({ progress }: Context, phase: Phase): void {
  progress.phase = phase;
  progress.after = "";
}

const PHASES: Record<Phase, (context: Context) => Promise<void>> = {
  accounts: stepAccounts,
  async unlisted(context) {
    if (!(await examineUnlisted(context))) enter(context, "departed");
  },
  async departed(context) {
    if (!(await examineDeparted(context))) enter(context, "again");
  },
  again: stepAgain,
  done: async () => {},
};

async function stepAccounts(context: Context): Promise<void> {
  const { env, progress } = context;
  while (!context.isSpent()) {
    const did = progress.todo[0];
    if (did !== undefined) {
      await examineNext(context, did);
      continue;
    }
    const { results } = await env.DIRECTORY.prepare(
      `SELECT did FROM account WHERE did > ?1 AND state IN ('active', 'deactivated') ORDER BY did LIMIT ?2`,
    )
      .bind(progress.after, LISTED)
      .all<{ did: Did }>();
    if (results.length === 0) return enter(context, "unlisted");
    progress.todo = results.map(({ did: each }) => each);
  }
}

/** Examines one part of the first account, or some of it. */
async function examineNext(context: Context, did: Did): Promise<void> {
  const { progress } = context;
  const { part, cursor } = progress;
  if (progress.tries > TRIES) {
    addFinding(progress, { did, kind: "skipped", example: progress.error ?? part, mended: false });
    return leave(context, did);
  }
  const rest = await PARTS[part](context, did, cursor);
  if (rest === undefined) return leave(context, did);
  progress.cursor = rest ?? "";
  if (rest !== null) return;
  // What was mended is examined once more.
  if (part === "repo" && progress.mends === "wanted" && (await mendRepo(context, did))) return;
  const next = AFTER[part];
  // Without a head, there is nothing to compare the index with.
  const isHeadless = progress.findings.some(
    (each) => each.did === did && each.kind === "head" && !each.mended,
  );
  if (next === null || (next === "index" && isHeadless)) return leave(context, did);
  progress.part = next;
}

const PARTS = { repo: examineRepo, files: examineFiles, index: examineIndex };
const AFTER = { repo: "files", files: "index", index: null } as const;

/** Goes on to the next account. */
function leave({ progress }: Context, did: Did): void {
  progress.after = did;
  progress.todo = progress.todo.slice(1);
  progress.part = "repo";
  progress.cursor = "";
  progress.mends = "no";
  progress.tries = 0;
  progress.accounts++;
}

/** Waits until the index is mended, then looks at those accounts again. */
async function stepAgain(context: Context): Promise<void> {
  const { progress, appview, env } = context;
  const isIll = progress.findings.some(({ kind }) => kind === "departed") || progress.again.length > 0;
  if (appview !== null && isIll) {
    const allowance = { until: Date.now() + SPELL_MS, statements: STATEMENTS[env.PLAN] };
    if ((await appview.work(allowance)) === "more" && progress.tries <= TRIES) return;
  }
  while (!context.isSpent()) {
    const [did] = progress.again;
    if (did === undefined) return enter(context, "done");
    await examineAgain(context, did);
    progress.again = progress.again.slice(1);
  }
}
