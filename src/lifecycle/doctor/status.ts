/** The host's doctor as owners see it. */
import { Directory } from "../../identity/directory.ts";
import type { Bindings } from "../../protocol/stations.ts";
import { runTime } from "../backup/run-notes.ts";
import { type Cost, type Finding, type Phase, examinations } from "./progress.ts";
import { type Words, wordsOf } from "./words.ts";

export interface ShownFinding extends Finding, Words {
  /** Null: nobody whom the directory knows. */
  handle: string | null;
}

export interface Report {
  id: string;
  phase: Phase;
  /** Milliseconds. */
  startedAt: number;
  /** Null while it is under way. */
  endedAt: number | null;
  /** Accounts looked at. */
  accounts: number;
  findings: ShownFinding[];
  /** Findings beyond those that are named. */
  more: number;
  cost: Cost;
  /** Why the last step failed; it is tried again. */
  error: string | null;
}

/** The newest examination, under way or not; null: there was none yet. What is not mended comes first. */
export async function readReport(env: Bindings): Promise<Report | null> {
  const [run] = await examinations(env.DIRECTORY).newest(1);
  if (run === undefined) return null;
  const { id, endedAt, progress } = run;
  const { phase, accounts, findings, more, cost, error } = progress;
  const members = await new Directory(env).findAll(findings.map(({ did }) => did));
  const shown = findings
    .toSorted((a, b) => Number(a.mended) - Number(b.mended))
    .map((each) => ({ ...each, ...wordsOf(each), handle: members.get(each.did)?.handle ?? null }));
  return { id, phase, startedAt: runTime(id), endedAt, accounts, findings: shown, more, cost, error };
}
