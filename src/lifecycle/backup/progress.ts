/** How far a run is. It is noted after every few accounts, and a run that dies goes on from there. */
import type { Did } from "@atcute/lexicons";
import type { StoredFile, TableFile } from "./format.ts";

/**
 * Accounts first, then the directory, so that whoever the directory knows has been visited; then the list of
 * accounts and the manifest; then old runs are swept away.
 */
export type Phase = "accounts" | "directory" | "list" | "sweep" | "done";

export interface Progress {
  phase: Phase;
  /** Where it goes, and for which key: see `placeOf`. */
  place: string;
  /** The last DID that was looked at. */
  after: string;
  /** Accounts to visit next. */
  todo: Did[];
  /** Where copying the blobs of the first of them goes on. */
  blobsAfter: string;
  /** Rows of this table up to this key are written. */
  tableAfter: (string | number)[];
  tables: TableFile[];
  list: StoredFile[];
  accounts: number;
  /** Accounts visited in this run, and what that wrote. */
  visited: number;
  bytes: number;
  /** Accounts that could not be visited, with the error; the first of them. */
  failed: [did: string, why: string][];
  /** Why the last step failed; it is tried again. */
  error: string | null;
}

/** Failures that are named. */
const NAMED = 100;

export const beginning = (place: string): Progress => ({
  phase: "accounts",
  place,
  after: "",
  todo: [],
  blobsAfter: "",
  tableAfter: [],
  tables: [],
  list: [],
  accounts: 0,
  visited: 0,
  bytes: 0,
  failed: [],
  error: null,
});

export function noteFailure(progress: Progress, did: string, why: string): void {
  const others = progress.failed.filter(([each]) => each !== did);
  if (others.length < NAMED) progress.failed = [...others, [did, why]];
}

export interface Run {
  id: string;
  progress: Progress;
  /** When its manifest was written, in milliseconds; null before. */
  endedAt: number | null;
  /** The progress as stored: whoever stores another, later than somebody else did, has lost the run. */
  stored: string;
}

interface RunRow {
  id: string;
  progress: string;
  ended_at: number | null;
}

const asRun = ({ id, progress, ended_at: endedAt }: RunRow): Run => ({
  id,
  progress: JSON.parse(progress) as Progress,
  endedAt,
  stored: progress,
});

/** The newest runs, the newest first. */
export async function readRuns(database: D1Database, limit: number): Promise<Run[]> {
  const { results } = await database
    .prepare("SELECT id, progress, ended_at FROM backup_run ORDER BY id DESC LIMIT ?1")
    .bind(limit)
    .all<RunRow>();
  return results.map(asRun);
}

/** Does nothing if that run has begun. */
export async function beginRun(database: D1Database, id: string, place: string): Promise<void> {
  await database
    .prepare("INSERT INTO backup_run (id, progress) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING")
    .bind(id, JSON.stringify(beginning(place)))
    .run();
}

/**
 * Stores how far the run is. Throws if another step, which took this one for dead, has stored that meanwhile.
 * @param along statement of the same transaction, which may ask for `changes() > 0`
 */
export async function noteProgress(
  database: D1Database,
  run: Run,
  along: D1PreparedStatement[] = [],
): Promise<void> {
  const { id, progress, endedAt } = run;
  const text = JSON.stringify(progress);
  const note = database
    .prepare("UPDATE backup_run SET progress = ?2, ended_at = ?3 WHERE id = ?1 AND progress = ?4")
    .bind(id, text, endedAt, run.stored);
  const [noted] = await database.batch([note, ...along]);
  if (noted?.meta.changes !== 1) throw new Error("another step has gone on with this run");
  run.stored = text;
}

/** Ends a run that cannot go on: its files are swept with the next one's. */
export async function dropRun(database: D1Database, id: string): Promise<void> {
  await database.prepare("DELETE FROM backup_run WHERE id = ?1").bind(id).run();
}
