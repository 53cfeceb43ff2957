/**
 * The sequencer: one object for each host. It numbers the host's events, keeps their window, hands them to the
 * fan-out objects, which hold the readers' sockets, and dispatches them to the AppView. Its parts are
 * `window.ts` (the events), `handout.ts` and `seating.ts` (the fan-out objects, remembered by `roster.ts`) and
 * `dispatch.ts` (the AppView). This file joins them and keeps the one alarm.
 */
import { DurableObject } from "cloudflare:workers";
import type { Did } from "@atcute/lexicons";
import createWindow from "../../migrations/sequencer/0001_window.sql";
import addRepoAge from "../../migrations/sequencer/0002_repo_age.sql";
import addStreams from "../../migrations/sequencer/0003_streams.sql";
import addKeptSettings from "../../migrations/sequencer/0004_kept_settings.sql";
import type { LogEntry } from "../protocol/events.ts";
import { AlarmClock } from "../protocol/object/alarm.ts";
import { logLine, messageOf } from "../protocol/log-line.ts";
import { free } from "../protocol/memory.ts";
import { migrate } from "../protocol/object/schema.ts";
import { Sql } from "../protocol/object/sql.ts";
import { configured } from "../../schema/kept-settings.ts";
import { type KeptSettings, isFixed } from "../protocol/settings/list.ts";
import { NOTHING_KEPT, configure } from "../protocol/settings/configured.ts";
import type {
  IngestStation,
  Bindings,
  EventPage,
  ReaderStatus,
  RepoAge,
  SequencedRepo,
  SequencerStation,
  SequencerStatus,
  StreamKind,
  StreamStatus,
  WindowEdges,
} from "../protocol/stations.ts";
import { SEQUENCER_NAME } from "../protocol/stations.ts";
import type { DispatchLimits } from "./dispatch.ts";
import { DEFAULT_DISPATCH, Dispatch } from "./dispatch.ts";
import type { HandoutLimits } from "./handout-line.ts";
import { DEFAULT_HANDOUT, Handout } from "./handout.ts";
import { Roster } from "./roster.ts";
import type { SeatLimits } from "./seating.ts";
import { DEFAULT_SEATS, Seating } from "./seating.ts";
import type { WindowLimits } from "./window.ts";
import { EventWindow } from "./window.ts";

const MIGRATIONS = [createWindow, addRepoAge, addStreams, addKeptSettings];

const HOUR = 3_600_000;

/** All limits of the sequencer. Times in milliseconds, sizes in bytes. */
export interface SequencerLimits {
  window: WindowLimits;
  handout: HandoutLimits;
  seats: SeatLimits;
  dispatch: DispatchLimits;
}

/** Three days of events, unless they exceed 2 GB (an object may hold 10 GB, a whole free account 5 GB). */
export const DEFAULT_LIMITS: SequencerLimits = {
  window: { age: 72 * HOUR, bytes: 2_000_000_000 },
  handout: DEFAULT_HANDOUT,
  seats: DEFAULT_SEATS,
  dispatch: DEFAULT_DISPATCH,
};

/** How far ahead the alarm is set when there is work that a crash could leave half done. */
const ALARM_AHEAD = 10_000;
/** Used when the host has no AppView of its own, since the alarm then only prunes. */
const PRUNE_AHEAD = HOUR;
/** Events removed in one transaction, and slices in one alarm. Neither delays a write for long. */
const PRUNE_SLICE = 500;
const PRUNE_SLICES = 40;
/** How long (ms) an answer of `streams` is given again. */
const STREAMS_KEPT = 1_000;

export class SequencerObject extends DurableObject<Bindings> implements SequencerStation {
  readonly #sql: Sql;
  readonly #clock: AlarmClock;
  readonly #limits: SequencerLimits;
  readonly #window: EventWindow;
  readonly #roster: Roster;
  readonly #handout: Handout;
  readonly #seating: Seating;
  readonly #dispatch: Dispatch;
  /** The bindings as they were given, without the settings' defaults. */
  readonly #given: Bindings;
  /** The setting of this name, as this object last knew it. */
  #appview: string;
  #streams: { at: number; found: Promise<StreamStatus[]> } | null = null;

  /** Refuses UpgradeInProgress (503) for a database that a newer Worker has written. */
  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, configure(env).bindings);
    this.#given = env;
    this.#appview = this.env.APPVIEW;
    migrate(ctx.storage, MIGRATIONS);
    this.#limits = this.limits();
    this.#sql = new Sql(ctx.storage);
    this.#clock = new AlarmClock(this.#sql);
    void ctx.blockConcurrencyWhile(async () => {
      await Promise.all([this.#clock.load(), this.#followSettings()]);
    });
    this.#window = new EventWindow(this.#sql, () => this.firstSeq());
    this.#roster = new Roster(this.#sql);
    const fanOut = (name: string) => env.FAN_OUT.getByName(name);
    this.#handout = new Handout(
      {
        roster: this.#roster,
        fanOut,
        edges: () => this.#window.edges,
        wakeBy: (at) => this.#clock.wakeAt(at),
      },
      this.#limits.handout,
    );
    const name = ctx.id.name ?? SEQUENCER_NAME;
    this.#seating = new Seating(name, () => this.#handout.names, fanOut, this.#limits.seats);
    this.#dispatch = new Dispatch(
      () => this.appview(),
      this.#window,
      this.#limits.dispatch,
      (at) => this.#clock.wakeAt(at),
    );
    dropSockets(ctx);
    // Resumes what the last instance left: events that were not yet handed out or dispatched.
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

  /**
   * Reads whether the host has an AppView of its own, unless the environment says so. If it cannot be read,
   * what was known holds.
   */
  async #followSettings(): Promise<void> {
    if (isFixed({ ...this.#given }, "APPVIEW")) return;
    const defer = (work: Promise<unknown>) => this.ctx.waitUntil(work);
    const known = await configured(this.#given, defer).catch(() => null);
    if (known !== null) this.#appview = known.bindings.APPVIEW;
  }

  /** The AppView that receives events; null when the host uses an upstream. */
  protected appview(): IngestStation | null {
    if (this.#appview !== "local") return null;
    const { AppView } = this.ctx.exports as { AppView?: IngestStation };
    return AppView ?? null;
  }

  #goOn(): void {
    this.#handout.resume();
    void this.#dispatch.wake();
  }

  async append(did: Did, entries: LogEntry[]): Promise<{ acked: number; seq: number; indexes: boolean }> {
    const now = Date.now();
    void this.#followSettings();
    const { head } = this.#window;
    const { acked, events } = this.#window.append(did, entries, now);
    if (events.length > 0) {
      this.#handout.push(head, events);
      void this.#dispatch.wake();
      this.#clock.wakeAt(now + (this.appview() === null ? PRUNE_AHEAD : ALARM_AHEAD));
    }
    return { acked, seq: this.#window.head, indexes: this.appview() !== null };
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
      ingestError: this.#dispatch.error,
      ingestLost: this.#dispatch.lost,
      rows: { sequencer: this.#sql.rows, index: { ...this.#dispatch.rows } },
      bytes: this.#sql.size,
      handed: { ...this.#handout.handed },
    };
  }

  async seat(subscriber: string | null, seat: string): Promise<string> {
    return this.#seating.seat({ id: seat, subscriber });
  }

  async listen(
    fanOut: string,
    seat: string | null,
    us: number | null,
  ): Promise<WindowEdges & { before: number }> {
    this.#handout.listen(fanOut);
    if (seat !== null) this.#seating.arrived(seat);
    const { edges } = this.#window;
    return { ...edges, before: us === null ? edges.head : this.#window.seqBefore(us) };
  }

  async page(after: number): Promise<EventPage> {
    const page = this.#window.page(after);
    // The answer is written in this turn.
    setTimeout(() => page.events.forEach(({ frame }) => free(frame)), 0);
    return page;
  }

  async streams(): Promise<StreamStatus[]> {
    const now = Date.now();
    if (this.#streams === null || now - this.#streams.at > STREAMS_KEPT) {
      this.#streams = { at: now, found: this.#findStreams() };
    }
    return this.#streams.found;
  }

  async followPlan(kept: KeptSettings, indexFrom: number): Promise<void> {
    const settings = JSON.stringify(kept);
    this.#sql.run(
      `INSERT INTO kept_settings (id, settings) VALUES (1, ?1)
        ON CONFLICT (id) DO UPDATE SET settings = ?1 WHERE settings <> ?1`,
      settings,
    );
    this.#dispatch.holdUntil(indexFrom);
  }

  async keptSettings(): Promise<KeptSettings> {
    const row = this.#sql.first<{ settings: string }>("SELECT settings FROM kept_settings");
    return row === null ? NOTHING_KEPT : (JSON.parse(row.settings) as KeptSettings);
  }

  async #findStreams(): Promise<StreamStatus[]> {
    const readers = (await Promise.all(this.#handout.names.map((name) => this.#readersOf(name)))).flat();
    const of = (kind: StreamKind) => readers.filter((reader) => reader.kind === kind);
    return [this.#streamOf("repos", of("repos")), this.#streamOf("json", of("json"))];
  }

  /** None of an object that does not answer. */
  async #readersOf(fanOut: string): Promise<ReaderStatus[]> {
    try {
      return await this.env.FAN_OUT.getByName(fanOut).readers();
    } catch (thrown) {
      const fields = { fanOut, error: messageOf(thrown) };
      logLine("warn", "sequencer.streams", { message: "a fan-out object does not answer", ...fields });
      return [];
    }
  }

  #streamOf(kind: StreamKind, readers: readonly ReaderStatus[]): StreamStatus {
    const { head } = this.#window;
    const behind = readers.map(({ seq }) => Math.max(0, head - (seq ?? head)));
    return {
      kind,
      readers: readers.length,
      replaying: behind.filter((events) => events > 0).length,
      behind: Math.max(0, ...behind),
      unread: readers.reduce((sum, { unread }) => sum + unread, 0),
      cut: this.#roster.cuts(kind),
    };
  }

  /**
   * Repairs what a crash or an eviction left, and prunes. The alarm is set while there is such work and after
   * appends, so an idle host sleeps (and keeps its last events longer, which costs nothing).
   */
  override async alarm(): Promise<void> {
    this.#clock.rang();
    await this.#followSettings();
    this.#handout.resume();
    await this.#dispatch.wake(true);
    let more = true;
    for (let slice = 0; more && slice < PRUNE_SLICES; slice++) {
      more = this.#window.prune(this.#limits.window, Date.now(), PRUNE_SLICE);
      if (more) await scheduler.wait(1);
    }
    const next = Date.now() + ALARM_AHEAD;
    if (more) this.#clock.wakeAt(next);
    else if (this.#dispatch.behind || this.#dispatch.trails)
      this.#clock.wakeAt(Math.max(next, this.#dispatch.pausedUntil));
  }
}

/** Ends sockets of a version of this object that held them itself. Their readers come back with their cursors. */
function dropSockets(ctx: DurableObjectState): void {
  for (const socket of ctx.getWebSockets()) socket.close(1012, "the host was updated");
}
