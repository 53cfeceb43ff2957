/** A repo in memory with a key of its own: makes the events, proofs and archives that its host would send. */
import type { Did } from "@atcute/lexicons";
import { writeCar, type CarBlock } from "../../src/protocol/car.ts";
import { encode } from "../../src/protocol/cbor.ts";
import { cidOfCbor, cidToBytes, type Cid } from "../../src/protocol/cid.ts";
import { signCommit, type SignedCommit } from "../../src/protocol/commit.ts";
import type { LexMap } from "../../src/protocol/data-model.ts";
import {
  type EncodedEntry,
  encodeCommitEntry,
  encodeSyncEntry,
  spliceSeq,
  type Unnumbered,
} from "../../src/protocol/event-frames.ts";
import type { CommitEvent, RepoOp, SyncEvent } from "../../src/protocol/events.ts";
import { didKey } from "../../src/protocol/keys.ts";
import { buildMst, emptyTop } from "../../src/protocol/mst/build.ts";
import { editMst, type MstEdit } from "../../src/protocol/mst/mst.ts";
import { TOP_NAME, withExtra } from "../../src/protocol/mst/row.ts";
import { nodesOnPath, walkMst } from "../../src/protocol/mst/walk.ts";
import { must } from "../../src/protocol/refusal.ts";
import { nextTid } from "../../src/protocol/tid.ts";
import { MemoryRows } from "./memory-rows.ts";

/** One write; `record` null deletes. */
export interface Write {
  path: string;
  record: LexMap | null;
}

export const post = (text: string): LexMap => ({
  $type: "app.bsky.feed.post",
  text,
  createdAt: "2026-11-30T12:00:00.000Z",
});

export const numbered = ({ frame, seqAt }: EncodedEntry, seq: number): Uint8Array =>
  spliceSeq(frame, seqAt, seq);

export class SignedRepo {
  readonly did: Did;
  readonly key: Uint8Array;
  readonly store = new MemoryRows();
  readonly records = new Map<string, Uint8Array>();
  #cids = new Map<string, Cid>();
  head: SignedCommit;
  rev: string;

  /** @param seed of the key; `micros`: the time of the first commit */
  constructor(did: Did, seed = 7, micros = 1_795_000_000_000_000) {
    this.did = did;
    this.key = new Uint8Array(32).fill(seed);
    this.rev = nextTid(micros, null);
    this.store.rows.set(TOP_NAME, withExtra(emptyTop(this.rev), new Uint8Array(0)));
    this.head = this.#sign();
  }

  get didKey(): string {
    return didKey(this.key);
  }

  get data(): Cid {
    return this.store.root();
  }

  #sign(): SignedCommit {
    return signCommit({ did: this.did, data: this.data, rev: this.rev }, this.key);
  }

  /** Fills an empty repo at once, without events. */
  fill(writes: readonly [path: string, record: LexMap][]): this {
    for (const [path, record] of writes) this.#put(path, record);
    const sorted = [...this.#cids].toSorted(([a], [b]) => (a < b ? -1 : 1));
    this.store.fill(
      buildMst(
        sorted.map(([path, cid]) => [path, cidToBytes(cid)] as const),
        this.rev,
      ),
    );
    this.head = this.#sign();
    return this;
  }

  #put(path: string, record: LexMap | null): Cid | null {
    if (record === null) {
      this.records.delete(path);
      this.#cids.delete(path);
      return null;
    }
    const bytes = encode(record);
    const cid = cidOfCbor(bytes);
    this.records.set(path, bytes);
    this.#cids.set(path, cid);
    return cid;
  }

  /** Makes a commit, and returns its event. */
  commit(writes: readonly Write[], rev = nextTid(0, this.rev)): Unnumbered<CommitEvent> {
    const { rev: since, data: prevData } = this;
    const written: CarBlock[] = [];
    const ops = writes.map(({ path, record }): RepoOp => {
      const prev = this.#cids.get(path);
      const cid = this.#put(path, record);
      if (cid !== null) written.push({ cid, bytes: must(this.records.get(path), path) });
      const action = cid === null ? "delete" : prev === undefined ? "create" : "update";
      return { action, path, cid, ...(prev === undefined ? {} : { prev }) };
    });
    const edits = ops.map(({ action, path, cid }): MstEdit => {
      if (action === "delete") return { action, path };
      return { action, path, cid: cidToBytes(must(cid, "cid")) };
    });
    const edited = editMst(this.store, edits, rev);
    this.store.apply(edited);
    this.rev = rev;
    this.head = this.#sign();
    return {
      did: this.did,
      time: "2026-11-30T12:00:00.000Z",
      commit: this.head.cid,
      rev,
      since,
      prevData,
      ops,
      blocks: writeCar([this.head.cid], [this.head, ...edited.newBlocks, ...edited.proof, ...written]),
    };
  }

  /** A commit's frame. */
  frame(writes: readonly Write[], seq: number): Uint8Array {
    return numbered(encodeCommitEntry(this.commit(writes)), seq);
  }

  sync(): Unnumbered<SyncEvent> {
    const blocks = writeCar([this.head.cid], [this.head]);
    return { did: this.did, time: "2026-11-30T12:00:00.000Z", rev: this.rev, blocks };
  }

  syncFrame(seq: number): Uint8Array {
    return numbered(encodeSyncEntry(this.sync()), seq);
  }

  /** As com.atproto.sync.getRecord answers. */
  proof(path: string): Uint8Array {
    const { nodes, cid } = nodesOnPath(this.store, path);
    const record = cid === null ? [] : [{ cid, bytes: must(this.records.get(path), path) }];
    return writeCar([this.head.cid], [this.head, ...nodes, ...record]);
  }

  /** As com.atproto.sync.getRepo answers. */
  archive(since?: string): Uint8Array {
    const blocks: CarBlock[] = [this.head];
    for (const step of walkMst(this.store, since)) {
      const bytes = step.kind === "node" ? step.bytes : must(this.records.get(step.path), step.path);
      blocks.push({ cid: step.cid, bytes });
    }
    return writeCar([this.head.cid], blocks);
  }

  cidOf(path: string): Cid {
    return must(this.#cids.get(path), path);
  }
}
