/** The account's one row: its identity, its state, and its pending work. */
import type { Did } from "@atcute/lexicons";
import type { Access, Takedown } from "../protocol/account-station.ts";
import type { AccountStatus } from "../protocol/events.ts";
import type { Rows, Sql } from "../protocol/object/sql.ts";
import { Refusal, invalidRequest, must } from "../protocol/refusal.ts";

type StateRow = {
  did: Did;
  signing_key: ArrayBuffer;
  announced: number;
  deactivated: number;
  takedown: Takedown | null;
  takedown_ref: string | null;
  destroying: number;
  sweep_at: number | null;
  created_at: number;
  handle: string | null;
};

/** The state as read. Replaced as a whole after a change, so a rollback leaves no trace. */
export interface AccountState {
  readonly did: Did;
  readonly key: Uint8Array;
  readonly announced: boolean;
  readonly deactivated: boolean;
  readonly takedown: Takedown | null;
  readonly takedownRef: string | null;
  readonly destroying: boolean;
  readonly sweepAt: number | null;
  /** When it was made (ms); orders of earlier acts are not meant for it. */
  readonly createdAt: number;
  /** The handle that consumers were last told of; null when it was not noted. */
  readonly handle: string | null;
}

const KEY_BYTES = 32;

/** Throws if the row is gone, or lacks what nothing can be done without. */
export function readState(rows: Rows): AccountState {
  const row = must(rows.first<StateRow>("SELECT * FROM account"), "account row");
  const key: unknown = row.signing_key;
  if (!(key instanceof ArrayBuffer) || key.byteLength !== KEY_BYTES) throw new Error("no signing key");
  return {
    did: row.did,
    key: new Uint8Array(key),
    announced: row.announced === 1,
    deactivated: row.deactivated === 1,
    takedown: row.takedown,
    takedownRef: row.takedown_ref,
    destroying: row.destroying === 1,
    sweepAt: row.sweep_at,
    createdAt: row.created_at,
    handle: row.handle,
  };
}

/** The columns to change. Costs one row written. */
export interface StateChange {
  announced?: 1;
  deactivated?: 0 | 1;
  takedown?: Takedown | null;
  takedown_ref?: string | null;
  destroying?: 1;
  sweep_at?: number | null;
  handle?: string;
}

export function writeState(sql: Sql, change: StateChange): void {
  const columns = Object.keys(change).map((column) => `${column} = ?`);
  const values: (string | number | null)[] = Object.values(change);
  if (columns.length === 0) return;
  sql.run(`UPDATE account SET ${columns.join(", ")}`, ...values);
}

/** The public status. A takedown outweighs what the member did. */
export const statusOf = ({ takedown, deactivated }: AccountState): AccountStatus =>
  takedown ?? (deactivated ? "deactivated" : "active");

export const repoExists = () => new Refusal("AlreadyExists", "Repo already exists");

export const stillEnding = () =>
  new Refusal(
    "NotEnoughResources",
    "An earlier account of this DID is still being deleted. Try again in a minute",
    503,
    { "retry-after": "60" },
  );

/** @param did null when the object does not know whose it would be */
export const repoNotFound = (did: string | null) =>
  new Refusal("RepoNotFound", did === null ? "Could not find repo" : `Could not find repo for DID: ${did}`);

/** The same in com.atproto.repo. */
export const noRepo = (did: string | null) =>
  invalidRequest(did === null ? "Could not find repo" : `Could not find repo: ${did}`);

/** The same to callers that act as the account. */
export const accountNotFound = () => new Refusal("AccountNotFound", "Account not found", 403);

/** Refuses RepoTakendown, RepoSuspended, RepoDeactivated to all but the owner and the admin. */
export function checkReadable(state: AccountState, access: Access): void {
  if (access === "owner") return;
  switch (statusOf(state)) {
    case "takendown":
      throw new Refusal("RepoTakendown", `Repo has been takendown: ${state.did}`);
    case "suspended":
      throw new Refusal("RepoSuspended", `Repo has been suspended: ${state.did}`);
    case "deactivated":
      throw new Refusal("RepoDeactivated", `Repo has been deactivated: ${state.did}`);
  }
}

/** Refuses InvalidRequest `Could not find repo` unless active, as com.atproto.repo's reads must. */
export function checkActive(state: AccountState): void {
  if (statusOf(state) !== "active") throw invalidRequest(`Could not find repo: ${state.did}`);
}

/** Refuses AccountTakedown (401). */
export function checkNotTakendown(state: AccountState): void {
  if (state.takedown !== null) {
    throw new Refusal("AccountTakedown", "Account has been taken down", 401);
  }
}

/** Refuses AccountTakedown, AccountDeactivated (401). */
export function checkWritable(state: AccountState): void {
  checkNotTakendown(state);
  if (state.deactivated) throw new Refusal("AccountDeactivated", "Account is deactivated", 401);
}
