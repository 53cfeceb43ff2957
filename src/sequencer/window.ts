/**
 * The event window and the repo table: all SQL of the sequencer. Everything is synchronous, so a caller that
 * does not await sees one consistent state.
 */
import type { Did } from "@atcute/lexicons";
import { spliceSeq } from "../protocol/event-frames.ts";
import { free } from "../protocol/memory.ts";
import type { AccountStatus, LogEntry, StreamedEvent } from "../protocol/events.ts";
import { TIME_SLOT } from "../protocol/events.ts";
import type { Sql } from "../protocol/object/sql.ts";
import { must } from "../protocol/refusal.ts";
import type { EventPage, RepoAge, SequencedRepo, WindowEdges } from "../protocol/stations.ts";

/**
 * Bytes of a frame that its own row holds. Rows are capped at 2 MB, and a full #commit with 200 ops is
 * slightly larger.
 */
const ROW_BYTES = 1_900_000;
/** Most events, and about the most bytes, in one page of a replay. */
const PAGE_ROWS = 500;
const PAGE_BYTES = 500_000;

/** Only `append` writes the table, with exactly these types. */
type RepoRow = {
  did: Did;
  position: number;
  rev: string | null;
  head: string | null;
  status: AccountStatus;
};

const REPO_COLUMNS = "did, position, rev, head, status";

/** Limits of the window. */
export interface WindowLimits {
  /** Milliseconds that an event is kept. */
  age: number;
  /** Bytes of the whole database above which the oldest events are removed, whatever their age. */
  bytes: number;
}

/** The result of one append. */
export interface Appended {
  /** Highest position taken from the account. */
  acked: number;
  /** The new events, in order. */
  events: StreamedEvent[];
}

type EventRow = { seq: number; us: number; frame: ArrayBuffer };

const TIME = "coalesce(us, time * 1000)";

export class EventWindow {
  readonly #sql: Sql;
  readonly #firstSeq: () => number;
  #head: number;
  #pruned: number;
  #forgot = 0;
  #floor: number;
  /** The newest event's time on the JSON stream. */
  #us: number;

  /** @param firstSeq called for the seq of the host's first event */
  constructor(sql: Sql, firstSeq: () => number) {
    this.#sql = sql;
    this.#firstSeq = firstSeq;
    this.#head = this.#number("SELECT max(seq) AS n FROM event") ?? 0;
    this.#pruned = this.#number("SELECT pruned AS n FROM horizon") ?? 0;
    this.#floor = Math.max(this.#pruned, (this.oldest ?? 1) - 1);
    this.#us = this.#number(`SELECT ${TIME} AS n FROM event ORDER BY seq DESC LIMIT 1`) ?? 0;
  }

  /** Newest seq assigned; 0 before the first. */
  get head(): number {
    return this.#head;
  }

  get edges(): WindowEdges {
    return { head: this.#head, pruned: this.#pruned, forgot: this.#forgot };
  }

  /** Newest seq that has left the window by age or size; 0 when none has. */
  get pruned(): number {
    return this.#pruned;
  }

  /** A seq after which every event is kept, unless its account was deleted. */
  get floor(): number {
    return this.#floor;
  }

  get oldest(): number | null {
    return this.#number("SELECT min(seq) AS n FROM event");
  }

  /** Whether any event after `seq` is kept. */
  hasAfter(seq: number): boolean {
    return seq < this.#head && this.#number("SELECT seq AS n FROM event WHERE seq > ? LIMIT 1", seq) !== null;
  }

  /**
   * Continues the numbering after `seq`: after a restore, consumers have seen higher numbers than this
   * database has.
   */
  skipTo(seq: number): void {
    if (this.#head === 0) this.#floor = seq;
    this.#head = Math.max(this.#head, seq);
  }

  /**
   * Takes the entries that follow the account's recorded position without a gap, in one transaction. Costs a
   * row for each event and one for the repo. `now` is in ms.
   */
  append(did: Did, entries: readonly LogEntry[], now: number): Appended {
    const before = this.repo(did);
    let position = before?.position ?? 0;
    const taken: LogEntry[] = [];
    for (const entry of entries) {
      if (entry.position <= position) continue;
      if (entry.position !== position + 1) break;
      taken.push(entry);
      position = entry.position;
    }
    if (taken.length === 0) return { acked: position, events: [] };

    const first = this.#head === 0 ? this.#firstSeq() : this.#head + 1;
    const us = Math.max(now * 1000, this.#us + TIME_SLOT);
    const events = taken.map((entry, index) => {
      const seq = first + index;
      return { seq, us: us + index * TIME_SLOT, frame: spliceSeq(entry.frame, entry.seqAt, seq) };
    });
    for (const { frame } of taken) free(frame);
    this.#sql.transaction(() => {
      for (const event of events) this.#insert(event, did, now);
      this.#recordRepo(did, position, taken, before, now);
      const deleted = taken.findLastIndex((entry) => entry.status === "deleted");
      if (deleted !== -1) this.#forget(did, first + deleted);
    });
    const deletion = taken.findLastIndex((entry) => entry.status === "deleted");
    if (deletion !== -1) this.#forgot = first + deletion;
    if (this.#head === 0) this.#floor = first - 1;
    this.#head = first + events.length - 1;
    this.#us = us + (events.length - 1) * TIME_SLOT;
    return { acked: position, events };
  }

  #insert(event: StreamedEvent, did: Did, now: number): void {
    const { seq, us, frame } = event;
    const whole = frame.length < ROW_BYTES;
    this.#sql.run(
      "INSERT INTO event (seq, did, time, us, frame) VALUES (?, ?, ?, ?, ?)",
      seq,
      did,
      now,
      us,
      whole ? frame : frame.slice(0, ROW_BYTES),
    );
    if (!whole) {
      this.#sql.run("INSERT INTO event_tail (seq, frame) VALUES (?, ?)", seq, frame.slice(ROW_BYTES));
    }
  }

  #recordRepo(
    did: Did,
    position: number,
    taken: LogEntry[],
    before: SequencedRepo | null,
    now: number,
  ): void {
    this.#sql.run(
      `INSERT INTO repo (${REPO_COLUMNS}, since) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (did) DO UPDATE SET
        position = excluded.position, rev = excluded.rev, head = excluded.head, status = excluded.status`,
      did,
      position,
      taken.findLast((entry) => entry.rev !== null)?.rev ?? before?.rev ?? null,
      taken.findLast((entry) => entry.head !== null)?.head ?? before?.head ?? null,
      taken.findLast((entry) => entry.status !== null)?.status ?? before?.status ?? "active",
      now,
    );
  }

  /** Removes a deleted account's events before `seq` from the window. Scans the window. */
  #forget(did: Did, seq: number): void {
    this.#sql.run(
      "DELETE FROM event_tail WHERE seq IN (SELECT seq FROM event WHERE did = ? AND seq < ?)",
      did,
      seq,
    );
    this.#sql.run("DELETE FROM event WHERE did = ? AND seq < ?", did, seq);
  }

  /**
   * The events after `after`, oldest first, read lazily. The caller must not await while it iterates, and may
   * stop at any time.
   */
  *after(after: number, most: number): Generator<StreamedEvent> {
    if (after >= this.#head) return;
    const rows = this.#sql.each<EventRow>(
      `SELECT seq, ${TIME} AS us, frame FROM event WHERE seq > ? ORDER BY seq LIMIT ?`,
      after,
      most,
    );
    for (const { seq, us, frame } of rows) yield { seq, us, frame: this.#whole(seq, new Uint8Array(frame)) };
  }

  /** The events after `after`, as many as one answer should carry. All frames are parts of one buffer. */
  page(after: number): EventPage {
    const events: StreamedEvent[] = [];
    let bytes = 0;
    for (const event of this.after(after, PAGE_ROWS)) {
      events.push(event);
      bytes += event.frame.length;
      if (bytes >= PAGE_BYTES) break;
    }
    const isWhole = events.length < PAGE_ROWS && bytes < PAGE_BYTES;
    const last = isWhole ? this.#head : (events.at(-1)?.seq ?? this.#head);
    return { events: packed(events, bytes), last, ...this.edges };
  }

  /**
   * The last seq whose event is over at a time (microseconds) of the JSON stream: that event's slot, and so
   * all its ops, lie at or before it.
   */
  seqBefore(us: number): number {
    let [low, high] = [this.#floor, this.#head];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const row = this.#sql.first<{ seq: number; us: number }>(
        `SELECT seq, ${TIME} AS us FROM event WHERE seq >= ? ORDER BY seq LIMIT 1`,
        middle,
      );
      if (row === null || row.us + TIME_SLOT - 1 > us) high = middle - 1;
      else low = row.seq;
    }
    return low;
  }

  #whole(seq: number, part: Uint8Array): Uint8Array {
    if (part.length < ROW_BYTES) return part;
    const row = this.#sql.first<{ frame: ArrayBuffer }>("SELECT frame FROM event_tail WHERE seq = ?", seq);
    const tail = new Uint8Array(must(row, "tail of an event").frame);
    const frame = new Uint8Array(part.length + tail.length);
    frame.set(part);
    frame.set(tail, part.length);
    return frame;
  }

  /**
   * Removes up to `slice` of the oldest events, if they are too old or the database is too large. Keeps the
   * newest, from which the numbering continues.
   * @returns whether there may be more to remove
   */
  prune(limits: WindowLimits, now: number, slice: number): boolean {
    const full = this.#sql.size > limits.bytes;
    const last = this.#number(
      `SELECT max(seq) AS n FROM (SELECT seq, time FROM event WHERE seq < ? ORDER BY seq LIMIT ?) WHERE time < ?`,
      this.#head,
      slice,
      full ? Number.MAX_SAFE_INTEGER : now - limits.age,
    );
    if (last === null) return false;
    return this.#sql.transaction(() => {
      const rowsWritten = this.#sql.run("DELETE FROM event WHERE seq <= ?", last);
      this.#sql.run("DELETE FROM event_tail WHERE seq <= ?", last);
      this.#sql.run(
        "INSERT INTO horizon (only, pruned) VALUES (0, ?) ON CONFLICT (only) DO UPDATE SET pruned = excluded.pruned",
        last,
      );
      this.#pruned = last;
      this.#floor = last;
      return rowsWritten >= slice;
    });
  }

  repo(did: Did): SequencedRepo | null {
    return this.#sql.first<RepoRow>(`SELECT ${REPO_COLUMNS} FROM repo WHERE did = ?`, did);
  }

  /** Repos by DID, after `cursor` (a DID). */
  listRepos(cursor: string | undefined, limit: number): SequencedRepo[] {
    const most = Math.max(0, Math.trunc(limit));
    const query = `SELECT ${REPO_COLUMNS} FROM repo WHERE did > ? ORDER BY did LIMIT ?`;
    return this.#sql.all<RepoRow>(query, cursor ?? "", most);
  }

  /** Repos after a place, the oldest first. */
  reposByAge(after: RepoAge | null, limit: number): (SequencedRepo & RepoAge)[] {
    const { since, did } = after ?? { since: -1, did: "" };
    const query = `SELECT ${REPO_COLUMNS}, since FROM repo WHERE (since, did) > (?, ?) ORDER BY since, did LIMIT ?`;
    const most = Math.max(0, Math.trunc(limit));
    return this.#sql.all<RepoRow & { since: number }>(query, since, did, most);
  }

  #number(query: string, ...bindings: number[]): number | null {
    return this.#sql.first<{ n: number | null }>(query, ...bindings)?.n ?? null;
  }
}

/** The events with their frames in one buffer, which goes over in one piece and can be freed at once. */
function packed(events: readonly StreamedEvent[], bytes: number): StreamedEvent[] {
  const all = new Uint8Array(bytes);
  let at = 0;
  return events.map(({ seq, us, frame }) => {
    const part = all.subarray(at, (at += frame.length));
    part.set(frame);
    free(frame);
    return { seq, us, frame: part };
  });
}
