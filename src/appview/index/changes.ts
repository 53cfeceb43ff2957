/**
 * The net changes of a run of events. Each event becomes changes; several changes to one record or account
 * within the run are netted, so that the statements see each key once.
 */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { safeParse } from "@atcute/lexicons/validations";
import { readCar } from "../../protocol/car.ts";
import { decodeToJson } from "../../protocol/cbor.ts";
import type { AccountStatus, CommitEvent, RepoEvent } from "../../protocol/events.ts";
import type { EventSource } from "../../protocol/stations.ts";
import { indexerOf } from "./indexers/registry.ts";
import { type Gone, type Put, RECORD_BYTES } from "./indexers/indexer.ts";
import { foreignInstant, revInstant, sortInstant } from "../instants.ts";
import { fitted } from "../record-fit.ts";
import { isJson } from "../../protocol/json.ts";
import { uriOf } from "../uris.ts";

/** `before`: the row that a put replaces, if there is one. */
type RecordChange = { kind: "put"; put: Put; before: Gone | null } | { kind: "gone"; gone: Gone };

interface ActorChange {
  did: Did;
  /** Absent: not announced. Null: lost to another account within the run. */
  handle?: string | null;
  /** Absent: not announced. */
  status?: AccountStatus;
  /** Time of the event, in milliseconds. */
  at: number;
}

/** Changes that commute, so that they can be applied as one batch. */
export interface Changes {
  records: Map<string, RecordChange>;
  actors: Map<Did, ActorChange>;
}

export const noChanges = (): Changes => ({ records: new Map(), actors: new Map() });

/** A record as a repo has it. */
interface Incoming {
  did: Did;
  collection: string;
  rkey: string;
  cid: string;
  /** The time of a commit that has it. */
  indexed: number;
  fresh: boolean;
  elsewhere: boolean;
  /** Bytes of DAG-CBOR. */
  size: number;
}

/** Checks an incoming record; returns null for one that the index does not show. */
export function putOf({ size, ...from }: Incoming, value: unknown): Put | null {
  const indexer = indexerOf(from.collection);
  if (indexer === undefined || !isJson(value) || !safeParse(indexer.schema, value).ok) return null;
  const record = fitted(indexer.schema, value, size, indexer.limit ?? RECORD_BYTES);
  if (record === null) return null;
  const indexed = from.elsewhere ? foreignInstant(value.createdAt, from.rkey, from.indexed) : from.indexed;
  const put: Put = {
    ...from,
    uri: uriOf(from.did, from.collection, from.rkey),
    record,
    indexed,
    sort: sortInstant(value.createdAt, indexed),
  };
  return indexer.accepts === undefined || indexer.accepts(put) ? put : null;
}

/** The JSON of a record; null for one that is not of the data model. It is not shown, and stops no others. */
export function valueOf(bytes: Uint8Array): unknown {
  try {
    return decodeToJson(bytes);
  } catch {
    return null;
  }
}

function splitPath(path: string): [collection: string, rkey: string] {
  const slash = path.indexOf("/");
  return [path.slice(0, slash), path.slice(slash + 1)];
}

function addGone(changes: Changes, did: Did, collection: string, rkey: string): void {
  const uri: ResourceUri = uriOf(did, collection, rkey);
  changes.records.set(uri, { kind: "gone", gone: { uri, did, rkey, keep: null } });
}

/** The version that a put leaves in place, as nothing would change. */
type Kept = NonNullable<Gone["keep"]>;

/** A version that no row has, so that what is there is replaced. */
export const NO_VERSION: Kept = { cid: "", indexed: -1 };

/** @param keep by default, the row stays as it is if it has the put's version already */
export function addPut(changes: Changes, put: Put, keep: Kept = put): void {
  const before = changes.records.get(put.uri);
  // Created, with no trace earlier in the run: there is nothing to remove first.
  const fresh = put.fresh && (before === undefined || (before.kind === "put" && before.put.fresh));
  const { uri, did, rkey } = put;
  const gone = { uri, did, rkey, keep: { cid: keep.cid, indexed: keep.indexed } };
  changes.records.set(uri, { kind: "put", put: { ...put, fresh }, before: fresh ? null : gone });
}

function addCommit(changes: Changes, event: CommitEvent, elsewhere: boolean): void {
  const wanted = event.ops.filter(({ path }) => indexerOf(splitPath(path)[0]) !== undefined);
  if (wanted.length === 0) return;
  const blocks = wanted.some(({ cid }) => cid !== null) ? readCar(event.blocks).blocks : null;
  const indexed = revInstant(event.rev);
  for (const { path, cid, action } of wanted) {
    const [collection, rkey] = splitPath(path);
    const bytes = cid === null ? undefined : blocks?.get(cid);
    const put =
      cid === null || bytes === undefined
        ? null
        : putOf(
            {
              did: event.did,
              collection,
              rkey,
              cid,
              indexed,
              fresh: action === "create",
              elsewhere,
              size: bytes.byteLength,
            },
            valueOf(bytes),
          );
    if (put !== null) addPut(changes, put);
    // A record that can no longer be shown is removed, as a rebuild would do.
    else if (action !== "create") addGone(changes, event.did, collection, rkey);
  }
}

/** Adds one event. #sync and account deletions are not added here; `ingest.ts` applies each on its own. */
export function addEvent(changes: Changes, event: RepoEvent, source: EventSource): void {
  switch (event.kind) {
    case "commit":
      return addCommit(changes, event, source !== "host");
    case "identity":
      return addActor(changes, {
        did: event.did,
        at: Date.parse(event.time) || 0,
        ...(event.handle === undefined ? {} : { handle: handleIn(event.handle) }),
      });
    case "account":
      return addActor(changes, {
        did: event.did,
        at: Date.parse(event.time) || 0,
        status: event.active ? "active" : (event.status ?? "deactivated"),
      });
    case "sync":
      return;
  }
}

/** A handle that does not resolve back is announced as `handle.invalid`, which is nobody's. */
const handleIn = (handle: string): string | null =>
  handle === "handle.invalid" ? null : handle.toLowerCase();

function addActor(changes: Changes, change: ActorChange): void {
  if (typeof change.handle === "string") {
    for (const other of changes.actors.values()) {
      if (other.handle === change.handle && other.did !== change.did) other.handle = null;
    }
  }
  const before = changes.actors.get(change.did);
  changes.actors.set(change.did, before === undefined ? change : { ...before, ...change, at: before.at });
}
