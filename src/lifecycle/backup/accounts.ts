/** Finds the accounts that changed since they were kept, and visits them, a few at a time. */
import type { Did } from "@atcute/lexicons";
import { markDue } from "../../account/backup.ts";
import { logLine } from "../../protocol/log-line.ts";
import type { SequencerStation } from "../../protocol/stations.ts";
import { SEQUENCER_NAME } from "../../protocol/stations.ts";
import type { RunContext } from "./context.ts";
import { findKept, takingMarks } from "./kept-accounts.ts";
import { noteFailure, noteProgress } from "./progress.ts";
import { AccountFailure, copyBlobs, visitAccount } from "./visit.ts";

/** Visits in one step. Each takes six requests or so, of 50 that the free plan allows, and of 10,000. */
const VISITED_AT_ONCE = { free: 6, paid: 40 } as const;
/** Accounts looked at in one step: a row each here, and one of the sequencer's. */
const LOOKED_AT = 500;

interface Looked {
  did: Did;
  created_at: string;
  due: number | null;
  place: string | null;
  made: number | null;
  rev: string | null;
}

/** Visits the accounts that are to be visited, then finds the next ones. */
export async function stepAccounts(context: RunContext): Promise<void> {
  const { env, progress } = context;
  if (progress.todo.length > 0 && !(await visitAll(context))) return;
  const most = VISITED_AT_ONCE[env.PLAN];
  const { looked, isAll } = await lookAfter(context, progress.after);
  const todo = looked.filter(({ isChanged }) => isChanged).slice(0, most);
  const isCut = todo.length === most;
  const last = isCut ? todo.at(-1) : looked.at(-1);
  progress.after = last?.did ?? progress.after;
  progress.todo = todo.map(({ did }) => did);
  progress.blobsAfter = "";
  if (isAll && !isCut && progress.todo.length === 0) progress.phase = "directory";
  // The marks go with the note: whoever dies now finds both.
  await noteProgress(env.DIRECTORY, context.current, [takingMarks(env.DIRECTORY, progress.todo)]);
}

/** Whether all are visited; otherwise some blobs are left to copy. */
async function visitAll(context: RunContext): Promise<boolean> {
  const { env, progress, run, copies } = context;
  const rows = await findKept(env.DIRECTORY, progress.todo);
  for (let did = progress.todo[0]; did !== undefined; did = progress.todo[0]) {
    const row = rows.get(did);
    // A step that died may have visited it already. Again would leave out what that visit wrote.
    const isVisited = row?.place === progress.place && row.visits.at(-1)?.run === run;
    try {
      const rest = copies && !isVisited ? await copyBlobs(context, did, row) : null;
      if (rest !== null) {
        progress.blobsAfter = rest;
        await noteProgress(env.DIRECTORY, context.current);
        return false;
      }
      if (!isVisited) await visitAccount(context, did, row);
    } catch (thrown) {
      if (!(thrown instanceof AccountFailure)) throw thrown;
      logLine("error", "backup.account", { did, error: thrown });
      noteFailure(progress, did, thrown.message);
      await markDue(env.DIRECTORY, did);
    }
    progress.todo = progress.todo.slice(1);
    progress.blobsAfter = "";
  }
  return true;
}

async function lookAfter(
  { env, progress: { place } }: RunContext,
  after: string,
): Promise<{ looked: { did: Did; isChanged: boolean }[]; isAll: boolean }> {
  const { results } = await env.DIRECTORY.prepare(
    `SELECT a.did, a.created_at, b.due, b.place, b.made, b.rev FROM account a
      LEFT JOIN backup_account b ON b.did = a.did
      WHERE a.did > ?1 AND a.state IN ('active', 'deactivated') ORDER BY a.did LIMIT ?2`,
  )
    .bind(after, LOOKED_AT)
    .all<Looked>();
  const revs = await revsBetween(env.SEQUENCER.getByName(SEQUENCER_NAME), after, results.at(-1)?.did ?? "");
  const looked = results.map(({ did, created_at: createdAt, due, place: at, made, rev }) => {
    const now = revs.get(did);
    const isKept = at === place && due === 0 && made === Date.parse(createdAt);
    return { did, isChanged: !isKept || (now !== undefined && now !== rev) };
  });
  return { looked, isAll: results.length < LOOKED_AT };
}

/** The newest revs that the sequencer knows, of repos after one DID, up to another. */
async function revsBetween(
  sequencer: SequencerStation,
  after: string,
  upTo: string,
): Promise<Map<string, string | null>> {
  const revs = new Map<string, string | null>();
  for (let cursor = after; cursor < upTo;) {
    const repos = await sequencer.listRepos(cursor === "" ? undefined : cursor, LOOKED_AT);
    for (const { did, rev } of repos) if (rev !== null) revs.set(did, rev);
    if (repos.length < LOOKED_AT) break;
    cursor = repos.at(-1)?.did ?? upTo;
  }
  return revs;
}
