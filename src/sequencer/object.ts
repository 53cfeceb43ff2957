/**
 * The sequencer: one object for each host. It numbers the host's events, keeps their window, sends them to
 * the firehose's consumers, and dispatches them to the AppView. Its parts are `window.ts` (all SQL),
 * `firehose.ts` (the sockets, paced by `pace.ts`) and `dispatch.ts` (the AppView). This file joins them and
 * keeps the one alarm.
 */
import { DurableObject } from "cloudflare:workers";
import type { Did } from "@atcute/lexicons";
import createWindow from "../../migrations/sequencer/0001_window.sql";
import addRepoAge from "../../migrations/sequencer/0002_repo_age.sql";
import type { LogEntry } from "../protocol/events.ts";
import { logLine } from "../protocol/log-line.ts";
import { AlarmClock } from "../protocol/object/alarm.ts";
import { migrate } from "../protocol/object/schema.ts";
import { Sql } from "../protocol/object/sql.ts";
import { answerClose } from "../protocol/object/web-socket.ts";
import { configure } from "../protocol/settings/list.ts";
import type {
  AppViewStation,
  Bindings,
  RepoAge,
  SequencedRepo,
  SequencerStation,
  SequencerStatus,
} from "../protocol/stations.ts";
import type { FirehoseLimits } from "./firehose.ts";
import { Firehose } from "./firehose.ts";
import type { DispatchLimits } from "./dispatch.ts";
import { DEFAULT_DISPATCH, Dispatch } from "./dispatch.ts";
import { DEFAULT_PACE } from "./pace.ts";
import type { WindowLimits } from "./window.ts";
import { EventWindow } from "./window.ts";

const MIGRATIONS = [createWindow, addRepoAge];

const HOUR = 3_600_000;

/** All limits of the sequencer. Times in milliseconds, sizes in bytes. */
export interface SequencerLimits {
  window: WindowLimits;
  firehose: FirehoseLimits;
  dispatch: DispatchLimits;
}

/**
 * Three days of events, unless they exceed 2 GB (an object may hold 10 GB, a whole free account 5 GB). A
 * thousand sockets: each costs every write about 10 µs.
 */
export const DEFAULT_LIMITS: SequencerLimits = {
  window: { age: 72 * HOUR, bytes: 2_000_000_000 },
  firehose: { ...DEFAULT_PACE, sockets: 1000, socketsOfOne: 50, round: 20, patience: 10_000 },
  dispatch: DEFAULT_DISPATCH,
};

/** How far ahead the alarm is set when there is work that a crash could leave half done. */
const ALARM_AHEAD = 10_000;
/** Used when the host has no AppView of its own, since the alarm then only prunes. */
const PRUNE_AHEAD = HOUR;
/** Events removed in one transaction, and slices in one alarm. Neither delays a write for long. */
const PRUNE_SLICE = 500;
const PRUNE_SLICES = 40;

export class SequencerObject extends DurableObject<Bindings> implements SequencerStation {
  readonly #sql: Sql;
  readonly #clock: AlarmClock;
  readonly #limits: SequencerLimits;
  readonly #window: EventWindow;
  readonly #firehose: Firehose;
  readonly #dispatch: Dispatch;

  /** Refuses UpgradeInProgress (503) for a database that a newer Worker has written. */
  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, configure(env).bindings);
    migrate(ctx.storage, MIGRATIONS);
    this.#limits = this.limits();
    this.#sql = new Sql(ctx.storage);
    this.#clock = new AlarmClock(this.#sql);
    void ctx.blockConcurrencyWhile(() => this.#clock.load());
    this.#window = new EventWindow(this.#sql, () => this.firstSeq());
    this.#firehose = new Firehose(ctx, this.#window, this.#limits.firehose);
    this.#dispatch = new Dispatch(
      () => this.appview(),
      this.#window,
      this.#limits.dispatch,
      (at) => this.#clock.wakeAt(at),
    );
    // Resumes what the last instance left: replays whose sockets slept, and events not yet dispatched.
    if (this.#window.head > 0) setTimeout(() => this.#goOn(), 0);
  }

  /** The limits of this object. */
  protected limits(): SequencerLimits {
    return DEFAULT_LIMITS;
  }

  /**
   * The seq of the host's first event: a number from the clock, so that a host set up anew goes on above the
   * seqs of its earlier life, whose cursors consumers still have.
   */
  protected firstSeq(): number {
    return Date.now();
  }

  /** The AppView that receives events; null when the host uses an upstream. */
  protected appview(): AppViewStation | null {
    if (this.env.APPVIEW !== "local") return null;
    const { AppView } = this.ctx.exports as { AppView?: AppViewStation };
    return AppView ?? null;
  }

  #goOn(): void {
    this.#firehose.resume();
    void this.#dispatch.wake();
  }

  async append(did: Did, entries: LogEntry[]): Promise<{ acked: number; seq: number }> {
    const now = Date.now();
    const { acked, events } = this.#window.append(did, entries, now);
    if (events.length > 0) {
      this.#firehose.broadcast(events);
      void this.#dispatch.wake();
      this.#clock.wakeAt(now + (this.appview() === null ? PRUNE_AHEAD : ALARM_AHEAD));
    }
    return { acked, seq: this.#window.head };
  }

  async indexed(seq: number): Promise<boolean> {
    return this.#dispatch.indexed(seq);
  }

  async repo(did: Did): Promise<SequencedRepo | null> {
    return this.#window.repo(did);
  }

  async listRepos(cursor: string | undefined, limit: number): Promise<SequencedRepo[]> {
    return this.#window.listRepos(cursor, limit);
  }

  async reposByAge(after: RepoAge | null, limit: number): Promise<(SequencedRepo & RepoAge)[]> {
    return this.#window.reposByAge(after, limit);
  }

  async status(): Promise<SequencerStatus> {
    return {
      seq: this.#window.head,
      oldest: this.#window.oldest,
      indexed: this.#dispatch.cursor,
      subscribers: this.#firehose.subscribers,
      ingestError: this.#dispatch.error,
      ingestLost: this.#dispatch.lost,
      rows: { sequencer: this.#sql.rows, index: { ...this.#dispatch.rows } },
    };
  }

  override async fetch(request: Request): Promise<Response> {
    const response = this.#firehose.accept(request);
    if (this.#firehose.busy) this.#clock.wakeAt(Date.now() + ALARM_AHEAD);
    return response;
  }

  /** Ignores what consumers send, as the reference does. */
  override async webSocketMessage(): Promise<void> {}

  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    answerClose(socket, code, reason);
    this.#firehose.closed(socket);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    this.#firehose.closed(socket);
  }

  /**
   * Repairs what a crash or an eviction left, and prunes. The alarm is set while there is such work and after
   * appends, so an idle host sleeps (and keeps its last events longer, which costs nothing).
   */
  override async alarm(): Promise<void> {
    this.#clock.rang();
    if (this.#firehose.clogged) {
      logLine("warn", "sequencer.firehose", { message: "consumers that never read: restarting" });
      await this.ctx.storage.sync();
      this.ctx.abort("consumers that never read hold too much memory");
    }
    this.#firehose.resume();
    await this.#dispatch.wake(true);
    let more = true;
    for (let slice = 0; more && slice < PRUNE_SLICES; slice++) {
      more = this.#window.prune(this.#limits.window, Date.now(), PRUNE_SLICE);
      if (more) await scheduler.wait(1);
    }
    const next = Date.now() + ALARM_AHEAD;
    if (more || this.#firehose.busy) this.#clock.wakeAt(next);
    else if (this.#dispatch.behind || this.#dispatch.trails)
      this.#clock.wakeAt(Math.max(next, this.#dispatch.pausedUntil));
  }
}
