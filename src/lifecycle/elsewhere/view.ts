/** One view of a member, and the bounds that its looks share. */
import type { Did } from "@atcute/lexicons";
import { logLine } from "../../protocol/log-line.ts";
import { type Purse, gates } from "./gates.ts";
import { type Foreigner, type IdentityServices, foreigner } from "./identity.ts";
import { LIFETIME, Memory } from "./memory.ts";
import { type Answer, type Asking, recordAt } from "./records.ts";

export interface LookUpServices extends IdentityServices {
  env: { LOCAL?: unknown; BLOCKED_HOSTS: string; APPVIEW_DB: D1Database };
  defer(work: Promise<unknown>): void;
}

/** How often (ms) a document is fetched anew because of what a host sent. */
const FRESH_EVERY = 10 * 60_000;

/** The memory of this isolate, by database. */
const memories = new WeakMap<D1Database, Memory>();

export class View {
  readonly services: LookUpServices;
  readonly memory: Memory;
  readonly asking: Asking;
  readonly #member: Did;
  readonly #until: number;

  /** @param bounds `patience`: how long (ms) the view waits */
  constructor(services: LookUpServices, bounds: { member: Did; purse: Purse; patience: number }) {
    const { LOCAL, APPVIEW_DB } = services.env;
    this.services = services;
    this.memory = memories.get(APPVIEW_DB) ?? new Memory();
    memories.set(APPVIEW_DB, this.memory);
    this.#member = bounds.member;
    this.#until = Date.now() + bounds.patience;
    const { origin } = services.host;
    this.asking = { gates, purse: bounds.purse, local: LOCAL === "1", origin, now: Date.now };
  }

  get db(): D1Database {
    return this.services.env.APPVIEW_DB;
  }

  /** Undefined: nothing is known; null: it was not to be had. */
  recall<Value>(key: string): Value | null | undefined {
    return this.memory.get<Value>(key, Date.now());
  }

  /** Counts a look of the member. */
  admits(): boolean {
    return gates.admits("member", this.#member, Date.now());
  }

  /** Remembers what is not to be had; not what this view alone could not ask for. */
  miss(key: string, lifetime: number = LIFETIME.missing): void {
    if (this.asking.purse.isShort && lifetime === LIFETIME.missing) return;
    this.memory.set(key, null, Date.now() + lifetime);
  }

  /** Looks something up, unless another request is at it. */
  once(key: string, lookUp: () => Promise<void>): Promise<void> {
    return this.memory.once(key, this.#left(), lookUp);
  }

  foreigner(id: string): Promise<Foreigner | null> {
    return foreigner(this.services, this.asking.purse, id);
  }

  /** A host that does not know its account, or sends what is not signed by it, may be the one before a move. */
  async recordAt(who: Foreigner, collection: string, rkey: string): Promise<Answer> {
    const answer = await recordAt(this.asking, who, collection, rkey);
    if (answer.kind !== "odd") return answer;
    const key = `fresh ${who.did}`;
    if (this.recall(key) !== undefined) return answer;
    this.memory.set(key, true, Date.now() + FRESH_EVERY);
    const now = await foreigner(this.services, this.asking.purse, who.did, { fresh: true });
    if (now === null || (now.key === who.key && now.origin === who.origin)) return answer;
    return recordAt(this.asking, now, collection, rkey);
  }

  /** How long (ms) the view waits yet. */
  #left(): number {
    return Math.max(0, this.#until - Date.now());
  }

  /** Returns what is found in time, or else `otherwise`; then the search goes on behind the answer. */
  async inTime<T>(otherwise: T, find: () => Promise<T>): Promise<T> {
    const work = find().catch((error: unknown) => {
      logLine("error", "elsewhere", { error });
      return otherwise;
    });
    this.services.defer(work);
    let timer;
    const late = new Promise<T>((resolve) => {
      timer = setTimeout(resolve, this.#left(), otherwise);
    });
    const found = await Promise.race([work, late]);
    clearTimeout(timer);
    return found;
  }
}
