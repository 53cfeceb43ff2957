/** What the measures share: a target seen as one column of the table, and accounts of a wanted size on it. */
import { CallFailed, Xrpc, createAccount, type Account } from "./client.ts";
import { COLLECTIONS, EPOCH_MS, sampleRepo, tidAt, type Kind } from "./records.ts";
import type { Target } from "./target.ts";

/** `plain`: records that nothing indexes. `indexed`: posts, which the AppView takes in. */
export type ColumnName = "reference" | "plain" | "indexed";

/** How much of everything a run does. */
export interface Plan {
  rounds: number;
  sizes: readonly number[];
  writes: number;
  reads: number;
  batches: number;
  subscribers: number;
  blobs: number;
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

  /** An account whose repo came in with so many records; the same one for the same use. */
  member(use: string, size: number): Promise<Member> {
    const key = `${use} ${size}`;
    const known = this.#members.get(key);
    if (known !== undefined) return known;
    const made = this.newcomer().then(async (member) => {
      if (size > 0) {
        await this.importInto(member, sampleRepo(member.did, this.kind, size));
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

  /** rkey of an imported record. */
  rkey(index: number): string {
    return tidAt(EPOCH_MS + index * 1000);
  }

  /** Imported posts reach the index behind the answer; measuring before that would measure both. */
  async untilIndexed(member: Member, size: number): Promise<void> {
    if (this.column !== "indexed" || size === 0) return;
    const uri = `at://${member.did}/${this.collection}/${this.rkey(size - 1)}`;
    const until = performance.now() + 20_000 + size * 5;
    while (performance.now() < until) {
      const reply = await member.xrpc
        .query("app.bsky.feed.getPosts", { uris: uri })
        .catch((thrown: unknown) => {
          if (thrown instanceof CallFailed) return null;
          throw thrown;
        });
      if (reply !== null && reply.body.includes(uri)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    this.#say(`${this.column}: ${size} imported posts were not indexed in time`);
  }
}
