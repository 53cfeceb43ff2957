/**
 * Reads what one host said in a turn, checks it and narrows it to what is wanted here. Nothing is stored, and nothing
 * handed on, before it is verified. An account's events come in order.
 */
import type { Did } from "@atcute/lexicons";
import { readCar, writeCar } from "../../protocol/car.ts";
import type {
  AccountEvent,
  CommitEvent,
  IdentityEvent,
  RepoEvent,
  RepoOp,
  SyncEvent,
} from "../../protocol/events.ts";
import { checkCommit, checkSync, type Verdict } from "../../protocol/neighbour/checks.ts";
import { readFrame } from "../../protocol/neighbour/frames.ts";
import { namesMember, type Interests } from "../../protocol/neighbour/glance.ts";
import { COLLECTIONS, isOwn } from "./audience.ts";
import type { Neighbour } from "./store.ts";

export interface Hearer {
  interests: Interests;
  now: () => number;
  known(did: Did): Neighbour | null;
  /**
   * Finds who an account is by its DID document, asked anew if `fresh`, as far as that may be asked now. Null: nobody
   * who may be heard.
   */
  identify(did: Did, isFresh: boolean): Promise<Neighbour | null>;
  /** Asks the account's own host how it stands. Null: the host does not answer. */
  confirm(who: Neighbour): Promise<AccountEvent["status"] | "active" | null>;
}

/** The outcome of a turn. */
export interface Heard {
  /** Verified, in order, with what is not wanted left out. Their seqs are the host's. */
  events: RepoEvent[];
  /** Accounts as they are known now. */
  accounts: Map<Did, Neighbour>;
  /** Events that were dropped because they are not true, and frames that are none. */
  invalid: number;
  /** Whether the host's window has passed the cursor, or does not know it: every repo must be compared. */
  hasGap: boolean;
  /** Whether the host begins its numbers anew. */
  isReset: boolean;
}

export class Hearing {
  readonly #hearer: Hearer;
  readonly #host: string;
  readonly heard: Heard = { events: [], accounts: new Map(), invalid: 0, hasGap: false, isReset: false };

  constructor(hearer: Hearer, host: string) {
    this.#hearer = hearer;
    this.#host = host;
  }

  async take(frame: Uint8Array): Promise<void> {
    const read = readFrame(frame);
    if (read.kind === "malformed") this.heard.invalid++;
    else if (read.kind === "info") this.heard.hasGap ||= read.name === "OutdatedCursor";
    else if (read.kind === "error") this.heard.isReset ||= read.error === "FutureCursor";
    else if (read.kind === "event") await this.#event(read.event);
  }

  async #event(event: RepoEvent): Promise<void> {
    const { did } = event;
    // Nobody else speaks for them.
    if (this.#hearer.interests.isMember(did)) return this.#drop();
    if (event.kind === "identity") return this.#identity(event);
    const who = await this.#speaker(did);
    if (who === null) return this.#drop();
    if (event.kind === "commit") return this.#commit(event, who);
    if (event.kind === "sync") return this.#sync(event, who);
    return this.#account(event, who);
  }

  /** An identity event is only a reason to ask; if that cannot be now, it is asked later. */
  async #identity(event: IdentityEvent): Promise<void> {
    const known = this.#known(event.did);
    if (known === null) return;
    const who = await this.#hearer.identify(event.did, true);
    this.#learn(who ?? { ...known, checked: 0 });
    this.heard.events.push(event);
  }

  #drop(): void {
    this.heard.invalid++;
  }

  #learn(who: Neighbour): void {
    this.heard.accounts.set(who.did, who);
  }

  #known(did: Did): Neighbour | null {
    return this.heard.accounts.get(did) ?? this.#hearer.known(did);
  }

  /** The account, if this is its host. */
  async #speaker(did: Did): Promise<Neighbour | null> {
    const known = this.#known(did);
    if (known !== null && known.host === this.#host) return known;
    const who = await this.#hearer.identify(did, known !== null);
    return who?.host === this.#host ? who : null;
  }

  /** Checks an event; once more with the document as it is now, if the signature does not fit. */
  async #check(who: Neighbour, check: (key: string) => Promise<Verdict>): Promise<[Verdict, Neighbour]> {
    const verdict = await check(who.key);
    if (verdict.kind !== "refused" || verdict.fault !== "signature") return [verdict, who];
    const now = await this.#hearer.identify(who.did, true);
    if (now === null || now.host !== this.#host || now.key === who.key) return [verdict, who];
    const { key, checked } = now;
    return [await check(key), { ...who, key, checked }];
  }

  async #commit(event: CommitEvent, known: Neighbour): Promise<void> {
    // Its repo is to be fetched, with this commit in it.
    if (known.relation === "tracked" && known.held === null) return;
    const now = this.#hearer.now();
    const held = known.relation === "tracked" ? known.held : null;
    const [verdict, who] = await this.#check(known, (key) => checkCommit(event, { key, held, now }));
    if (verdict.kind === "refused") return this.#drop();
    if (verdict.kind === "old") return;
    if (verdict.kind === "desynchronized") return this.#learn({ ...who, due: now });
    this.#learn(who.relation === "tracked" ? { ...who, held: verdict.held } : who);
    const wanted = this.#narrowed(event, who);
    if (wanted !== null) this.heard.events.push(wanted);
  }

  /** The commit with those of its operations that are wanted; null: none is. */
  #narrowed(event: CommitEvent, { did, relation }: Neighbour): CommitEvent | null {
    const { blocks } = readCar(event.blocks);
    const isWanted = ({ path, cid, action }: RepoOp): boolean => {
      const collection = path.slice(0, path.indexOf("/"));
      if (!COLLECTIONS.has(collection)) return false;
      if (action !== "create" || (relation === "tracked" && isOwn(collection))) return true;
      const record = cid === null ? undefined : blocks.get(cid);
      return record !== undefined && namesMember(record, did, this.#hearer.interests);
    };
    const ops = event.ops.filter(isWanted);
    if (ops.length === 0) return null;
    const records = ops.flatMap(({ cid }) => {
      const bytes = cid === null ? undefined : blocks.get(cid);
      return cid === null || bytes === undefined ? [] : { cid, bytes };
    });
    return { ...event, ops, blocks: writeCar([event.commit], records) };
  }

  async #sync(event: SyncEvent, known: Neighbour): Promise<void> {
    if (known.relation !== "tracked" || known.held === null) return;
    const { held } = known;
    const now = this.#hearer.now();
    const [verdict, who] = await this.#check(known, (key) => checkSync(event, { key, held, now }));
    if (verdict.kind === "refused") return this.#drop();
    if (verdict.kind === "desynchronized") this.#learn({ ...who, due: now });
    if (verdict.kind === "follows") this.#learn({ ...who, held: verdict.held });
  }

  /** A host is believed when it hides an account; before it deletes records, it is asked. */
  async #account(event: AccountEvent, who: Neighbour): Promise<void> {
    this.#learn(who);
    if (event.active || event.status !== "deleted") return void this.heard.events.push(event);
    if ((await this.#hearer.confirm(who)) === "deleted") this.heard.events.push(event);
    else this.#drop();
  }
}
