/**
 * Hears the neighbours: other hosts of which somebody here follows somebody. One object for each host of ours. It wakes
 * by its alarm or a ping, hears each host that is due in one short turn, and sleeps; no socket and no timer stays.
 */
import { DurableObject } from "cloudflare:workers";
import createTables from "../../../migrations/neighbours/0001_neighbours.sql";
import { configured } from "../../../schema/kept-settings.ts";
import { DidResolver } from "../../identity/did.ts";
import { Directory } from "../../identity/directory.ts";
import { hostOf } from "../../identity/host.ts";
import { logLine, messageOf } from "../../protocol/log-line.ts";
import { AlarmClock } from "../../protocol/object/alarm.ts";
import { migrate } from "../../protocol/object/schema.ts";
import { Sql } from "../../protocol/object/sql.ts";
import { must } from "../../protocol/refusal.ts";
import { configure } from "../../protocol/settings/configured.ts";
import { isBlockedHost } from "../../protocol/settings/domains.ts";
import type {
  AppViewStation,
  Bindings,
  NeighboursReport,
  NeighboursStation,
} from "../../protocol/stations.ts";
import { Identifier } from "./identifying.ts";
import { introduction } from "./introducing.ts";
import { DEFAULT_TURN, type TurnLimits } from "./listening.ts";
import { Round } from "./rounds.ts";
import { NeighbourStore } from "./store.ts";

/** A host that says it has news is heard again after this long at the earliest. */
const PINGED_MS = 30_000;
/** How soon after a ping: others of the same news follow. */
const SOON_MS = 500;
/** How often it is looked whom members follow, if nothing else is to be done. */
const LOOK_MS = 60_000;

const NOTHING: NeighboursReport = { hosts: 0, looked: 0, events: 0, invalid: 0, fetched: 0 };

export class NeighboursObject extends DurableObject<Bindings> implements NeighboursStation {
  readonly #given: Bindings;
  readonly #clock: AlarmClock;
  readonly #store: NeighbourStore;
  #identifier: Identifier | null = null;
  #running: Promise<NeighboursReport> | null = null;

  /** Refuses UpgradeInProgress (503) for a database that a newer Worker has written. */
  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, configure(env).bindings);
    this.#given = env;
    migrate(ctx.storage, [createTables]);
    const sql = new Sql(ctx.storage);
    this.#clock = new AlarmClock(sql);
    this.#store = new NeighbourStore(sql);
    void ctx.blockConcurrencyWhile(() => this.#clock.load());
  }

  protected limits(): TurnLimits {
    return DEFAULT_TURN;
  }

  async pinged(name: string): Promise<void> {
    const now = Date.now();
    const host = this.#store.host(name);
    if (host === null) return this.#store.noteAsking(name, now);
    const due = Math.max(now + SOON_MS, (host.heard ?? 0) + PINGED_MS);
    if (due < host.due) this.#store.keep({ ...host, due }, []);
    this.#clock.wakeAt(Math.min(due, host.due));
  }

  async wake(): Promise<void> {
    this.#clock.wakeAt(Date.now());
  }

  async round(): Promise<NeighboursReport> {
    // One that has begun may have passed what was said meanwhile.
    await this.#running?.catch(() => {});
    return this.#turn(true);
  }

  #turn(isForAll: boolean): Promise<NeighboursReport> {
    this.#running ??= this.#run(isForAll).finally(() => (this.#running = null));
    return this.#running;
  }

  async #run(isForAll: boolean): Promise<NeighboursReport> {
    const { bindings } = await configured(this.#given, (work) => this.ctx.waitUntil(work));
    const { PUBLIC_URL, NEIGHBOURS, APPVIEW, LOCAL, APPVIEW_DB: db, PLAN: plan } = bindings;
    if (NEIGHBOURS === "off" || APPVIEW !== "local" || PUBLIC_URL === "") return NOTHING;
    const host = hostOf(PUBLIC_URL, bindings);
    const directory = new Directory(bindings);
    const dids = new DidResolver(bindings, directory);
    const local = LOCAL === "1";
    const isBlocked = (name: string) => isBlockedHost(bindings.BLOCKED_HOSTS, name);
    this.#identifier ??= new Identifier(dids, { own: host.origin, local, isBlocked });
    const { AppView } = this.ctx.exports as { AppView?: AppViewStation };
    const round = new Round({
      db,
      plan,
      local,
      origin: host.origin,
      limits: this.limits(),
      isBlocked,
      store: this.#store,
      identifier: this.#identifier,
      appview: must(AppView, "AppView"),
      introduce: introduction({ ...bindings, directory, dids, host }),
      now: Date.now,
    });
    const report = await round.run(isForAll);
    const next = Math.min(...this.#store.hosts.map(({ due }) => due), Date.now() + LOOK_MS);
    if (this.#store.hosts.length > 0) this.#clock.wakeAt(Math.max(next, Date.now() + SOON_MS));
    return report;
  }

  override async alarm(): Promise<void> {
    this.#clock.rang();
    try {
      await this.#turn(false);
    } catch (error) {
      logLine("error", "neighbours.round", { error: messageOf(error) });
      this.#clock.wakeAt(Date.now() + LOOK_MS);
    }
  }
}
