/** Whose events are wanted: looks whom members follow, introduces who is new, and fetches what must be fetched. */
import type { Did } from "@atcute/lexicons";
import { logLine, messageOf } from "../../protocol/log-line.ts";
import type { AppViewStation } from "../../protocol/stations.ts";
import type { Settings } from "../../protocol/settings/list.ts";
import { type Audience, interestsOf } from "./audience.ts";
import { handOn } from "./handing-on.ts";
import type { Identified, Identifier } from "./identifying.ts";
import type { TurnLimits } from "./listening.ts";
import { refetch } from "./refetch.ts";
import type { Neighbour, NeighbourStore } from "./store.ts";

const MINUTE = 60_000;
const DAY_MS = 24 * 60 * MINUTE;

/** The bounds of a round, by plan: the platform bounds the requests of an invocation. */
export const BUDGET: Record<
  Settings["PLAN"],
  { accounts: number; documents: number; fetched: number; hosts: number }
> = {
  free: { accounts: 1_000, documents: 4, fetched: 3, hosts: 6 },
  paid: { accounts: 25_000, documents: 60, fetched: 30, hosts: 100 },
};
/** The first and the longest wait after a failure. */
const RETRY_MS = MINUTE;
const LONGEST_RETRY_MS = DAY_MS;
/** How often (ms) a document is read though nothing was said of it, and how many in one round. */
const CHECK_EVERY = 7 * DAY_MS;
const CHECKED = 5;
/** How long (ms) deletions are heard of somebody whom nobody follows. */
const MET_KEPT = 90 * DAY_MS;

export interface RoundContext {
  db: D1Database;
  plan: Settings["PLAN"];
  local: boolean;
  /** This host's origin. */
  origin: string;
  limits: TurnLimits;
  isBlocked: (hostname: string) => boolean;
  store: NeighbourStore;
  identifier: Identifier;
  appview: AppViewStation;
  /** Puts an account into the index as it is now: where it lives, its name both ways, its profile. */
  introduce: (found: Identified) => Promise<void>;
  now: () => number;
  /** The name that it gives itself to others. */
  agent: string;
  /** Whether nothing new may begin. */
  isOver: () => boolean;
}

export const backoff = (failures: number): number =>
  Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** Math.min(failures, 11));

export class Tracking {
  readonly #context: RoundContext;

  constructor(context: RoundContext) {
    this.#context = context;
  }

  /** Tracks whom members follow, forgets who lives here by now, and keeps an ear open for who is followed no more. */
  async follow({ members, followed }: Audience): Promise<void> {
    const { store, now } = this.#context;
    const isOld = ({ relation, checked }: Neighbour) => relation === "met" && now() - checked > MET_KEPT;
    store.forget(store.accounts.flatMap((who) => (members.has(who.did) || isOld(who) ? who.did : [])));
    const others = store.accounts.flatMap((who): Neighbour[] => {
      const relation = followed.has(who.did) ? "tracked" : "met";
      if (relation === who.relation) return [];
      return [{ ...who, relation, held: null, due: relation === "tracked" ? now() : null, failures: 0 }];
    });
    if (others.length > 0) store.keep(null, others);
    const stale = store.accounts
      .filter(({ relation, checked }) => relation === "tracked" && now() - checked > CHECK_EVERY)
      .slice(0, CHECKED);
    for (const who of stale) {
      if (this.#context.isOver()) return;
      const found = await this.identify(who.did, who);
      if (found !== null) this.#keep(found.who, found.origin);
    }
    for (const did of followed) {
      if (store.account(did) !== null) continue;
      if (this.#context.isOver()) return;
      const found = await this.identify(did as Did, null);
      if (found !== null) this.#keep({ ...found.who, relation: "tracked", due: now() }, found.origin);
    }
  }

  /** @param by the host that made us ask; null: a member did */
  async identify(did: Did, known: Neighbour | null, by: string | null = null): Promise<Identified | null> {
    const { identifier, introduce, store, plan, now } = this.#context;
    if (known === null && store.size >= 2 * BUDGET[plan].accounts) return null;
    const found = await identifier.identify(did, { known, by, now: now() });
    if (found !== null) await introduce(found);
    return found;
  }

  /** Keeps an account, and begins to hear its host. */
  #keep(who: Neighbour, origin: string): void {
    const { store, now } = this.#context;
    const isNew = store.host(who.host) === null;
    const host = { name: who.host, origin, cursor: null, due: now(), failures: 0, heard: null };
    store.keep(isNew ? host : null, [who]);
  }

  /** Fetches the repos that are due, the longest due first. Returns how many it could. */
  async fetchDue(audience: Audience, now: number, most: number): Promise<number> {
    const due = this.#context.store.accounts
      .filter((who) => who.due !== null && who.due <= now)
      .toSorted((a, b) => (a.due ?? 0) - (b.due ?? 0))
      .slice(0, most);
    let fetched = 0;
    for (const who of due) if (!this.#context.isOver() && (await this.#fetch(who, audience))) fetched++;
    return fetched;
  }

  async #fetch(who: Neighbour, audience: Audience): Promise<boolean> {
    const { db, local, agent, store, appview, now } = this.#context;
    const origin = store.host(who.host)?.origin;
    if (origin === undefined) return false;
    const interests = interestsOf(audience, relationIn(store));
    try {
      const { held, events } = await refetch({ db, interests, local, agent, now: now() }, who, origin);
      await handOn(appview, events, now);
      store.keep(null, [{ ...who, held, due: null, failures: 0 }]);
      return true;
    } catch (thrown) {
      logLine("warn", "neighbours.fetch", { did: who.did, host: who.host, error: messageOf(thrown) });
      const failures = who.failures + 1;
      store.keep(null, [{ ...who, failures, due: now() + backoff(failures) }]);
      return false;
    }
  }
}

export const relationIn = (store: NeighbourStore) => (did: string) => store.account(did)?.relation ?? null;
