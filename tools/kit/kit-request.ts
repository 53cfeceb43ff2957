/** What the kit asks of a host from inside the runtime, and what it is told. */
import type { DatabaseName, Row } from "../dev/control/messages.ts";

export const SECRET_HEADER = "atoll-kit";

export type KitRequest =
  | { do: "migrate" }
  /** Waits until everything that was written is announced and indexed; `resend`: after a crash. */
  | { do: "settle"; resend: boolean; timeoutMs: number }
  /** As new: no account, no event, no blob, no mail; the clock at `offset`. */
  | { do: "wipe"; offset: number }
  /** The host's clock, in milliseconds ahead of the machine's; alarms that have become due ring. */
  | { do: "clock"; offset: number }
  | { do: "query"; database: DatabaseName; sql: string; values: (string | number | null)[] };

export type KitAnswer = { rows: Row[] } | { error: string };
