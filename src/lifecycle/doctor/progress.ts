/** How far an examination is, and what it has found. */
import type { Did } from "@atcute/lexicons";
import type { RepoFault } from "../../protocol/object/account-examination.ts";
import { RunNotes, type Run } from "../backup/run-notes.ts";

/**
 * - `no object`: the directory lists an account whose object holds nothing
 * - `unreadable`: the object holds something that cannot be read
 * - `unlisted`: an account was announced, and the directory does not know it
 * - `standing`: object and directory disagree about state, takedown or handle
 * - `file lost`, `file changed`: a blob that R2 does not have, or has with other bytes
 * - `file missing`: a record names a blob that never came
 * - `unindexed`, `indexed`, `outdated`: what the index lacks, has too much, or has in another version
 * - `counts`: numbers in the index that are not those of its rows
 * - `actor`: what the index takes for a member's handle and state
 * - `departed`: the index has an account that lives here no more
 * - `skipped`: it could not be looked at
 */
export type Kind =
  | RepoFault
  | "no object"
  | "unreadable"
  | "unlisted"
  | "standing"
  | "file lost"
  | "file changed"
  | "file missing"
  | "unindexed"
  | "indexed"
  | "outdated"
  | "counts"
  | "actor"
  | "departed"
  | "skipped";

export interface Finding {
  did: string;
  kind: Kind;
  count: number;
  /** The first of them: a path, a CID, an error. */
  example: string;
  /** Whether it was made good. */
  mended: boolean;
}

/** The use of an examination. */
export interface Cost {
  /** Calls of objects. */
  calls: number;
  /** Statements of both databases. */
  statements: number;
  records: number;
  files: number;
  bytes: number;
}

export type Part = "repo" | "files" | "index";

/** `unlisted`: accounts that the directory may lack; `departed`: that the index has too much; `again`: mended ones. */
export type Phase = "accounts" | "unlisted" | "departed" | "again" | "done";

export interface Progress {
  phase: Phase;
  /** The last DID that was looked at. */
  after: string;
  /** Accounts to examine next. */
  todo: Did[];
  /** Where the examination of the first of them goes on. */
  part: Part;
  cursor: string;
  /** Steps that began at this place: an account that no step survives is passed over. */
  tries: number;
  /** Whether the account's repo is to be mended, or was. */
  mends: "no" | "wanted" | "done";
  accounts: number;
  /** Accounts whose index was mended, to be looked at again. */
  again: Did[];
  findings: Finding[];
  /** Findings beyond those that are named. */
  more: number;
  cost: Cost;
  /** Why the last step failed; it is tried again. */
  error: string | null;
}

export type Examination = Run<Progress>;

/** Findings that are named. */
const NAMED = 200;

export const beginning = (): Progress => ({
  phase: "accounts",
  after: "",
  todo: [],
  part: "repo",
  cursor: "",
  tries: 0,
  mends: "no",
  accounts: 0,
  again: [],
  findings: [],
  more: 0,
  cost: { calls: 0, statements: 0, records: 0, files: 0, bytes: 0 },
  error: null,
});

/** Adds to what was found of an account. */
export function addFinding(progress: Progress, found: Omit<Finding, "count"> & { count?: number }): void {
  const { did, kind, count = 1 } = found;
  const known = progress.findings.find((each) => each.did === did && each.kind === kind);
  if (known !== undefined) {
    known.count += count;
    known.mended &&= found.mended;
  } else if (progress.findings.length < NAMED) progress.findings.push({ ...found, count });
  else progress.more++;
}

export const examinations = (database: D1Database) => new RunNotes<Progress>(database, "examination");
