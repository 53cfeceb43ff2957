/**
 * An existing account as its Durable Object holds it in memory, shared by the files of this folder. State and
 * head are those of the last committed transaction.
 */
import type { Did } from "@atcute/lexicons";
import type { Standing } from "../protocol/account-station.ts";
import type { LogEntry } from "../protocol/events.ts";
import type { AlarmClock } from "../protocol/object/alarm.ts";
import type { Counts } from "../protocol/object/limits.ts";
import { consume, rateLimited } from "../protocol/object/limits.ts";
import type { Sql } from "../protocol/object/sql.ts";
import type { Bindings } from "../protocol/stations.ts";
import { SEQUENCER_NAME } from "../protocol/stations.ts";
import { accountEntry, commitCar, commitEntry, identityEntry, syncEntry } from "./announce.ts";
import { GRACE_MS } from "./blobs.ts";
import { OwnStore } from "./files/own-store.ts";
import { Exports } from "./exports.ts";
import { UPLOAD_LIMITS } from "./limits.ts";
import type { Draft } from "./log.ts";
import { Outbox } from "./log.ts";
import { Sessions } from "./sessions.ts";
import type { AccountState, StateChange } from "./state.ts";
import { readState, statusOf, writeState } from "./state.ts";
import type { Head } from "./tree.ts";
import { TreeCache, emptyTreeBlocks, readHead } from "./tree.ts";

/** How long after a burst's first write the alarm looks for entries not sent, or not noted as sent. */
const RETRY_MS = 10_000;
/** How long an import may take before the alarm looks whether it died. */
const IMPORT_MS = 30_000;

export class Account {
  readonly sql: Sql;
  readonly env: Bindings;
  readonly outbox: Outbox;
  readonly sessions: Sessions;
  readonly exports = new Exports();
  readonly files: OwnStore;
  readonly tree: TreeCache;
  readonly clock: AlarmClock;
  /** Whether this instance is running an import. */
  importing = false;
  #state: AccountState;
  /** Null until it is read, and while it cannot be read. */
  #head: Head | null = null;
  #uploads: Counts = [];
  #lastUploadAt = 0;

  constructor(sql: Sql, env: Bindings, clock: AlarmClock) {
    this.sql = sql;
    this.env = env;
    this.clock = clock;
    this.#state = readState(sql);
    this.tree = new TreeCache(sql);
    this.files = new OwnStore(sql, env);
    const sequencer = () => env.SEQUENCER.getByName(SEQUENCER_NAME);
    this.outbox = new Outbox(sql, this.did, sequencer, env.APPVIEW === "local");
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
  /** When this instance last expected an upload (ms), which may be under way still; 0: never. */
  get lastUploadAt(): number {
    return this.#lastUploadAt;
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

  /**
   * Takes over what the directory says, and announces what is new, in the order that consumers expect. A
   * takedown revokes all refresh tokens. Does nothing if all is so already.
   */
  settle({ active, takedown, takedownRef, handle }: Standing, isNew: boolean): void {
    const before = this.#state;
    const change: StateChange = {
      ...(before.deactivated === !active ? {} : { deactivated: active ? 0 : 1 }),
      ...(active && !before.announced ? { announced: 1 } : {}),
      ...(before.takedown === takedown && before.takedownRef === takedownRef
        ? {}
        : { takedown, takedown_ref: takedownRef }),
      ...(before.handle === handle ? {} : { handle }),
    };
    this.change(change, (after) => {
      const account = accountEntry(this.#at(), statusOf(after));
      const identity = identityEntry(this.#at(), handle);
      const isBack = before.deactivated && !after.deactivated;
      if (isBack && isNew && !before.announced) return [identity, account, this.#firstCommit(), this.#sync()];
      if (isBack) return [account, identity, this.#sync()];
      return [
        ...(statusOf(before) === statusOf(after) ? [] : [account]),
        ...(before.handle === handle ? [] : [identity]),
      ];
    });
    if (takedown !== null && before.takedown === null) this.sessions.revokeAllRefreshTokens();
  }

  #sync(): Draft {
    return syncEntry(this.#at(), this.head);
  }

  /** The commit of a repo that has no records yet. */
  #firstCommit(): Draft {
    const change = { head: this.head, before: null, ops: [], blocks: emptyTreeBlocks() };
    return commitEntry(this.#at(), change, commitCar(change));
  }

  announceIdentity(): void {
    this.change({}, () => [identityEntry(this.#at())]);
  }

  /** Lets the alarm finish an import that is interrupted. */
  expectImport(): void {
    this.clock.wakeAt(Date.now() + IMPORT_MS);
  }

  /** Counts an upload against the account's limit, in memory only. Refuses RateLimitExceeded. */
  spendUpload(): void {
    if (!this.limited) return;
    const { counts, excess } = consume(UPLOAD_LIMITS, this.#uploads, 1, Date.now());
    this.#uploads = counts;
    if (excess !== null) throw rateLimited(excess);
  }

  /** Counts attempts by their source, where there are limits. */
  checkPassword(password: string, source: string | null): ReturnType<Sessions["checkPassword"]> {
    return this.sessions.checkPassword(password, this.limited ? source : null, Date.now());
  }

  /** Schedules a sweep, since there may be an upload that no record refers to. */
  expectSweep(): void {
    this.#lastUploadAt = Date.now();
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
