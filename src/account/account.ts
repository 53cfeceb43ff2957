/**
 * An account that exists, as its object holds it in memory: what the files of this folder share. The state and the head
 * here are those of the last committed transaction.
 */
import type { Did, Handle } from "@atcute/lexicons";
import type { Activation, Saga } from "../protocol/account-station.ts";
import type { LogEntry } from "../protocol/events.ts";
import type { Bindings } from "../protocol/stations.ts";
import { SEQUENCER_NAME } from "../protocol/stations.ts";
import type { AlarmClock } from "./alarm-clock.ts";
import { accountEntry, commitCar, commitEntry, identityEntry, syncEntry } from "./announce.ts";
import { GRACE_MS } from "./blobs.ts";
import { Exports } from "./exports.ts";
import type { Counts } from "./limits.ts";
import { UPLOAD_LIMITS, consume, rateLimited } from "./limits.ts";
import type { Draft } from "./log.ts";
import { Outbox } from "./log.ts";
import { Sessions } from "./sessions.ts";
import type { Sql } from "./sql.ts";
import type { AccountState, StateChange, Takedown } from "./state.ts";
import { readState, statusOf, writeState } from "./state.ts";
import type { Head } from "./tree.ts";
import { TreeCache, emptyTreeBlocks, readHead } from "./tree.ts";

/** How long after a burst's first write the alarm looks for what was not sent, or not noted as sent. */
const RETRY_MS = 10_000;
/** How long a saga may take before the alarm takes it up. */
const SAGA_MS = 30_000;

export class Account {
  readonly sql: Sql;
  readonly env: Bindings;
  readonly outbox: Outbox;
  readonly sessions: Sessions;
  readonly exports = new Exports();
  readonly tree: TreeCache;
  readonly clock: AlarmClock;
  /** Whether an import is under way in this object's memory. */
  importing = false;
  #state: AccountState;
  #head: Head;
  #uploads: Counts = [];

  constructor(sql: Sql, env: Bindings, clock: AlarmClock) {
    this.sql = sql;
    this.env = env;
    this.clock = clock;
    this.#state = readState(sql);
    this.#head = readHead(sql);
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
  get head(): Head {
    return this.#head;
  }
  /** Whether limits are enforced at all. */
  get limited(): boolean {
    return this.env.RATE_LIMITS !== "off";
  }

  /** Takes note of a committed transaction that wrote log entries, and sends them. */
  committed(entries: LogEntry[], head: Head = this.#head): void {
    this.#head = head;
    this.outbox.committed(entries);
    if (entries.length === 0) return;
    this.clock.wakeAt(Date.now() + RETRY_MS);
    this.outbox.forward();
  }

  /** Changes the account's row and announces it, in one transaction. Nothing is announced of an account never announced. */
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

  /** Makes the account active, and says so in the order that consumers expect; does nothing to an active one. */
  activate(mode: Activation, handle: Handle | undefined): void {
    if (!this.#state.deactivated) return;
    const isNew = mode === "new" && !this.#state.announced;
    this.change({ deactivated: 0, announced: 1 }, (after) => {
      const at = this.#at();
      const identity = identityEntry(at, handle);
      const account = accountEntry(at, statusOf(after));
      const sync = syncEntry(at, this.#head);
      return isNew ? [identity, account, this.#firstCommit(), sync] : [account, identity, sync];
    });
  }

  /** The commit of a repo that has no records yet. */
  #firstCommit(): Draft {
    const change = { head: this.#head, before: null, ops: [], blocks: emptyTreeBlocks() };
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

  /** A saga that nobody carries on within its time is taken up by the alarm. */
  expectSaga(): void {
    if (this.#state.saga !== null) this.clock.wakeAt(Date.now() + SAGA_MS);
  }

  /** An import that nobody carries on is finished by the alarm. */
  expectImport(): void {
    this.clock.wakeAt(Date.now() + SAGA_MS);
  }

  /** Counts an upload against the account's limit, in this object's memory. Refuses RateLimitExceeded. */
  spendUpload(): void {
    if (!this.limited) return;
    const { counts, excess } = consume(UPLOAD_LIMITS, this.#uploads, 1, Date.now());
    this.#uploads = counts;
    if (excess !== null) throw rateLimited(excess);
  }

  /** There may be an upload that nothing refers to: it will be looked for. */
  expectSweep(): void {
    if (this.#state.sweepAt !== null) return;
    const sweepAt = Date.now() + GRACE_MS;
    this.change({ sweep_at: sweepAt });
    this.clock.wakeAt(sweepAt);
  }

  /** First half of a deletion: from here on nobody finds the account, and the alarm carries it to its end. */
  destroy(): void {
    if (this.#state.destroying) return;
    this.change({ destroying: 1 }, () => [accountEntry(this.#at(), "deleted")]);
    this.clock.wakeAt(Date.now() + RETRY_MS);
  }
}
