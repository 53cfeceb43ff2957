/**
 * The bytes of events (event stream spec; lexicon com.atproto.sync.subscribeRepos): a header and a body, both
 * DAG-CBOR. The account encodes the frame once, without `seq`; the sequencer splices `seq` in without
 * decoding anything.
 */
import type { Did } from "@atcute/lexicons";
import { decode, decodeFirst, encode, fromBytes, isBytes, toBytes } from "./cbor.ts";
import { isMap, type LexMap, type LexValue } from "./data-model.ts";
import type {
  AccountEvent,
  AccountStatus,
  CommitEvent,
  EventKind,
  IdentityEvent,
  LogEntry,
  RepoEvent,
  RepoOp,
  SyncEvent,
} from "./events.ts";
import { free } from "./memory.ts";
import { invalidRequest } from "./refusal.ts";

/** A frame without its seq, and the offset at which seq is inserted. */
export type EncodedEntry = Pick<LogEntry, "frame" | "seqAt">;

/** An event before it has a number. */
export type Unnumbered<Event extends RepoEvent> = Omit<Event, "seq" | "kind">;

const HEADERS: Record<EventKind, Uint8Array> = {
  commit: encode({ op: 1, t: "#commit" }),
  sync: encode({ op: 1, t: "#sync" }),
  identity: encode({ op: 1, t: "#identity" }),
  account: encode({ op: 1, t: "#account" }),
};

function join(...parts: Uint8Array[]): Uint8Array {
  let size = 0;
  for (const part of parts) size += part.length;
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * Encodes the frame of an event. `before` and `after` hold the fields whose keys sort before and after `seq`
 * in canonical order. The map's head already counts `seq`; for fewer than 24 fields it is one byte.
 */
function encodeEntry(kind: EventKind, before: LexMap, after: LexMap): EncodedEntry {
  const left = encode(before);
  const right = encode(after);
  const head = HEADERS[kind];
  const frame = join(head, left, right.subarray(1));
  const count = ((left[0] ?? 0) & 31) + ((right[0] ?? 0) & 31) + 1;
  frame[head.length] = 0xa0 | count;
  const seqAt = head.length + left.length;
  free(left);
  free(right);
  return { frame, seqAt };
}

const link = (cid: string): LexValue => ({ $link: cid });

const encodeOp = (op: RepoOp): LexMap => ({
  action: op.action,
  path: op.path,
  cid: op.cid === null ? null : link(op.cid),
  prev: op.prev === undefined ? undefined : link(op.prev),
});

/**
 * Encodes a #commit without its seq. `rebase`, `tooBig` and `blobs` are obsolete, but the lexicon requires
 * them.
 */
export const encodeCommitEntry = (event: Unnumbered<CommitEvent>): EncodedEntry =>
  encodeEntry(
    "commit",
    { ops: event.ops.map(encodeOp), rev: event.rev },
    {
      repo: event.did,
      time: event.time,
      blobs: [],
      since: event.since,
      blocks: toBytes(event.blocks),
      commit: link(event.commit),
      rebase: false,
      tooBig: false,
      prevData: event.prevData === undefined ? undefined : link(event.prevData),
    },
  );

/** Encodes a #sync without its seq; `blocks` is a CAR of the commit alone, at most 10,000 bytes. */
export const encodeSyncEntry = (event: Unnumbered<SyncEvent>): EncodedEntry =>
  encodeEntry(
    "sync",
    { did: event.did, rev: event.rev },
    { time: event.time, blocks: toBytes(event.blocks) },
  );

/** Encodes an #identity without its seq. */
export const encodeIdentityEntry = (event: Unnumbered<IdentityEvent>): EncodedEntry =>
  encodeEntry("identity", { did: event.did }, { time: event.time, handle: event.handle });

/** Encodes an #account without its seq. */
export const encodeAccountEntry = (event: Unnumbered<AccountEvent>): EncodedEntry =>
  encodeEntry(
    "account",
    { did: event.did },
    { time: event.time, active: event.active, status: event.status },
  );

/** The complete frame: the entry's, with the `seq` pair inserted. */
export function spliceSeq(frame: Uint8Array, seqAt: number, seq: number): Uint8Array {
  // The encoding of one pair, without the map's head.
  const pair = encode({ seq }).subarray(1);
  return join(frame.subarray(0, seqAt), pair, frame.subarray(seqAt));
}

/** Encodes an #info frame; the lexicon knows one name, OutdatedCursor. */
export const encodeInfoFrame = (name: string, message?: string): Uint8Array =>
  join(encode({ op: 1, t: "#info" }), encode({ name, message }));

/** Encodes an error frame; the socket closes after it. */
export const encodeErrorFrame = (error: string, message?: string): Uint8Array =>
  join(encode({ op: -1 }), encode({ error, message }));

// ------------------------------------------------------------------------------------------------ decoding

const refuse = (what: string) => invalidRequest(`Invalid frame: ${what}`);

function text(body: LexMap, key: string): string {
  const value = body[key];
  if (typeof value !== "string") throw refuse(`${key} is no string`);
  return value;
}

function bytes(body: LexMap, key: string): Uint8Array {
  const value = body[key];
  if (!isBytes(value)) throw refuse(`${key} is no byte string`);
  return fromBytes(value);
}

function cidOf(value: LexValue | undefined, key: string): string {
  const cid = isMap(value) ? value["$link"] : undefined;
  if (typeof cid !== "string") throw refuse(`${key} is no link`);
  return cid;
}

function did(body: LexMap, key: string): Did {
  const value = text(body, key);
  if (!isDidText(value)) throw refuse(`${key} is no DID`);
  return value;
}

const isDidText = (value: string): value is Did => /^did:[a-z]+:./.test(value);

function decodeOp(value: LexValue): RepoOp {
  if (!isMap(value)) throw refuse("op is no object");
  const action = text(value, "action");
  if (action !== "create" && action !== "update" && action !== "delete") throw refuse(`action ${action}`);
  const { cid, prev } = value;
  return {
    action,
    path: text(value, "path"),
    cid: cid === null || cid === undefined ? null : cidOf(cid, "cid"),
    ...(prev === null || prev === undefined ? {} : { prev: cidOf(prev, "prev") }),
  };
}

function decodeCommitBody(body: LexMap, seq: number): CommitEvent {
  const { ops, since, prevData } = body;
  if (!Array.isArray(ops)) throw refuse("ops is no array");
  return {
    kind: "commit",
    seq,
    did: did(body, "repo"),
    time: text(body, "time"),
    commit: cidOf(body["commit"], "commit"),
    rev: text(body, "rev"),
    since: since === null || since === undefined ? null : text(body, "since"),
    ...(prevData === null || prevData === undefined ? {} : { prevData: cidOf(prevData, "prevData") }),
    ops: ops.map(decodeOp),
    blocks: bytes(body, "blocks"),
  };
}

const STATUSES: ReadonlySet<string> = new Set([
  "takendown",
  "suspended",
  "deleted",
  "deactivated",
] satisfies AccountStatus[]);

const isInactive = (status: string): status is Exclude<AccountStatus, "active"> => STATUSES.has(status);

function decodeAccountBody(body: LexMap, seq: number): AccountEvent {
  const { active, status } = body;
  if (typeof active !== "boolean") throw refuse("active is no boolean");
  const event: AccountEvent = {
    kind: "account",
    seq,
    did: did(body, "did"),
    time: text(body, "time"),
    active,
  };
  if (typeof status === "string" && isInactive(status)) event.status = status;
  return event;
}

/** The event of a frame's body; null for a type that this version does not know. Refuses InvalidRequest. */
export function decodeEvent(type: string, body: LexMap): RepoEvent | null {
  const { seq } = body;
  if (typeof seq !== "number" || seq < 0) throw refuse("no seq");
  return KNOWN.has(type) ? decodeBody(type, body, seq) : null;
}

const KNOWN: ReadonlySet<string> = new Set(["#commit", "#sync", "#identity", "#account"]);

function decodeBody(type: string, body: LexMap, seq: number): RepoEvent {
  if (type === "#commit") return decodeCommitBody(body, seq);
  if (type === "#account") return decodeAccountBody(body, seq);
  const common = { seq, did: did(body, "did"), time: text(body, "time") };
  if (type === "#sync")
    return { kind: "sync", ...common, rev: text(body, "rev"), blocks: bytes(body, "blocks") };
  const { handle } = body;
  return {
    kind: "identity",
    ...common,
    ...(handle === undefined || handle === null ? {} : { handle: text(body, "handle") }),
  };
}

/**
 * Decodes the event of a complete frame (with its seq). Byte fields are views of the frame. Refuses
 * InvalidRequest: malformed frames, #info, error frames and unknown types.
 */
export function decodeFrame(frame: Uint8Array): RepoEvent {
  const [header, rest] = decodeFirst(frame);
  const body = decode(rest);
  if (!isMap(header) || header["op"] !== 1 || !isMap(body)) throw refuse("not an event");
  const type = text(header, "t");
  const event = decodeEvent(type, body);
  if (event === null) throw refuse(`type ${type}`);
  return event;
}
