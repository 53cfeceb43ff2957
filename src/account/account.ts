/**
 * An existing account as its Durable Object holds it in memory, shared by the files of this folder. State and
 * head are those of the last committed transaction.
 */
import type { Did, Handle } from "@atcute/lexicons";
import type { Activation, Saga } from "../protocol/account-station.ts";
import type { LogEntry } from "../protocol/events.ts";
import type { AlarmClock } from "../protocol/object/alarm.ts";
import type { Counts } from "../protocol/object/limits.ts";
import { consume, rateLimited } from "../protocol/object/limits.ts";
import type { Sql } from "../protocol/object/sql.ts";
import type { Bindings } from "../protocol/stations.ts";
import { SEQUENCER_NAME } from "../protocol/stations.ts";
import { accountEntry, commitCar, commitEntry, identityEntry, syncEntry } from "./announce.ts";
import { GRACE_MS } from "./blobs.ts";
import { Exports } from "./exports.ts";
import { UPLOAD_LIMITS } from "./limits.ts";
import type { Draft } from "./log.ts";
import { Outbox } from "./log.ts";
import { Sessions } from "./sessions.ts";
import type { AccountState, StateChange, Takedown } from "./state.ts";
import { readState, statusOf, writeState } from "./state.ts";
import type { Head } from "./tree.ts";
import { TreeCache, emptyTreeBlocks, readHead } from "./tree.ts";

/** How long after a burst's first write the alarm looks for entries not sent, or not noted as sent. */
const RETRY_MS = 10_000;
/** How long a saga may take before the alarm resumes it. */
const SAGA_MS = 30_000;

export class Account {
  readonly sql: Sql;
  readonly env: Bindings;
  readonly outbox: Outbox;
  readonly sessions: Sessions;
  readonly exports = new Exports();
  readonly tree: TreeCache;
  readonly clock: AlarmClock;
  /** Whether this instance is running an import. */
  importing = false;
  #state: AccountState;
  /** Null until it is read, and while it cannot be read. */
  #head: Head | null = null;
  #uploads: Counts = [];

  constructor(sql: Sql, env: Bindings, clock: AlarmClock) {
    this.sql = sql;
    this.env = env;
    this.clock = clock;
    this.#state = readState(sql);
    this.tree = new TreeCache(sql);
    this.outbox = new Outbox(sql, this.did, () => env.SEQUENCER.getByName(SEQUENCER_NAME));
    this.sessions = new Sessions(sql, this.did);
  }

  get state(): AccountState {
    return this.#state;
  }
  get did(): Did {
    return this.#state.did;
  }
  get key(): Uint8Array {
    return this.#state.key;
  }
  /** Throws if it cannot be read. What does not need the repo, such as a takedown, works all the same. */
  get head(): Head {
    return (this.#head ??= readHead(this.sql));
  }
  /** Whether rate limits are enforced. */
  get limited(): boolean {
    return this.env.RATE_LIMITS !== "off";
  }

  /** Records a committed transaction that wrote log entries, and sends the entries. */
  committed(entries: LogEntry[], head?: Head): void {
    if (head !== undefined) this.#head = head;
    this.outbox.committed(entries);
    if (entries.length === 0) return;
    this.clock.wakeAt(Date.now() + RETRY_MS);
    this.outbox.forward();
  }

  /**
   * Changes the account's row and announces the change, in one transaction. Announces nothing until the
   * account itself has been announced.
   */
  change(change: StateChange, announce: (after: AccountState) => Draft[] = () => []): void {
    const entries = this.sql.transaction(() => {
      writeState(this.sql, change);
      const after = readState(this.sql);
      return this.outbox.write(after.announced ? announce(after) : []);
    });
    this.#state = readState(this.sql);
    this.committed(entries);
  }

  #at() {
    return { did: this.did, time: new Date().toISOString() };
  }

  /** Activates the account and announces it in the order that consumers expect. Does nothing if active. */
  activate(mode: Activation, handle: Handle | undefined): void {
    if (!this.#state.deactivated) return;
    const isNew = mode === "new" && !this.#state.announced;
    this.change({ deactivated: 0, announced: 1 }, (after) => {
      const at = this.#at();
      const identity = identityEntry(at, handle);
      const account = accountEntry(at, statusOf(after));
      const sync = syncEntry(at, this.head);
      return isNew ? [identity, account, this.#firstCommit(), sync] : [account, identity, sync];
    });
  }

  /** The commit of a repo that has no records yet. */
  #firstCommit(): Draft {
    const change = { head: this.head, before: null, ops: [], blocks: emptyTreeBlocks() };
    return commitEntry(this.#at(), change, commitCar(change));
  }

  deactivate(): void {
    if (this.#state.deactivated) return;
    this.change({ deactivated: 1 }, (after) => [accountEntry(this.#at(), statusOf(after))]);
  }

  takedown(takedown: Takedown | null, ref: string | undefined): void {
    const takedownRef = takedown === null ? null : (ref ?? new Date().toISOString());
    const before = statusOf(this.#state);
    this.change({ takedown, takedown_ref: takedownRef }, (after) =>
      statusOf(after) === before ? [] : [accountEntry(this.#at(), statusOf(after))],
    );
    if (takedown !== null) this.sessions.revokeAllRefreshTokens();
  }

  announceIdentity(handle?: Handle): void {
    this.change({}, () => [identityEntry(this.#at(), handle)]);
  }

  setSaga(saga: Saga | null): void {
    this.change({ saga: saga === null ? null : JSON.stringify(saga) });
    this.expectSaga();
  }

  /** Lets the alarm resume a saga that is not finished in time. */
  expectSaga(): void {
    if (this.#state.saga !== null) this.clock.wakeAt(Date.now() + SAGA_MS);
  }

  /** Lets the alarm finish an import that is interrupted. */
  expectImport(): void {
    this.clock.wakeAt(Date.now() + SAGA_MS);
  }

  /** Counts an upload against the account's limit, in memory only. Refuses RateLimitExceeded. */
  spendUpload(): void {
    if (!this.limited) return;
    const { counts, excess } = consume(UPLOAD_LIMITS, this.#uploads, 1, Date.now());
    this.#uploads = counts;
    if (excess !== null) throw rateLimited(excess);
  }

  /** Schedules a sweep, since there may be an upload that no record refers to. */
  expectSweep(): void {
    if (this.#state.sweepAt !== null) return;
    const sweepAt = Date.now() + GRACE_MS;
    this.change({ sweep_at: sweepAt });
    this.clock.wakeAt(sweepAt);
  }

  /** First half of a deletion: hides the account at once. The alarm completes the deletion. */
  destroy(): void {
    if (this.#state.destroying) return;
    this.change({ destroying: 1 }, () => [accountEntry(this.#at(), "deleted")]);
    this.clock.wakeAt(Date.now() + RETRY_MS);
  }
}
