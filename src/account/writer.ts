/**
 * `Writer` is the one place that changes a repo (`import.ts` replaces it whole). A write is one synchronous
 * turn: nothing is awaited between reading the head and replacing it, so there is no lock and no lost update.
 * Record, tree, head, blob references and log row are written in one transaction, so there is no half commit.
 */
import type {
  BatchInput,
  BatchOutcome,
  CommitRef,
  CreateInput,
  DeleteInput,
  DeleteOutcome,
  JsonObject,
  PutInput,
  WriteOutcome,
  WrittenRecord,
} from "../protocol/account-station.ts";
import type { CarBlock } from "../protocol/car.ts";
import { DAG_CBOR, cidBytesFromDigest, cidFromBytes } from "../protocol/cid.ts";
import { signCommit } from "../protocol/commit.ts";
import type { RepoOp } from "../protocol/events.ts";
import { free } from "../protocol/memory.ts";
import type { MstEdit } from "../protocol/mst/mst.ts";
import { editMst } from "../protocol/mst/mst.ts";
import { consume, rateLimited } from "../protocol/object/limits.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import { isTid, nextTid } from "../protocol/tid.ts";
import type { Account } from "./account.ts";
import { commitCar, commitEntry } from "./announce.ts";
import type { BlobChange } from "./blobs.ts";
import { relinkBlobs } from "./blobs.ts";
import { POINTS, WRITE_LIMITS } from "./limits.ts";
import type { RecordRow } from "./records/record-reader.ts";
import { cidOfRow, findRecord, jsonOfRow, pathsAbout } from "./records/record-reader.ts";
import type { Prepared, PreparedPut } from "./records/records.ts";
import { blobCidsOf, checkChosenKey, checkPath, prepareRecord, subjectOf, uriOf } from "./records/records.ts";
import { takedownOf } from "./records/takedowns.ts";
import { upgradeOldBlobs } from "./records/old-blobs.ts";
import type { Head } from "./tree.ts";
import { storeTree } from "./tree.ts";

/** Most bytes of an event's blocks (lexicon com.atproto.sync.subscribeRepos#commit). */
const MAX_EVENT_BYTES = 2_000_000;
const MAX_WRITES = 200;

const commitRef = ({ cid, rev }: Head): CommitRef => ({ cid, rev });

/** The net op of a commit on one path, with the record that it replaces. */
interface Step {
  write: Prepared;
  before: RecordRow | null;
}

export class Writer {
  readonly #account: Account;
  /** The last rkey generated, so that the keys of one batch rise. */
  #lastRkey: string | null = null;
  readonly #clockId = Math.floor(Math.random() * 1024);
  /** The clock id of rkeys. Differs from that of revs, so no record is named like the commit that made it. */
  readonly #rkeyClockId = this.#clockId ^ 1;

  constructor(account: Account) {
    this.#account = account;
  }

  createRecord(input: CreateInput): { outcome: WriteOutcome; position: number } {
    const { collection, record, validate, swapCommit } = input;
    this.#consume(POINTS.create);
    const write = prepareRecord("create", collection, this.#rkeyOf(input), record, validate);
    const replaced = validate === false ? [] : this.#pathsReplacedBy(write);
    const deletes: Prepared[] = replaced.map((path) => ({ action: "delete", path }));
    const head = this.#commit([...deletes, write], swapCommit);
    return { outcome: { ...this.#written(write), commit: commitRef(head) }, position: this.#position };
  }

  putRecord(input: PutInput): { outcome: WriteOutcome; position: number } {
    const { collection, rkey, record, validate, swapCommit, swapRecord } = input;
    this.#consume(POINTS.update);
    checkChosenKey(rkey);
    const before = findRecord(this.#account.sql, checkPath(collection, rkey));
    const action = before === null ? "create" : "update";
    const write = this.#prepare(action, collection, rkey, record, validate);
    const was = before === null ? null : cidOfRow(before);
    if (was === write.cid) return { outcome: this.#written(write), position: 0 };
    const head = this.#commit([write], swapCommit, () => checkSwapRecord(swapRecord, was));
    return { outcome: { ...this.#written(write), commit: commitRef(head) }, position: this.#position };
  }

  deleteRecord(input: DeleteInput): { outcome: DeleteOutcome; position: number } {
    this.#consume(POINTS.delete);
    const path = checkPath(input.collection, input.rkey);
    const before = findRecord(this.#account.sql, path);
    if (before === null) return { outcome: {}, position: 0 };
    // For a delete, null is no condition: the reference treats it as absent.
    const swapRecord = input.swapRecord ?? undefined;
    const head = this.#commit([{ action: "delete", path }], input.swapCommit, () =>
      checkSwapRecord(swapRecord, cidOfRow(before)),
    );
    return { outcome: { commit: commitRef(head) }, position: this.#position };
  }

  applyWrites({ writes, validate, swapCommit }: BatchInput): { outcome: BatchOutcome; position: number } {
    if (writes.length > MAX_WRITES) throw invalidRequest(`Too many writes. Max: ${MAX_WRITES}`);
    this.#consume(writes.reduce((points, write) => points + POINTS[write.action], 0));
    const prepared = writes.map((write): Prepared => {
      if (write.action === "delete") {
        return { action: "delete", path: checkPath(write.collection, write.rkey) };
      }
      return this.#prepare(write.action, write.collection, this.#rkeyOf(write), write.value, validate);
    });
    const head = this.#commit(prepared, swapCommit);
    const results = prepared.map((write) => (write.action === "delete" ? null : this.#written(write)));
    return { outcome: { commit: commitRef(head), results }, position: this.#position };
  }

  get #position(): number {
    return this.#account.outbox.position;
  }

  #prepare(
    action: PreparedPut["action"],
    collection: string,
    rkey: string,
    record: JsonObject,
    validate: boolean | undefined,
  ): PreparedPut {
    const value = action === "create" ? record : upgradeOldBlobs(this.#account.sql, collection, record);
    return prepareRecord(action, collection, rkey, value, validate);
  }

  #rkeyOf({ rkey }: { rkey?: string | undefined }): string {
    if (rkey !== undefined) {
      checkChosenKey(rkey);
      return rkey;
    }
    this.#lastRkey = nextTid(Date.now() * 1000, this.#lastRkey, this.#rkeyClockId);
    return this.#lastRkey;
  }

  #written(write: PreparedPut): WrittenRecord {
    const { cid, validationStatus } = write;
    const uri = uriOf(this.#account.did, write.path);
    return validationStatus === undefined ? { uri, cid } : { uri, cid, validationStatus };
  }

  /**
   * Counts a write against the account's limits. The count is stored with the next log row, so a refused
   * write counts in memory only. Refuses RateLimitExceeded.
   */
  #consume(points: number): void {
    if (!this.#account.limited) return;
    const { outbox } = this.#account;
    const { counts, excess } = consume(WRITE_LIMITS, outbox.points, points, Date.now());
    outbox.points = counts;
    if (excess !== null) throw rateLimited(excess);
  }

  /**
   * Older records that say the same about the same subject. Excludes the new record's own path: if that is
   * taken, the create fails.
   */
  #pathsReplacedBy({ subject, collection, path }: PreparedPut): string[] {
    if (subject === null) return [];
    const isAbout = (record: Parameters<typeof subjectOf>[1]) =>
      subjectOf(collection, record)?.of === subject.of;
    return pathsAbout(this.#account.sql, collection, subject.hash, isAbout).filter((other) => other !== path);
  }

  /**
   * Applies writes in one commit. Refuses InvalidSwap, RecordAlreadyExists, InvalidRequest, and what
   * `relinkBlobs` refuses.
   */
  #commit(writes: Prepared[], swapCommit: string | undefined, check?: () => void): Head {
    const { sql, did, key, outbox } = this.#account;
    const before = this.#account.head;
    if (swapCommit !== undefined && swapCommit !== before.cid) {
      throw new Refusal("InvalidSwap", `Commit was at ${before.cid}`);
    }
    check?.();
    const steps = this.#steps(writes);
    const now = Date.now();
    const rev = nextTid(now * 1000, before.rev, this.#clockId);
    if (!isTid(rev)) throw new Error(`no rev can follow ${before.rev}`);
    const tree = editMst(this.#account.tree, steps.map(editOf), rev);
    const data = cidFromBytes(tree.root);
    const commit = signCommit({ did, data, rev }, key);
    const head: Head = { cid: commit.cid, rev, data, bytes: commit.bytes };
    const change = {
      head,
      before,
      ops: steps.map(opOf),
      blocks: [...tree.newBlocks, ...tree.proof, ...recordBlocks(steps)],
    };
    const car = commitCar(change);
    if (car.byteLength > MAX_EVENT_BYTES) {
      throw invalidRequest("Too many writes. Max event size: 2MB");
    }
    const draft = commitEntry({ did, time: new Date(now).toISOString() }, change, car);
    free(car);
    const entries = sql.transaction(() => {
      const takedown = takedownOf(sql, "?1");
      for (const step of steps) this.#store(step, rev, takedown);
      relinkBlobs(sql, steps.map(blobChangeOf));
      storeTree(sql, tree, head, this.#account.exports);
      return outbox.write([draft]);
    });
    this.#account.tree.committed(tree);
    this.#account.committed(entries, head);
    for (const { write } of steps) if (write.action !== "delete") free(write.bytes);
    return head;
  }

  /**
   * Applies the writes in order, and returns one net op for each path that they change. Refuses InvalidRequest
   * for an update or delete of a missing record, RecordAlreadyExists. The tree checks that the place of a new
   * record is free, since it has to look there anyway.
   */
  #steps(writes: Prepared[]): Step[] {
    const steps = new Map<string, Step>();
    for (const write of writes) {
      const step = steps.get(write.path);
      steps.set(write.path, step === undefined ? this.#firstStep(write) : this.#nextStep(step, write));
    }
    return [...steps.values()].filter(({ write, before }) => write.action !== "delete" || before !== null);
  }

  #firstStep(write: Prepared): Step {
    const before = write.action === "create" ? null : findRecord(this.#account.sql, write.path);
    if (before === null && write.action !== "create") throw this.#missing(write);
    return { write, before };
  }

  #nextStep({ write: last, before }: Step, write: Prepared): Step {
    const { path } = write;
    // A create that comes to nothing never reaches the tree, so it is checked here.
    const isTaken = last.action === "create" && findRecord(this.#account.sql, path) !== null;
    const isHere = last.action !== "delete";
    if (isTaken || (write.action === "create" && isHere)) {
      throw new Refusal("RecordAlreadyExists", `Record already exists: ${path}`, 409);
    }
    if (write.action !== "create" && !isHere) throw this.#missing(write);
    if (write.action === "delete") return { write, before };
    return { write: { ...write, action: before === null ? "create" : "update" }, before };
  }

  #missing({ path }: Prepared): Refusal {
    return invalidRequest(`Could not locate record: ${uriOf(this.#account.did, path)}`);
  }

  #store({ write, before }: Step, rev: string, takedown: string): void {
    const { sql, exports } = this.#account;
    exports.keepRecord(write.path, before);
    if (write.action === "delete") {
      sql.run("DELETE FROM record WHERE path = ?", write.path);
      return;
    }
    sql.run(
      `INSERT INTO record (path, digest, rev, subject, value, takedown)
       VALUES (?1, ?2, ?3, ?4, ?5, ${takedown})
       ON CONFLICT (path) DO UPDATE SET digest = excluded.digest, rev = excluded.rev, subject = excluded.subject,
         value = excluded.value`,
      write.path,
      write.digest,
      rev,
      write.subject?.hash ?? null,
      write.bytes,
    );
  }
}

/** `undefined` is no condition; null requires that there is no record now. Refuses InvalidSwap. */
function checkSwapRecord(swapRecord: string | null | undefined, was: string | null): void {
  if (swapRecord !== undefined && swapRecord !== was) {
    throw new Refusal("InvalidSwap", `Record was at ${was ?? "null"}`);
  }
}

const cidOfWrite = ({ digest }: PreparedPut) => cidBytesFromDigest(DAG_CBOR, digest);

const editOf = ({ write }: Step): MstEdit =>
  write.action === "delete"
    ? { action: "delete", path: write.path }
    : { action: write.action, path: write.path, cid: cidOfWrite(write) };

function opOf({ write, before }: Step): RepoOp {
  const op: RepoOp = {
    action: write.action,
    path: write.path,
    cid: write.action === "delete" ? null : write.cid,
  };
  if (before !== null) op.prev = cidOfRow(before);
  return op;
}

const recordBlocks = (steps: Step[]): CarBlock[] =>
  steps.flatMap(({ write }) =>
    write.action === "delete" ? [] : [{ cid: cidOfWrite(write), bytes: write.bytes }],
  );

function blobChangeOf({ write, before }: Step): BlobChange {
  return {
    path: write.path,
    before: before === null ? [] : blobCidsOf(jsonOfRow(before)),
    after: write.action === "delete" ? [] : write.blobs,
  };
}
