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

function encoded(event: RepoEvent): EncodedEntry | null {
  if (event.kind === "commit") return encodeCommitEntry(event);
  if (event.kind === "account") return encodeAccountEntry(event);
  return event.kind === "identity" ? encodeIdentityEntry(event) : null;
}

/** Returns once the index has all of it. Whoever dies before may hand on the same again: nothing counts twice. */
export async function handOn(appview: AppViewStation, events: readonly RepoEvent[]): Promise<void> {
  if (events.length === 0) return;
  let at = await appview.cursor("neighbours");
  let stored = at;
  let left = events.flatMap((event, i): SequencedEvent[] => {
    const entry = encoded(event);
    return entry === null
      ? []
      : [{ seq: at + i + 1, frame: spliceSeq(entry.frame, entry.seqAt, at + i + 1) }];
  });
  while (left.length > 0) {
    const report = await appview.ingest(at, portion(left), stored, "neighbours");
    if (report.cursor <= at) throw new Error(`the index stays at ${at}`);
    at = report.cursor;
    stored = report.stored ?? at;
    left = left.filter(({ seq }) => seq > at);
  }
  if (stored < at) await appview.ingest(at, [], stored, "neighbours");
}

function portion(events: readonly SequencedEvent[]): SequencedEvent[] {
  let bytes = 0;
  const end = events.findIndex(({ frame }, i) => {
    bytes += frame.length;
    return i > 0 && (i >= EVENTS || bytes > BYTES);
  });
  return events.slice(0, end < 0 ? events.length : end);
}
