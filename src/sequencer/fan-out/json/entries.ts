/**
 * An event as Jetstream (version 1) tells it, in JSON: a commit as one entry for each of its operations, an
 * #identity and an #account as one each, a #sync as none.
 */
import type { Did } from "@atcute/lexicons";
import { readCar } from "../../../protocol/car.ts";
import { decodeToJson } from "../../../protocol/cbor.ts";
import { decodeFrame } from "../../../protocol/event-frames.ts";
import { logLine } from "../../../protocol/log-line.ts";
import type { CommitEvent, RepoEvent, RepoOp, StreamedEvent } from "../../../protocol/events.ts";

/** Microseconds between two entries of one commit. A cursor of one more than an entry's time skips none. */
const STEP = 2;

export interface Entry {
  did: Did;
  /** Of a commit's entry; else null. */
  collection: string | null;
  /** `time_us`: microseconds since the epoch. No two entries share one. */
  us: number;
  /** The JSON text, encoded on first use; null if the record cannot be written as JSON. */
  text(): string | null;
}

/** The event's entries. Refuses InvalidRequest for a malformed frame. */
export function entriesOf({ frame, us }: StreamedEvent): Entry[] {
  const event = decodeFrame(frame);
  const { did } = event;
  if (event.kind === "sync") return [];
  if (event.kind === "commit") return commitEntries(event, us);
  return [{ did, collection: null, us, text: once(() => encodeNews(event, us)) }];
}

function commitEntries(event: CommitEvent, us: number): Entry[] {
  const blocks = once(() => readCar(event.blocks).blocks);
  return event.ops.map((op, index) => {
    const at = us + index * STEP;
    return {
      did: event.did,
      collection: op.path.slice(0, op.path.indexOf("/")),
      us: at,
      text: once(() => encodeOp(event, op, at, blocks)),
    };
  });
}

function encodeOp(
  { did, rev, seq }: CommitEvent,
  { action, path, cid }: RepoOp,
  time_us: number,
  blocks: () => Map<string, Uint8Array>,
): string | null {
  const slash = path.indexOf("/");
  const commit = { rev, operation: action, collection: path.slice(0, slash), rkey: path.slice(slash + 1) };
  try {
    const block = cid === null ? undefined : blocks().get(cid);
    const record = block === undefined ? {} : { record: decodeToJson(block), cid };
    return JSON.stringify({ did, time_us, kind: "commit", commit: { ...commit, ...record } });
  } catch (thrown) {
    logLine("error", "sequencer.json", { message: "a record has no JSON", seq, path, error: thrown });
    return null;
  }
}

function encodeNews(event: Exclude<RepoEvent, CommitEvent>, time_us: number): string {
  const { did, kind, seq, time } = event;
  const about = { did, seq, time };
  if (event.kind === "identity") {
    const { handle } = event;
    return JSON.stringify({ did, time_us, kind, identity: { ...about, handle } });
  }
  if (event.kind === "account") {
    const { active, status } = event;
    return JSON.stringify({ did, time_us, kind, account: { active, ...about, status } });
  }
  throw new Error(`${kind} has no entry`);
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
