/**
 * Turns a generated member's records into log entries like those of an account object, but with many
 * operations per commit and without a tree. The sequencer and the index accept them; a verifying consumer
 * would not.
 */
import { encode } from "@atcute/cbor";
import type { Did } from "@atcute/lexicons";
import { writeCar } from "../../../src/protocol/car.ts";
import { cidOfCbor } from "../../../src/protocol/cid.ts";
import {
  encodeAccountEntry,
  encodeCommitEntry,
  encodeIdentityEntry,
  type EncodedEntry,
} from "../../../src/protocol/event-frames.ts";
import type { LogEntry } from "../../../src/protocol/events.ts";
import type { Made } from "./members.ts";
import { tidAt } from "../records.ts";

/** Operations per commit: the maximum of applyWrites. */
export const OPERATIONS = 200;

export class MemberLog {
  readonly did: Did;
  #position = 0;
  #rev: string | null = null;

  constructor(did: string) {
    this.did = asDid(did);
  }

  /** The first entries of a new account. */
  arrival(handle: string, ms: number): LogEntry[] {
    const time = new Date(ms).toISOString();
    return [
      this.#entry("identity", encodeIdentityEntry({ did: this.did, time, handle }), null, null, null),
      this.#entry("account", encodeAccountEntry({ did: this.did, time, active: true }), null, null, "active"),
    ];
  }

  /** The last entry of a deleted account. */
  departure(ms: number): LogEntry[] {
    const gone = {
      did: this.did,
      time: new Date(ms).toISOString(),
      active: false,
      status: "deleted" as const,
    };
    return [this.#entry("account", encodeAccountEntry(gone), null, null, "deleted")];
  }

  /** The records as commits of up to `size` operations. */
  commits(records: readonly Made[], ms: number, size = OPERATIONS): LogEntry[] {
    const entries: LogEntry[] = [];
    for (let from = 0; from < records.length; from += size) {
      entries.push(this.#commit(records.slice(from, from + size), ms));
    }
    return entries;
  }

  #commit(records: readonly Made[], ms: number): LogEntry {
    const rev = tidAt(ms + this.#position, 1);
    const block = encode({ did: this.did, version: 3, rev, prev: null });
    const commit = cidOfCbor(block);
    const blocks = writeCar([commit], [{ cid: commit, bytes: block }, ...records]);
    const encoded = encodeCommitEntry({
      did: this.did,
      time: new Date(ms).toISOString(),
      commit,
      rev,
      since: this.#rev,
      ops: records.map(({ path, cid }) => ({ action: "create" as const, path, cid })),
      blocks,
    });
    this.#rev = rev;
    return this.#entry("commit", encoded, rev, commit, null);
  }

  #entry(
    kind: LogEntry["kind"],
    { frame, seqAt }: EncodedEntry,
    rev: string | null,
    head: string | null,
    status: LogEntry["status"],
  ): LogEntry {
    return { position: ++this.#position, kind, rev, head, status, frame, seqAt };
  }
}

const isPlc = (text: string): text is Did<"plc"> => /^did:plc:[a-z2-7]{24}$/.test(text);

function asDid(text: string): Did {
  if (!isPlc(text)) throw new Error(`${text} is no did:plc`);
  return text;
}
