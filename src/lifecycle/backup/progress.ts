/** How far a run is. It is noted after every few accounts, and a run that dies goes on from there. */
import type { Did } from "@atcute/lexicons";
import { RunNotes, type Run as NotedRun } from "./run-notes.ts";
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

export type Run = NotedRun<Progress>;

const notes = (database: D1Database) => new RunNotes<Progress>(database, "backup_run");

/** The newest runs, the newest first. */
export const readRuns = (database: D1Database, limit: number): Promise<Run[]> =>
  notes(database).newest(limit);

/** Does nothing if that run has begun. */
export const beginRun = (database: D1Database, id: string, place: string): Promise<void> =>
  notes(database).begin(id, beginning(place));

/** Stores how far the run is, as `RunNotes.note` does. */
export const noteProgress = (
  database: D1Database,
  run: Run,
  along: D1PreparedStatement[] = [],
): Promise<void> => notes(database).note(run, along);

/** Ends a run that cannot go on: its files are swept with the next one's. */
export const dropRun = (database: D1Database, id: string): Promise<void> => notes(database).drop(id);
