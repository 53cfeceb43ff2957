/**
 * One round: looks whom members follow, introduces who is new, fetches what must be fetched, and hears each host that
 * is due from its cursor. What was verified is in the index before the cursor moves: whoever dies in between hears it
 * again, and nothing counts twice.
 */
import type { Did } from "@atcute/lexicons";
import { fetchPublic } from "../../identity/outbound.ts";
import type { AccountEvent, RepoEvent } from "../../protocol/events.ts";
import { isJson } from "../../protocol/json.ts";
import { logLine, messageOf } from "../../protocol/log-line.ts";
import type { AppViewStation, NeighboursReport } from "../../protocol/stations.ts";
import type { Settings } from "../../protocol/settings/list.ts";
import { type Audience, audienceOf, interestsOf } from "./audience.ts";
import { handOn } from "./handing-on.ts";
import { Hearing } from "./hearing.ts";
import type { Identified, Identifier } from "./identifying.ts";
import { listen, type TurnLimits } from "./listening.ts";
import { refetch } from "./refetch.ts";
import type { HeardHost, Neighbour, NeighbourStore } from "./store.ts";

const MINUTE = 60_000;
const DAY_MS = 24 * 60 * MINUTE;

/** What a round may do, by plan: the platform bounds the requests of an invocation. */
const BUDGET: Record<
  Settings["PLAN"],
  { accounts: number; documents: number; fetched: number; hosts: number }
> = {
  free: { accounts: 1_000, documents: 4, fetched: 3, hosts: 6 },
  paid: { accounts: 25_000, documents: 60, fetched: 30, hosts: 100 },
};
/** How long (ms) a round begins something new: what is begun may take half a minute. The rest is for the next one. */
const ROUND_MS = MINUTE;
/** Hosts at once. */
const ABREAST = 5;
/** How often a host is heard that does not say that it has news. */
export const EVERY_MS = MINUTE;
/** The first and the longest wait after a failure. */
const RETRY_MS = MINUTE;
const LONGEST_RETRY_MS = DAY_MS;
/** How often (ms) a document is read though nothing was said of it, and how many in one round. */
const CHECK_EVERY = 7 * DAY_MS;
const CHECKED = 5;
/** How long (ms) deletions are heard of somebody whom nobody follows. */
const MET_KEPT = 90 * DAY_MS;
const ADDRESS = "user-agent";

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
}

export const backoff = (failures: number): number =>
  Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** Math.min(failures, 11));

export class Round {
  readonly #context: RoundContext;
  readonly #agent: { [ADDRESS]: string };
  readonly #until: number;
  readonly report: NeighboursReport = { hosts: 0, looked: 0, events: 0, invalid: 0, fetched: 0 };

  constructor(context: RoundContext) {
    this.#context = context;
    this.#until = context.now() + ROUND_MS;
    this.#agent = { [ADDRESS]: `Atoll (+${context.origin})` };
  }

  /** @param isForAll whether hosts and repos that are not due yet have their turn, too */
  async run(isForAll: boolean): Promise<NeighboursReport> {
    const { db, plan, identifier, store } = this.#context;
    const budget = BUDGET[plan];
    identifier.beginRound(budget.documents);
    const audience = await audienceOf(db, budget.accounts);
    await this.#follow(audience);
    const now = isForAll ? Infinity : this.#context.now();
    await this.#fetchDue(audience, now, budget.fetched);
    const { isBlocked } = this.#context;
    const due = store.hosts
      .filter((host) => host.due <= now && !isBlocked(host.name.replace(/:\d+$/, "")))
      .slice(0, budget.hosts);
    const queue = due.values();
    const next = async () => {
      for (const host of queue) if (!this.#isOver()) await this.#hear(host, audience);
    };
    await Promise.all(Array.from({ length: ABREAST }, next));
    return this.report;
  }

  #isOver(): boolean {
    return this.#context.now() >= this.#until;
  }

  // ---------------------------------------------------------------------------------------------- accounts

  /** Tracks whom members follow, forgets who lives here by now, and keeps an ear open for who is followed no more. */
  async #follow({ members, followed }: Audience): Promise<void> {
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
      if (this.#isOver()) return;
      const found = await this.#identify(who.did, who);
      if (found !== null) this.#keep(found.who, found.origin);
    }
    for (const did of followed) {
      if (store.account(did) !== null) continue;
      if (this.#isOver()) return;
      const found = await this.#identify(did as Did, null);
      if (found !== null) this.#keep({ ...found.who, relation: "tracked", due: now() }, found.origin);
    }
  }

  /** @param by the host that made us ask; null: a member did */
  async #identify(did: Did, known: Neighbour | null, by: string | null = null): Promise<Identified | null> {
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

  /** Fetches the repos that are due, the longest due first. */
  async #fetchDue(audience: Audience, now: number, most: number): Promise<void> {
    const due = this.#context.store.accounts
      .filter((who) => who.due !== null && who.due <= now)
      .toSorted((a, b) => (a.due ?? 0) - (b.due ?? 0))
      .slice(0, most);
    for (const who of due) if (!this.#isOver()) await this.#fetch(who, audience);
  }

  async #fetch(who: Neighbour, audience: Audience): Promise<void> {
    const { db, local, store, appview, now } = this.#context;
    const origin = store.host(who.host)?.origin;
    if (origin === undefined) return;
    const interests = interestsOf(audience, relationIn(store));
    try {
      const { held, events } = await refetch(
        { db, interests, local, agent: this.#agent[ADDRESS], now: now() },
        who,
        origin,
      );
      await handOn(appview, events);
      this.report.fetched++;
      store.keep(null, [{ ...who, held, due: null, failures: 0 }]);
    } catch (thrown) {
      logLine("warn", "neighbours.fetch", { did: who.did, host: who.host, error: messageOf(thrown) });
      const failures = who.failures + 1;
      store.keep(null, [{ ...who, failures, due: now() + backoff(failures) }]);
    }
  }

  // ------------------------------------------------------------------------------------------------- hosts

  async #hear(host: HeardHost, audience: Audience): Promise<void> {
    const { store, now } = this.#context;
    try {
      await this.#turn(host, audience);
    } catch (thrown) {
      logLine("warn", "neighbours.hear", { host: host.name, error: messageOf(thrown) });
      const failures = host.failures + 1;
      store.keep({ ...host, failures, due: now() + backoff(failures) }, []);
    }
  }

  async #turn(host: HeardHost, audience: Audience): Promise<void> {
    const { store, limits, local, appview, now } = this.#context;
    const interests = interestsOf(audience, relationIn(store));
    const turn = await listen(host.origin, host.cursor, interests, {
      limits,
      local,
      agent: this.#agent[ADDRESS],
    });
    const hearing = new Hearing(
      {
        interests,
        now,
        known: (did) => store.account(did),
        identify: async (did, isFresh) => {
          const found = await this.#identify(did, store.account(did), host.name);
          return found?.who ?? (isFresh ? null : store.account(did));
        },
        confirm: (who) => this.#confirm(who, host.origin),
      },
      host.name,
    );
    for (const frame of turn.frames) await hearing.take(frame);
    const { events, accounts, invalid, hasGap, isReset } = hearing.heard;
    await handOn(appview, events);
    this.#count(turn.looked, events, invalid);
    const isMissed = isReset || (hasGap && host.cursor !== null);
    const others = isMissed ? missed(store.accounts, host.name, accounts, now()) : [];
    const cursor = isReset ? null : (turn.cursor ?? host.cursor);
    const due = now() + (turn.isCut || isReset ? 0 : EVERY_MS);
    store.keep({ ...host, cursor, due, failures: 0, heard: now() }, [...accounts.values(), ...others]);
  }

  #count(looked: number, events: readonly RepoEvent[], invalid: number): void {
    this.report.hosts++;
    this.report.looked += looked;
    this.report.events += events.length;
    this.report.invalid += invalid;
  }

  async #confirm({ did }: Neighbour, origin: string): Promise<AccountEvent["status"] | "active" | null> {
    const { local } = this.#context;
    const url = new URL("/xrpc/com.atproto.sync.getRepoStatus", origin);
    url.searchParams.set("did", did);
    const { status, body } = await fetchPublic(url, { local, headers: this.#agent });
    const answer = parsed(body);
    if (!isJson(answer)) return null;
    if (status === 400 && answer["error"] === "RepoNotFound") return "deleted";
    if (status !== 200) return null;
    if (answer["active"] === true) return "active";
    return answer["status"] === "deleted" ? "deleted" : "deactivated";
  }
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return null;
  }
}

const relationIn = (store: NeighbourStore) => (did: string) => store.account(did)?.relation ?? null;

/** The tracked accounts of a host, due to be compared: events of theirs may have been missed. */
const missed = (
  all: readonly Neighbour[],
  host: string,
  learned: ReadonlyMap<string, Neighbour>,
  now: number,
): Neighbour[] =>
  all.flatMap((known) => {
    const who = learned.get(known.did) ?? known;
    return who.host === host && who.relation === "tracked" ? [{ ...who, due: now }] : [];
  });
