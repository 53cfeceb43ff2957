/**
 * A move of an account from one host to another, with its progress. It has a folder of its own, next to the
 * member's archive, so that another run continues where this one stopped. Passwords are never written down.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { PlcOperation } from "../../src/identity/plc/operation.ts";
import type { ArchiveFacts } from "./archive.ts";
import type { HostClient } from "./host-client.ts";

export const STEPS = [
  "archive",
  "account",
  "repo",
  "blobs",
  "preferences",
  "compare",
  "identity",
  "activate",
  "deactivate",
] as const;
export type StepName = (typeof STEPS)[number];

export interface MoveState {
  did: string;
  /** Origins of the old and the new host. */
  from: string;
  to: string;
  /** The account's handle before and after the move. */
  oldHandle: string;
  handle: string;
  /** The e-mail address at the new host. */
  email: string;
  /** Origin of the PLC directory. */
  plc: string;
  /** A did:key that the member holds, to come first among the rotation keys. */
  rotationKey?: string;
  /** When each step was finished, ISO 8601. */
  done: Partial<Record<StepName, string>>;
  /** `headRev` is the old host's latest rev when the archive was made. */
  archive?: ArchiveFacts & { headRev: string };
  /** The new host's rev before an import whose result is unknown. */
  importing?: string;
  /** Blobs that the old host no longer has or the new host does not take: CID → reason. */
  lost: Record<string, string>;
  /** An operation that the old host signed; it may have been submitted. */
  operation?: PlcOperation;
  /** The DID's state before the move, for the way back. */
  identityBefore?: unknown;
}

/** A move's folder, which belongs to one account and one pair of hosts. */
export class Move {
  readonly folder: string;
  readonly state: MoveState;

  constructor(folder: string, state: MoveState) {
    this.folder = folder;
    this.state = state;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  static open(folder: string): Move | null {
    const file = path.join(folder, "move.json");
    if (!existsSync(file)) return null;
    return new Move(folder, JSON.parse(readFileSync(file, "utf8")) as MoveState);
  }

  file(name: string): string {
    return path.join(this.folder, name);
  }

  /** Writes the state atomically: a run that is killed leaves the older state. */
  save(): void {
    writeFileSync(this.file("move.json.part"), `${JSON.stringify(this.state, null, 2)}\n`, { mode: 0o600 });
    renameSync(this.file("move.json.part"), this.file("move.json"));
  }

  finish(step: StepName): void {
    this.state.done[step] = new Date().toISOString();
    this.save();
  }

  get next(): StepName | null {
    return STEPS.find((step) => this.state.done[step] === undefined) ?? null;
  }
}

/** The folder below `root`, named by account, origin and destination. */
export function folderOf(root: string, { did, from, to }: Pick<MoveState, "did" | "from" | "to">): string {
  const name = `${did}-from-${new URL(from).host}-to-${new URL(to).host}`;
  return path.join(root, name.replaceAll(/[^\w.-]/g, "_"));
}

export interface WantedCode {
  purpose: "identity" | "deletion";
  /** The host that mailed the code, and the address it mailed to. */
  host: string;
  email: string;
  /** Why the last code was refused; null at the first attempt. */
  again: string | null;
}

/** The questions that a move asks the member. */
export interface Asker {
  /** A code that the member already has; returned once. */
  brought(): string | undefined;
  code(wanted: WantedCode): Promise<string>;
  /** Asks the member to publish this did:web document; resolves once they confirm. */
  publish(document: unknown): Promise<void>;
}

export interface Reporter {
  begin(step: StepName): void;
  /** Reports `done` of `total` within a step. */
  progress(step: StepName, done: number, total: number): void;
  note(line: string): void;
  end(step: StepName, summary: string): void;
}

/** The context of a move's steps. */
export interface Moving {
  move: Move;
  old: HostClient;
  new: HostClient;
  /** Password at the new host; step `account` creates the account there if it is missing. */
  password: string;
  inviteCode?: string | undefined;
  ask: Asker;
  report: Reporter;
  signal?: AbortSignal | undefined;
}

/** The member has to do or decide something; the move can be resumed. */
export class MoveStopped extends Error {
  override name = "MoveStopped";
}
