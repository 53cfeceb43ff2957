/** Where one reader's messages go: a socket that hibernates, or a pipe. */
import type { Message } from "./format.ts";
import type { Parcel } from "./batch.ts";

export interface Outlet {
  /** Bytes that were sent and are not known to be read. `now` is in ms. */
  unread(now: number): number;
  /** Whether new events may be sent at once. A reader whose outlet does not take them falls behind. */
  takesNews(): boolean;
  /** Whether more of a replay may be sent. */
  takesPage(now: number): boolean;
  /** Whether the reader holds, or is taken to hold, more than it may. */
  isStuck(now: number): boolean;
  send(parcel: Parcel, now: number): void;
  /** Sends a last message, if any, and closes. */
  end(code: number, reason: string, last: Message | null): void;
}
