/** Hands verified events to the index, under numbers of this host's own, until it has passed them all. */
import {
  encodeAccountEntry,
  encodeCommitEntry,
  encodeIdentityEntry,
  type EncodedEntry,
  spliceSeq,
} from "../../protocol/event-frames.ts";
import type { RepoEvent, SequencedEvent } from "../../protocol/events.ts";
import type { AppViewStation } from "../../protocol/stations.ts";

/** Events, and about the bytes of them, in one call. */
const EVENTS = 200;
const BYTES = 4_000_000;
/** Numbers of one millisecond, far fewer than 2^53 in all; and how many are left out, by chance, before a call's first. */
const NUMBERS_A_MS = 1_000;
const LEFT_OUT = 1_000_000;

function encoded(event: RepoEvent): EncodedEntry | null {
  if (event.kind === "commit") return encodeCommitEntry(event);
  if (event.kind === "account") return encodeAccountEntry(event);
  return event.kind === "identity" ? encodeIdentityEntry(event) : null;
}

/** How often it is begun again because somebody else wrote in between. */
const TRIES = 5;

/**
 * Returns once the index has all of it. Whoever dies before may hand on the same again: nothing counts twice. The
 * numbers are this call's alone, so that they show whether the index's cursor was moved by this call or by another's.
 */
export async function handOn(
  appview: AppViewStation,
  events: readonly RepoEvent[],
  now: () => number,
): Promise<void> {
  if (events.length === 0) return;
  for (let tries = 0; tries < TRIES; tries++) if (await handOnce(appview, events, now())) return;
  throw new Error("the index is written by somebody else");
}

/** @returns false: another call moved the cursor, so that it is not known what the index has */
async function handOnce(
  appview: AppViewStation,
  events: readonly RepoEvent[],
  now: number,
): Promise<boolean> {
  let at = await appview.cursor("neighbours");
  let stored = at;
  const first = Math.max(at, now * NUMBERS_A_MS) + 1 + Math.floor(Math.random() * LEFT_OUT);
  let left = events.flatMap((event, i): SequencedEvent[] => {
    const entry = encoded(event);
    return entry === null ? [] : [{ seq: first + i, frame: spliceSeq(entry.frame, entry.seqAt, first + i) }];
  });
  while (left.length > 0) {
    const report = await appview.ingest(at, portion(left), stored, "neighbours");
    if (!left.some(({ seq }) => seq === report.cursor)) return false;
    at = report.cursor;
    stored = report.stored ?? at;
    left = left.filter(({ seq }) => seq > at);
  }
  if (stored === at) return true;
  return (await appview.ingest(at, [], stored, "neighbours")).cursor === at;
}

function portion(events: readonly SequencedEvent[]): SequencedEvent[] {
  let bytes = 0;
  const end = events.findIndex(({ frame }, i) => {
    bytes += frame.length;
    return i > 0 && (i >= EVENTS || bytes > BYTES);
  });
  return events.slice(0, end < 0 ? events.length : end);
}
