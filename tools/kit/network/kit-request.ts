/** The messages between the kit and its entrypoint in a host's runtime (`control.ts`). */
import type { DatabaseName, Row } from "../../dev/control/messages.ts";

export const SECRET_HEADER = "atoll-kit";

export type KitRequest =
  | { do: "migrate" }
  /** Waits until all writes are announced and indexed; `resend`: set after a crash. */
  | { do: "settle"; resend: boolean; timeoutMs: number }
  /** Resets the host: no account, no event, no blob, no mail; the clock at `offset`. */
  | { do: "wipe"; offset: number }
  /** Sets the host's clock to `offset` milliseconds ahead of the machine's; alarms that become due ring. */
  | { do: "clock"; offset: number }
  /** Does once what the Worker's schedule does. */
  | { do: "schedule" }
  /** Has the host hear its neighbours once. */
  | { do: "neighbours" }
  /** The most that each operation has used of the platform's limits. */
  | { do: "figures" }
  /** The host's use since it started. */
  | { do: "totals" }
  /** Limits passed since this was last asked, in words. */
  | { do: "breaches" }
  | { do: "query"; database: DatabaseName; sql: string; values: (string | number | null)[] };

/** The use of one invocation. */
export interface Figure {
  /** A method of XRPC, a page, or a method of an object. */
  operation: string;
  /** D1 queries, each statement of a batch for itself. */
  queries: number;
  /** Calls of anything outside: fetches, objects, R2, and each trip to D1. */
  subrequests: number;
  /** Fetches that waited for an answer at once. */
  waiting: number;
}

/** Numbers that Cloudflare bills, of the whole host. */
export interface Totals {
  /** Of the Worker: requests, and runs of its schedule. */
  requests: number;
  /** Calls of Durable Objects, and their alarms. */
  objectRequests: number;
  databaseRowsRead: number;
  databaseRowsWritten: number;
  /** Of the objects' SQLite; setting an alarm writes a row. */
  objectRowsRead: number;
  objectRowsWritten: number;
  /** R2's operations of class B. */
  fileReads: number;
  /** R2's operations of class A. */
  fileWrites: number;
}

export const totalsOf = (of: (resource: keyof Totals) => number): Totals => ({
  requests: of("requests"),
  objectRequests: of("objectRequests"),
  databaseRowsRead: of("databaseRowsRead"),
  databaseRowsWritten: of("databaseRowsWritten"),
  objectRowsRead: of("objectRowsRead"),
  objectRowsWritten: of("objectRowsWritten"),
  fileReads: of("fileReads"),
  fileWrites: of("fileWrites"),
});

export type KitAnswer = { rows: Row[] } | { error: string };
