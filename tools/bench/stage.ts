/** Shared by all measures: a target as one column of the table, and accounts of given sizes on it. */
import { Xrpc, createAccount, type Account } from "./client.ts";
import { COLLECTIONS, EPOCH_MS, makeRecord, sampleRepo, tidAt, type Kind } from "./records.ts";
import type { Target } from "./target.ts";

/** `plain`: records that nothing indexes. `indexed`: posts, which the AppView indexes. */
export type ColumnName = "reference" | "plain" | "indexed";

/** The amounts of a run: rounds, repo sizes, requests. */
export interface Plan {
  rounds: number;
  sizes: readonly number[];
  writes: number;
  reads: number;
  batches: number;
  subscribers: number;
  blobs: number;
  /** How repos are filled: by importRepo or by applyWrites. */
  fill: "import" | "writes";
}

export interface Member extends Account {
  xrpc: Xrpc;
  /** Records at the start. */
  size: number;
}

const IMPORTED_TYPE = "application/vnd.ipld.car";

export class Stage {
  readonly column: ColumnName;
  readonly target: Target;
  readonly plan: Plan;
  readonly kind: Kind;
  readonly #members = new Map<string, Promise<Member>>();
  readonly #run = Date.now().toString(36).slice(-5);
  readonly #say: (line: string) => void;
  #made = 0;

  constructor(column: ColumnName, target: Target, plan: Plan, say: (line: string) => void) {
    this.column = column;
    this.target = target;
    this.plan = plan;
    this.kind = column === "plain" ? "note" : "post";
    this.#say = say;
  }

  get collection(): string {
    return COLLECTIONS[this.kind];
  }

  pid(): number | null {
    return this.target.pid();
  }

  /** An account with an empty repo. */
  async newcomer(): Promise<Member> {
    const name = `${this.column.charAt(0)}${this.#made++}x${this.#run}`;
    const account = await createAccount(this.target.client, name);
    return { ...account, xrpc: new Xrpc(this.target.client, account.token), size: 0 };
  }

  /** An account whose repo starts with `size` records. The same use and size give the same account. */
  member(use: string, size: number): Promise<Member> {
    const key = `${use} ${size}`;
    const known = this.#members.get(key);
    if (known !== undefined) return known;
    const made = this.newcomer().then(async (member) => {
      if (size > 0) {
        if (this.plan.fill === "import")
          await this.importInto(member, sampleRepo(member.did, this.kind, size));
        else await this.writeInto(member, size);
        await this.verifyFilled(member, size);
        await this.untilIndexed(member, size);
      }
      return { ...member, size };
    });
    this.#members.set(key, made);
    return made;
  }

  async importInto(member: Member, car: Uint8Array): Promise<{ ms: number }> {
    return member.xrpc.upload("com.atproto.repo.importRepo", car, IMPORTED_TYPE);
  }

  /** Writes the records of `sampleRepo` by applyWrites. */
  async writeInto(member: Member, size: number): Promise<void> {
    for (let from = 0; from < size; from += 200) {
      const writes = Array.from({ length: Math.min(200, size - from) }, (_, i) => ({
        $type: "com.atproto.repo.applyWrites#create",
        collection: this.collection,
        rkey: this.rkey(from + i),
        value: makeRecord(this.kind, from + i),
      }));
      await member.xrpc.procedure("com.atproto.repo.applyWrites", { repo: member.did, writes });
    }
  }

  /** Throws if the first or the last record is missing: figures of an empty repo would be worthless. */
  async verifyFilled(member: Member, size: number): Promise<void> {
    for (const index of [0, size - 1]) {
      const key = { repo: member.did, collection: this.collection, rkey: this.rkey(index) };
      await member.xrpc.query("com.atproto.repo.getRecord", key);
    }
  }

  /** Record key of the n-th imported record. */
  rkey(index: number): string {
    return tidAt(EPOCH_MS + index * 1000);
  }

  /**
   * Waits for imported posts, which reach the index after the answer. A measurement would otherwise include
   * that work.
   */
  async untilIndexed(member: Member, size: number): Promise<void> {
    if (this.column !== "indexed" || size === 0) return;
    const uri = `at://${member.did}/${this.collection}/${this.rkey(size - 1)}`;
    const until = performance.now() + 20_000 + size * 5;
    while (performance.now() < until) {
      const path = `/xrpc/app.bsky.feed.getPosts?uris=${encodeURIComponent(uri)}`;
      const reply = await this.target.client.send("GET", path);
      if (reply.status === 501) return this.#say("the host has no getPosts: not waiting for its index");
      if (reply.status === 200 && reply.body.includes(uri)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    this.#say(`${this.column}: ${size} imported posts were not indexed in time`);
  }
}
