/**
 * One round: looks whom members follow, introduces who is new, fetches what must be fetched, and hears each host that
 * is due from its cursor. What was verified is in the index before the cursor moves: whoever dies in between hears it
 * again, and nothing counts twice.
 */
import { fetchPublic } from "../../identity/outbound.ts";
import type { AccountEvent, RepoEvent } from "../../protocol/events.ts";
import { isJson } from "../../protocol/json.ts";
import { logLine, messageOf } from "../../protocol/log-line.ts";
import type { NeighboursReport } from "../../protocol/stations.ts";
import { type Audience, audienceOf, interestsOf } from "./audience.ts";
import { handOn } from "./handing-on.ts";
import { Hearing } from "./hearing.ts";
import { listen } from "./listening.ts";
import type { HeardHost, Neighbour } from "./store.ts";
import { backoff, BUDGET, relationIn, type RoundContext, Tracking } from "./tracking.ts";

const MINUTE = 60_000;

/** How long (ms) a round begins something new: what is begun may take half a minute. The rest is for the next one. */
const ROUND_MS = MINUTE;
/** Hosts at once. */
const ABREAST = 5;
/** How often a host is heard that does not say that it has news. */
const EVERY_MS = MINUTE;

export class Round {
  readonly #context: RoundContext;
  readonly #tracking: Tracking;
  /** Hosts are heard side by side, and their events handed on one after another. */
  #handing: Promise<void> = Promise.resolve();
  readonly report: NeighboursReport = { hosts: 0, looked: 0, events: 0, invalid: 0, fetched: 0 };

  constructor(around: Omit<RoundContext, "agent" | "isOver">) {
    const until = around.now() + ROUND_MS;
    const isOver = () => around.now() >= until;
    this.#context = { ...around, isOver, agent: `Atoll (+${around.origin})` };
    this.#tracking = new Tracking(this.#context);
  }

  /** @param isForAll whether hosts and repos that are not due yet have their turn, too */
  async run(isForAll: boolean): Promise<NeighboursReport> {
    const { db, plan, identifier, store } = this.#context;
    const budget = BUDGET[plan];
    identifier.beginRound(budget.documents);
    const audience = await audienceOf(db, budget.accounts);
    await this.#tracking.follow(audience);
    const now = isForAll ? Infinity : this.#context.now();
    this.report.fetched = await this.#tracking.fetchDue(audience, now, budget.fetched);
    const { isBlocked, isOver } = this.#context;
    const due = store.hosts
      .filter((host) => host.due <= now && !isBlocked(host.name.replace(/:\d+$/, "")))
      .slice(0, budget.hosts);
    const queue = due.values();
    const next = async () => {
      for (const host of queue) if (!isOver()) await this.#hear(host, audience);
    };
    await Promise.all(Array.from({ length: ABREAST }, next));
    return this.report;
  }

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
    const { store, limits, local, agent, now } = this.#context;
    const interests = interestsOf(audience, relationIn(store));
    const turn = await listen(host.origin, host.cursor, interests, {
      limits,
      local,
      agent,
    });
    const hearing = new Hearing(
      {
        interests,
        now,
        known: (did) => store.account(did),
        identify: async (did, isFresh) => {
          const found = await this.#tracking.identify(did, store.account(did), host.name);
          return found?.who ?? (isFresh ? null : store.account(did));
        },
        confirm: (who) => this.#confirm(who, host.origin),
      },
      host.name,
    );
    for (const frame of turn.frames) await hearing.take(frame);
    const { events, accounts, invalid, hasGap, isReset } = hearing.heard;
    await this.#handOn(events);
    this.#count(turn.looked, events, invalid);
    const isMissed = isReset || (hasGap && host.cursor !== null);
    const others = isMissed ? missed(store.accounts, host.name, accounts, now()) : [];
    const cursor = isReset ? null : (turn.cursor ?? host.cursor);
    const due = now() + (turn.isCut || isReset ? 0 : EVERY_MS);
    store.keep({ ...host, cursor, due, failures: 0, heard: now() }, [...accounts.values(), ...others]);
  }

  async #handOn(events: readonly RepoEvent[]): Promise<void> {
    const { appview, now } = this.#context;
    const turn = this.#handing.then(() => handOn(appview, events, now));
    this.#handing = turn.catch(() => {});
    await turn;
  }

  #count(looked: number, events: readonly RepoEvent[], invalid: number): void {
    this.report.hosts++;
    this.report.looked += looked;
    this.report.events += events.length;
    this.report.invalid += invalid;
  }

  async #confirm({ did }: Neighbour, origin: string): Promise<AccountEvent["status"] | "active" | null> {
    const { local, agent } = this.#context;
    const url = new URL("/xrpc/com.atproto.sync.getRepoStatus", origin);
    url.searchParams.set("did", did);
    const { status, body } = await fetchPublic(url, { local, headers: { "user-agent": agent } });
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
