/**
 * The account's log, which is its outbox. A row is written in the same transaction as the change it
 * announces, and stays until the sequencer has acknowledged it. Positions run 1, 2, 3 … without gaps. Slots
 * of acknowledged entries are reused, so a commit writes one row and deletes none, and the table grows only
 * to the longest backlog.
 *
 * Entries are sent in order, one flight at a time. Each flight carries everything that waits, so batches grow
 * by themselves under load. After a crash, entries are sent again from the last acknowledgement in storage;
 * the sequencer skips what it already has (by DID and position).
 */
import type { Did } from "@atcute/lexicons";
import type { AccountStatus, EventKind, LogEntry } from "../protocol/events.ts";
import { logLine } from "../protocol/log-line.ts";
import { free } from "../protocol/memory.ts";
import { type Counts, countsIn } from "../protocol/object/limits.ts";
import type { Sql } from "../protocol/object/sql.ts";
import type { SequencerStation } from "../protocol/stations.ts";

/** Most bytes of frames in one flight (RPC takes 32 MB), and in the queue in memory. */
const FLIGHT_BYTES = 8_000_000;
/** How long a write waits for a sequencer that does not answer. */
const PATIENCE_MS = 1000;

export type Draft = Omit<LogEntry, "position">;

type LogRow = {
  slot: number;
  position: number;
  kind: EventKind;
  rev: string | null;
  head: string | null;
  status: AccountStatus | null;
  seq_at: number;
  frame: ArrayBuffer;
};

interface Waiter {
  position: number;
  /** When it began to wait (ms). */
  since: number;
  resolve(indexed: Promise<unknown> | null): void;
}

export class Outbox {
  readonly #sql: Sql;
  readonly #did: Did;
  readonly #sequencer: () => SequencerStation;
  /** Slots in use, oldest entry first. */
  #slots: { slot: number; position: number }[] = [];
  #position = 0;
  #acked = 0;
  /** The newest acknowledgement in storage. */
  #ackedStored = 0;
  /** The newest of the unacknowledged entries. Older ones are read back from the table. */
  #queue: LogEntry[] = [];
  #queueBytes = 0;
  #waiters: Waiter[] = [];
  #watched = false;
  /** Whether the last flight failed, so that an outage is logged once and not at every write. */
  #failing = false;
  #flight: Promise<void> | null = null;
  /** Whether the host has an AppView of its own, for which writes wait. The sequencer tells it. */
  indexes: boolean;
  /** Write points used. Stored with each entry, so they cost no row of their own. */
  points: Counts = [];

  /** @param indexes `indexes` until the sequencer has told it */
  constructor(sql: Sql, did: Did, sequencer: () => SequencerStation, indexes = true) {
    this.indexes = indexes;
    this.#sql = sql;
    this.#did = did;
    this.#sequencer = sequencer;
    const rows = sql.all<{ slot: number; position: number; acked: number; points: string }>(
      "SELECT slot, position, acked, points FROM log ORDER BY position",
    );
    this.#slots = rows.map(({ slot, position }) => ({ slot, position }));
    const newest = rows.at(-1);
    if (newest === undefined) {
      const base = sql.first<{ position_base: number }>("SELECT position_base FROM account");
      this.#position = this.#acked = this.#ackedStored = base?.position_base ?? 0;
      return;
    }
    this.#position = newest.position;
    this.#acked = this.#ackedStored = rows.reduce((most, { acked }) => Math.max(most, acked), 0);
    this.points = countsIn(newest.points);
  }

  /** Position of the newest entry. At first, that of an earlier account of this DID here, or 0. */
  get position(): number {
    return this.#position;
  }

  /** Number of entries that the sequencer has not acknowledged. */
  get unsent(): number {
    return this.#position - this.#acked;
  }

  /**
   * Writes entries inside the caller's transaction. Nothing in memory changes until `committed` is called
   * with the returned entries, so a rollback needs no undoing.
   */
  write(drafts: Draft[]): LogEntry[] {
    let reusable = this.#slots.findIndex((slot) => slot.position > this.#acked);
    if (reusable < 0) reusable = this.#slots.length;
    return drafts.map((draft, i) => {
      const entry: LogEntry = { ...draft, position: this.#position + 1 + i };
      this.#sql.run(
        `INSERT INTO log (slot, position, kind, rev, head, status, seq_at, acked, points, frame)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (slot) DO UPDATE SET position = excluded.position, kind = excluded.kind, rev = excluded.rev,
           head = excluded.head, status = excluded.status, seq_at = excluded.seq_at, acked = excluded.acked,
           points = excluded.points, frame = excluded.frame`,
        this.#slotFor(i, reusable),
        entry.position,
        entry.kind,
        entry.rev,
        entry.head,
        entry.status,
        entry.seqAt,
        this.#acked,
        JSON.stringify(this.points),
        entry.frame,
      );
      return entry;
    });
  }

  /** The `i`th slot to write to: first the acknowledged slots, oldest entry first, then new ones. */
  #slotFor(i: number, reusable: number): number {
    return i < reusable ? (this.#slots[i]?.slot ?? i) : this.#slots.length + i - reusable;
  }

  /** Records entries whose transaction has been committed. */
  committed(entries: LogEntry[]): void {
    let reusable = this.#slots.findIndex((slot) => slot.position > this.#acked);
    if (reusable < 0) reusable = this.#slots.length;
    const taken = entries.map(({ position }, i) => ({ slot: this.#slotFor(i, reusable), position }));
    this.#slots = [...this.#slots.slice(Math.min(entries.length, reusable)), ...taken];
    this.#position += entries.length;
    this.#ackedStored = this.#acked;
    for (const entry of entries) {
      this.#queue.push(entry);
      this.#queueBytes += entry.frame.byteLength;
    }
    if (this.#queueBytes > FLIGHT_BYTES) this.#forgetQueue();
  }

  #forgetQueue(): void {
    this.#queue = [];
    this.#queueBytes = 0;
  }

  /** Starts to send the waiting entries, unless a flight is under way. */
  forward(): void {
    if (this.#flight !== null || this.unsent === 0) return;
    this.#flight = this.#fly().finally(() => {
      this.#flight = null;
    });
  }

  /** Sends the waiting entries, to the end or to the first failure. Returns true when none is left. */
  async drain(): Promise<boolean> {
    this.forward();
    await this.#flight;
    return this.unsent === 0;
  }

  /**
   * Resolves when the entry at `position` has been acknowledged and indexed, or when the wait is given up
   * because the sequencer is down or ingest lags. Never rejects.
   */
  async settled(position: number): Promise<void> {
    if (position <= this.#acked) return;
    const indexed = await new Promise<Promise<unknown> | null>((resolve) => {
      this.#waiters.push({ position, since: Date.now(), resolve });
      this.#watch();
    });
    await indexed;
  }

  /**
   * Releases writes that have waited too long. They share one timer, since a timer for each write would cost
   * more than its SQL.
   */
  #watch(): void {
    if (this.#watched) return;
    this.#watched = true;
    setTimeout(() => {
      this.#watched = false;
      const latest = Date.now() - PATIENCE_MS;
      this.#release((waiter) => waiter.since <= latest, null);
      if (this.#waiters.length > 0) this.#watch();
    }, PATIENCE_MS / 2);
  }

  async #fly(): Promise<void> {
    while (this.unsent > 0) {
      try {
        const { acked, seq, indexes } = await this.#sequencer().append(this.#did, this.#batch());
        this.indexes = indexes ?? this.indexes;
        if (acked <= this.#acked) throw new Error(`the sequencer stays at position ${acked}`);
        this.#acknowledge(Math.min(acked, this.#position));
        this.#failing = false;
        if (!this.indexes) this.#release(() => true, null);
        if (this.#waiters.length > 0) {
          const indexed = this.#sequencer().indexed(seq);
          this.#release(
            ({ position }) => position <= this.#acked,
            indexed.catch(() => false),
          );
        }
      } catch (error) {
        // The alarm tries again: see alarm.ts.
        if (!this.#failing) {
          logLine("error", "account.forward", { did: this.#did, error });
        }
        this.#failing = true;
        this.#release(() => true, null);
        return;
      }
    }
  }

  #acknowledge(acked: number): void {
    this.#acked = acked;
    while (this.#queue[0] !== undefined && this.#queue[0].position <= acked) {
      const { frame } = this.#queue[0];
      this.#queue.shift();
      this.#queueBytes -= frame.byteLength;
      free(frame);
    }
  }

  #release(which: (waiter: Waiter) => boolean, indexed: Promise<unknown> | null): void {
    const released = this.#waiters.filter(which);
    if (released.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !which(waiter));
    for (const waiter of released) waiter.resolve(indexed);
  }

  /** The next entries to send, at least one, at most a flight's worth. */
  #batch(): LogEntry[] {
    const waiting = this.#queue[0]?.position === this.#acked + 1 ? this.#queue : this.#stored();
    let bytes = 0;
    const end = waiting.findIndex((entry) => (bytes += entry.frame.byteLength) > FLIGHT_BYTES);
    return waiting.slice(0, end < 0 ? undefined : Math.max(1, end));
  }

  #stored(): LogEntry[] {
    const wanted = this.#slots.filter(({ position }) => position > this.#acked).slice(0, 8);
    return wanted.flatMap(({ slot }) => {
      const row = this.#sql.first<LogRow>("SELECT * FROM log WHERE slot = ?", slot);
      if (row === null) return [];
      const { position, kind, rev, head, status, seq_at: seqAt } = row;
      return [{ position, kind, rev, head, status, frame: new Uint8Array(row.frame), seqAt }];
    });
  }

  /** Stores the newest acknowledgement if storage lacks it: one row, once a burst. */
  keepAcknowledgement(): void {
    const newest = this.#slots.at(-1);
    if (newest === undefined || this.#ackedStored === this.#acked) return;
    this.#sql.run("UPDATE log SET acked = ? WHERE slot = ?", this.#acked, newest.slot);
    this.#ackedStored = this.#acked;
  }
}
