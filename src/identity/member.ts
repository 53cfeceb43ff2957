/** A member as the directory's table `account` describes them. */
import type { Did, Handle } from "@atcute/lexicons";
import type { account } from "../../schema/directory.ts";
import type { AccountStatus } from "../protocol/events.ts";
import { Refusal } from "../protocol/refusal.ts";

export type AccountRow = typeof account.$inferSelect;

/** Shown in place of a handle that does not resolve back to its DID (atproto handle spec). */
export const INVALID_HANDLE: Handle = "handle.invalid";

/** As it is stored. In place of an invalid handle it is no handle, so nothing finds the account by it. */
export const storedHandle = (did: Did, handle: Handle): string =>
  handle === INVALID_HANDLE ? `invalid:${did}` : handle;

/** One member. Times are ISO 8601; `email` and `handle` are lower-case. */
export interface Member extends Omit<AccountRow, "handle"> {
  handle: Handle;
  /**
   * The status shown to others: a takedown overrides the member's own state. Reserved accounts count as
   * deactivated.
   */
  status: AccountStatus;
}

/**
 * States of rows that are not members, yet or any more. Such rows only keep a DID and a handle from being
 * taken.
 */
export const unhoused = ["reserved", "deleted"] as const;

export function statusOf(found: Pick<AccountRow, "state" | "takedown">): AccountStatus {
  if (found.state === "deleted") return "deleted";
  if (found.takedown !== null) return found.takedown;
  return found.state === "active" ? "active" : "deactivated";
}

/** The cast is safe: rows hold only what `reserve` and `setHandle` were given, typed as a Handle. */
export function asMember(row: AccountRow): Member {
  const handle = row.handle.startsWith("invalid:") ? INVALID_HANDLE : (row.handle as Handle);
  return { ...row, handle, status: statusOf(row) };
}

export const memberOf = (row: AccountRow | undefined) => (row === undefined ? null : asMember(row));

export const accountNotFound = () => new Refusal("AccountNotFound", "Account not found");

/** The unique column of `account` whose constraint failed a statement; null for any other error. */
export function conflictOf(thrown: unknown): "did" | "handle" | "email" | null {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    const column = /UNIQUE constraint failed: account\.(did|handle|email)/.exec(error.message)?.[1];
    if (column === "did" || column === "handle" || column === "email") return column;
  }
  return null;
}
