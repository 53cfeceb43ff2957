/** The steps of an examination, by phase. */
import type { Did } from "@atcute/lexicons";
import { STATEMENTS } from "../../protocol/stations.ts";
import type { Context } from "./context.ts";
import { examineFiles } from "./files.ts";
import { examineAgain, examineIndex } from "./index-part.ts";
import { type Phase, addFinding } from "./progress.ts";
import { examineRepo, mendRepo } from "./repo.ts";
import { examineDeparted, examineUnlisted } from "./strangers.ts";

/** Accounts listed at once. */
const LISTED = 100;
/** Steps that may die at one place before it is passed over. */
const TRIES = 3;
/** How long a step waits for the index to be mended. */
const SPELL_MS = 10_000;

function enter({ progress }: Context, phase: Phase): void {
  progress.phase = phase;
  progress.after = "";
}

export const PHASES: Record<Phase, (context: Context) => Promise<void>> = {
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
  // After a step that died, one place at a time: so it is the culprit that comes first, and is passed over.
  const isCareful = progress.tries > 1;
  while (!context.isSpent()) {
    const did = progress.todo[0];
    if (did !== undefined) {
      await examineNext(context, did);
      if (isCareful) return;
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
  // A mended repo is examined once more.
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
