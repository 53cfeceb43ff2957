/**
 * A move: which account goes from where to where, and how far it has come. Kept in a folder of its own, beside the
 * member's archive, so that another run goes on where this one stopped. Passwords are never written down.
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
  /** Origins. */
  from: string;
  to: string;
  /** Of the account: before and after. */
  oldHandle: string;
  handle: string;
  /** At the new host. */
  email: string;
  /** Origin of the PLC directory. */
  plc: string;
  /** did:key that the member holds, to come first among the rotation keys. */
  rotationKey?: string;
  /** When each step was done, ISO 8601. */
  done: Partial<Record<StepName, string>>;
  /** `headRev`: what the old host called its newest commit when the archive was made. */
  archive?: ArchiveFacts & { headRev: string };
  /** The new host's rev before an import whose answer is not known. */
  importing?: string;
  /** Blobs that the old host does not have any more: CID → what it said. */
  lost: Record<string, string>;
  /** Signed by the old host; perhaps submitted. */
  operation?: PlcOperation;
  /** What the DID said before the move, for the way back. */
  identityBefore?: unknown;
}

/** A folder holds one account's move to one host. */
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

  /** Whole or not at all: a run that is killed leaves the older state. */
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

/** Below `root`, by account, origin and destination. */
export function folderOf(root: string, { did, from, to }: Pick<MoveState, "did" | "from" | "to">): string {
  const name = `${did}-from-${new URL(from).host}-to-${new URL(to).host}`;
  return path.join(root, name.replaceAll(/[^\w.-]/g, "_"));
}

export interface WantedCode {
  purpose: "identity" | "deletion";
  /** Who mailed it, and where to. */
  host: string;
  email: string;
  /** Why the last one was not taken. */
  again: string | null;
}

/** What a move asks the member on its way. */
export interface Asker {
  /** A code that the member has already, once. */
  brought(): string | undefined;
  code(wanted: WantedCode): Promise<string>;
  /** The member publishes this did:web document; resolves once they say so. */
  publish(document: unknown): Promise<void>;
}

export interface Reporter {
  begin(step: StepName): void;
  /** `done` of `total`, within a step. */
  progress(step: StepName, done: number, total: number): void;
  note(line: string): void;
  end(step: StepName, summary: string): void;
}

/** What steps work with. */
export interface Moving {
  move: Move;
  old: HostClient;
  new: HostClient;
  /** For the account at the new host, made in step `account` if it is not there. */
  password: string;
  inviteCode?: string | undefined;
  ask: Asker;
  report: Reporter;
  signal?: AbortSignal | undefined;
}

/** The member has to do or decide something; the move can be taken up again. */
export class MoveStopped extends Error {
  override name = "MoveStopped";
}
