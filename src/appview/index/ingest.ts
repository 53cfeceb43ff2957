/**
 * Ingest applies the events of each source to the index exactly once, in order, whatever is redelivered; no
 * single event stops it. Events are applied in runs; a run is one D1 batch whose first statement is the guard. A run
 * that the database rejects is halved until the faulty event is alone; that event is set aside in `poison`.
 * Failures that may pass (the network, a restart) are thrown, and the sender retries.
 */
import type { Did } from "@atcute/lexicons";
import { toBytes } from "../../protocol/cbor.ts";
import { decodeFrame } from "../../protocol/event-frames.ts";
import type { RepoEvent, SequencedEvent } from "../../protocol/events.ts";
import { logLine, messageOf } from "../../protocol/log-line.ts";
import type { BackfillSource, EventSource } from "../../protocol/stations.ts";
import { backfill } from "./backfill.ts";
import { addToBacklog, strikeOut } from "./backlog.ts";
import { CURSOR_ROW, guard, isGuardFailure, statementsOf } from "./batch.ts";
import { addEvent, noChanges } from "./changes.ts";
import { revInstant } from "../instants.ts";
import { meterDatabase } from "../metered-database.ts";
import { forgetting, purgeRows } from "./purge.ts";
import { livesHere } from "./statements.ts";

/** Frame bytes per run. */
const RUN_BYTES = 2_000_000;
const RUN_EVENTS = 500;
/**
 * Statements of one call. The platform's free plan allows an invocation 50 queries; a part of them is for what
 * comes before and after. The sender goes on where a call ends.
 */
const CALL_STATEMENTS = 45;
/** Statements after which a call begins no further batch of one repo: the rest of it must not pass those above. */
const REPO_STATEMENTS = 20;
/** How far the stored cursor may trail behind events that changed nothing in the index. */
const TRAIL = 500;
/** Thousands of rows of each kind that are deleted with an account while other events wait. */
const ROUNDS_AT_ONCE = 3;
/** How often one event may fail in a seemingly transient way before it is set aside all the same. */
const PATIENCE = 8;

export interface IngestContext {
  db: D1Database;
  source: EventSource;
  account: (did: Did) => BackfillSource;
  now: () => number;
}

/** The position of ingest. Events that change nothing are passed without a write, so `stored` may trail. */
interface Place {
  passed: number;
  /** The source's cursor as stored in the index, which guards the batches. */
  stored: number;
}

/** One call of `ingest`. */
interface Session extends IngestContext {
  /** The rev up to which each repo was backfilled in this call: commits up to it are in the index already. */
  backfilled: Map<Did, string>;
  /** Statements so far. */
  spent: number;
  /** Whether the next run waits for the next call. */
  isFull: boolean;
}

interface Read {
  seq: number;
  frame: Uint8Array;
  /** An Error if the frame cannot be decoded; null if its source may not say it. */
  event: RepoEvent | Error | null;
}

/** Transient failures by source and seq. */
const failures = new Map<string, number>();

export async function readCursor(db: D1Database, source: EventSource): Promise<number> {
  const row = await db
    .prepare("SELECT seq FROM cursor WHERE id = ?1")
    .bind(CURSOR_ROW[source])
    .first<{ seq: number }>();
  return row?.seq ?? 0;
}

/**
 * @param at where the sender believes ingest to be. Without events, a trailing cursor is written.
 * @returns where ingest is afterwards.
 */
export async function ingest(context: IngestContext, at: Place, events: SequencedEvent[]): Promise<Place> {
  const session: Session = { ...context, backfilled: new Map(), spent: 0, isFull: false };
  const { db, source } = context;
  try {
    let place = at;
    const reads = await admitted(context, events.filter(({ seq }) => seq > at.passed).map(read));
    for (const run of runsOf(reads)) {
      place = await applyRun(session, place, run);
      if (session.isFull) return place;
    }
    const { passed, stored } = place;
    if (passed - stored > (events.length === 0 ? 0 : TRAIL)) {
      await db.batch([guard(db, { source, seq: stored }, passed)]);
      return placeAt(passed);
    }
    return place === at ? placeAt(await readCursor(db, source)) : place;
  } catch (thrown) {
    if (isGuardFailure(thrown)) return placeAt(await readCursor(db, source));
    throw thrown;
  }
}

const placeAt = (seq: number): Place => ({ passed: seq, stored: seq });

function read({ seq, frame }: SequencedEvent): Read {
  try {
    return { seq, frame, event: decodeFrame(frame) };
  } catch (thrown) {
    return { seq, frame, event: thrown instanceof Error ? thrown : new Error(String(thrown)) };
  }
}

/** Nobody but this host speaks for its members. */
async function admitted({ db, source }: IngestContext, reads: Read[]): Promise<Read[]> {
  if (source === "host" || reads.length === 0) return reads;
  const dids = new Set(
    reads.flatMap(({ event }) => (event === null || event instanceof Error ? [] : event.did)),
  );
  const { results } = await db
    .prepare(`SELECT value AS did FROM json_each(?1) WHERE ${livesHere("value")}`)
    .bind(JSON.stringify([...dids]))
    .all<{ did: string }>();
  const members = new Set(results.map(({ did }) => did));
  return reads.map((one) =>
    one.event !== null && !(one.event instanceof Error) && members.has(one.event.did)
      ? { ...one, event: null }
      : one,
  );
}

/** Whether an event cannot share a batch: it takes several batches of its own, or cannot be decoded. */
function standsAlone({ event }: Read): boolean {
  if (event === null) return false;
  if (event instanceof Error || event.kind === "sync") return true;
  return event.kind === "account" && event.status === "deleted";
}

function* runsOf(reads: Read[]): Generator<Read[]> {
  let run: Read[] = [];
  let bytes = 0;
  for (const one of reads) {
    const alone = standsAlone(one);
    if (run.length > 0 && (alone || run.length >= RUN_EVENTS || bytes + one.frame.length > RUN_BYTES)) {
      yield run;
      run = [];
      bytes = 0;
    }
    run.push(one);
    bytes += one.frame.length;
    if (!alone) continue;
    yield run;
    run = [];
    bytes = 0;
  }
  if (run.length > 0) yield run;
}

/**
 * Applies one run as one batch, if it changes anything; halves it if the database rejects it, or if it is too much
 * for one call.
 */
async function applyRun(context: Session, at: Place, run: Read[]): Promise<Place> {
  if (context.isFull) return at;
  const { db, source } = context;
  const last = run.at(-1)?.seq ?? at.passed;
  const [only] = run;
  // An event that takes batches of its own has a call of its own.
  const isAlone = only !== undefined && standsAlone(only);
  if (isAlone && context.spent > 0) {
    context.isFull = true;
    return at;
  }
  try {
    const work = await workOf(context, at.stored, run);
    if (work.length === 0) return { ...at, passed: last };
    if (work.length > CALL_STATEMENTS && run.length > 1) return await applyHalves(context, at, run);
    if (context.spent > 0 && context.spent + work.length > CALL_STATEMENTS) {
      context.isFull = true;
      return at;
    }
    context.spent += work.length + 1;
    context.isFull = isAlone;
    await db.batch([guard(db, { source, seq: at.stored }, last), ...work]);
    failures.clear();
    return placeAt(last);
  } catch (thrown) {
    if (isGuardFailure(thrown) || only === undefined) throw thrown;
    if (mayPass(thrown) && isPatient(source, only.seq)) throw thrown;
    if (run.length > 1) return applyHalves(context, at, run);
    await setAside(context, at.stored, only, thrown);
    return placeAt(only.seq);
  }
}

async function applyHalves(context: Session, at: Place, run: Read[]): Promise<Place> {
  const half = run.length >> 1;
  return applyRun(context, await applyRun(context, at, run.slice(0, half)), run.slice(half));
}

async function workOf(context: Session, stored: number, run: Read[]): Promise<D1PreparedStatement[]> {
  const { db, source, backfilled } = context;
  const [first] = run;
  if (first === undefined) return [];
  if (run.length === 1 && standsAlone(first)) return workAlone(context, stored, first);
  const changes = noChanges();
  for (const { event } of run) {
    if (event === null || event instanceof Error || isKnown(event, backfilled)) continue;
    addEvent(changes, event, source);
  }
  return statementsOf(db, changes, source);
}

async function workAlone(
  { db, source, account, backfilled, now }: Session,
  stored: number,
  { seq, event }: Read,
): Promise<D1PreparedStatement[]> {
  if (event === null) return [];
  if (event instanceof Error) throw new UnreadableEvent(event.message);
  const at = { source, seq: stored };
  const { did } = event;
  if (event.kind === "account") {
    let rounds = 0;
    const isGone = await purgeRows(db, did, at, () => ++rounds >= ROUNDS_AT_ONCE);
    const rest = isGone ? strikeOut(db, { did, seq }) : addToBacklog(db, { did, seq, place: "" }, now());
    return [...forgetting(db, did), rest];
  }
  // A repo elsewhere is read again by whoever reads that host.
  if (source !== "host") return [];
  const { db: metered, spent } = meterDatabase(db);
  const isOver = () => spent() >= REPO_STATEMENTS;
  const found = await backfill(metered, account(did), did, { at, isOver });
  if (found === null) return [];
  const { rev, rest } = found;
  if (rest !== null) return [addToBacklog(db, { did, seq, place: rest }, now())];
  backfilled.set(did, rev);
  return [
    strikeOut(db, { did, seq }),
    db
      .prepare(
        `INSERT INTO actor (did, backfilled) VALUES (?1, ?2)
          ON CONFLICT (did) DO UPDATE SET backfilled = excluded.backfilled, written = min(written, ?3)`,
      )
      .bind(did, rev, revInstant(rev)),
  ];
}

/**
 * Whether a backfill has applied this commit. Only saves work, within the call that backfilled: a commit that
 * is applied again later is followed by all the commits after it, and ends in the same rows.
 */
function isKnown(event: RepoEvent, backfilled: Map<Did, string>): boolean {
  const rev = backfilled.get(event.did);
  return rev !== undefined && event.kind === "commit" && event.rev <= rev;
}

class UnreadableEvent extends Error {}

/** Whether the same batch may succeed on a retry: true for anything but the database's own verdict on it. */
function mayPass(thrown: unknown): boolean {
  if (thrown instanceof UnreadableEvent) return false;
  const message = messageOf(thrown);
  return (
    !/SQLITE_(CONSTRAINT|ERROR|MISMATCH|TOOBIG|RANGE)|constraint failed|malformed JSON/.test(message) &&
    /D1|network|reset|overload|timeout|exceeded|internal error|Durable Object/i.test(message)
  );
}

function isPatient(source: EventSource, seq: number): boolean {
  const key = `${source} ${seq}`;
  const count = (failures.get(key) ?? 0) + 1;
  failures.set(key, count);
  return count < PATIENCE;
}

async function setAside(
  { db, source, now }: IngestContext,
  stored: number,
  one: Read,
  thrown: unknown,
): Promise<void> {
  const error = messageOf(thrown);
  const did = one.event === null || one.event instanceof Error ? null : one.event.did;
  logLine("error", "index.ingest", { message: "set aside", source, seq: one.seq, did, error: thrown });
  // Frames are slightly over 2 MB at most. In base64 that would not fit a value, so larger frames are cut.
  const frame = toBytes(one.frame.subarray(0, 1_200_000)).$bytes;
  await db.batch([
    guard(db, { source, seq: stored }, one.seq),
    db
      .prepare(
        "INSERT OR REPLACE INTO poison (seq, did, error, frame, at, source) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      )
      .bind(one.seq, did, error.slice(0, 2000), frame, now(), CURSOR_ROW[source]),
  ]);
}
