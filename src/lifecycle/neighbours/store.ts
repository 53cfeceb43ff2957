/** The object's knowledge of other hosts and their accounts: in its memory, and in its tables. */
import type { Did } from "@atcute/lexicons";
import type { Held } from "../../protocol/neighbour/checks.ts";
import type { Relation } from "../../protocol/neighbour/glance.ts";
import type { Sql } from "../../protocol/object/sql.ts";

/** A host that is heard. Times in ms. */
export interface HeardHost {
  name: string;
  origin: string;
  /** The seq of the last event that was taken; null: none yet. */
  cursor: number | null;
  due: number;
  /** Rounds in a row in which it could not be heard. */
  failures: number;
  heard: number | null;
}

/** An account of another host. Times in ms. */
export interface Neighbour {
  did: Did;
  host: string;
  /** did:key */
  key: string;
  relation: Relation;
  /** Null: its repo is yet to be fetched, or is not followed commit by commit. */
  held: Held | null;
  /** When its repo is fetched next; null: it is in step, or not followed. */
  due: number | null;
  failures: number;
  checked: number;
}

type AccountRow = Omit<Neighbour, "held"> & { rev: string | null; data: string | null };

/** Hosts that asked and are not heard: at once, and new ones a day. */
const ASKING_MOST = 500;
const ASKING_A_DAY = 50;
/** How long (days) it is remembered that a host asked. */
const ASKING_KEPT = 30;
const DAY_MS = 24 * 60 * 60_000;

export class NeighbourStore {
  readonly #sql: Sql;
  readonly #accounts = new Map<string, Neighbour>();
  readonly #hosts = new Map<string, HeardHost>();

  constructor(sql: Sql) {
    this.#sql = sql;
    for (const host of sql.all<{ [Key in keyof HeardHost]: HeardHost[Key] }>("SELECT * FROM host"))
      this.#hosts.set(host.name, host);
    for (const { rev, data, ...account } of sql.all<{ [Key in keyof AccountRow]: AccountRow[Key] }>(
      "SELECT * FROM account",
    )) {
      const held = rev === null || data === null ? null : { rev, data };
      this.#accounts.set(account.did, { ...account, held });
    }
  }

  get hosts(): HeardHost[] {
    return [...this.#hosts.values()];
  }

  get accounts(): Neighbour[] {
    return [...this.#accounts.values()];
  }

  get size(): number {
    return this.#accounts.size;
  }

  host(name: string): HeardHost | null {
    return this.#hosts.get(name) ?? null;
  }

  account(did: string): Neighbour | null {
    return this.#accounts.get(did) ?? null;
  }

  /**
   * Writes a host and what was learned of accounts with it: all or nothing. That a host had nothing to say is only
   * remembered: whoever forgets it asks a little sooner.
   */
  keep(host: HeardHost | null, accounts: Iterable<Neighbour>): void {
    const list = [...accounts];
    const before = host === null ? null : this.host(host.name);
    const isQuiet = before !== null && before.cursor === host?.cursor && before.failures === host.failures;
    this.#sql.transaction(() => {
      if (host !== null && !(isQuiet && list.length === 0)) this.#writeHost(host);
      for (const account of list) this.#writeAccount(account);
    });
    if (host !== null) this.#hosts.set(host.name, host);
    for (const account of list) this.#accounts.set(account.did, account);
  }

  #writeHost({ name, origin, cursor, due, failures, heard }: HeardHost): void {
    this.#sql.run(
      "INSERT OR REPLACE INTO host (name, origin, cursor, due, failures, heard) VALUES (?, ?, ?, ?, ?, ?)",
      name,
      origin,
      cursor,
      due,
      failures,
      heard,
    );
  }

  #writeAccount({ did, host, key, relation, held, due, failures, checked }: Neighbour): void {
    this.#sql.run(
      `INSERT OR REPLACE INTO account (did, host, key, relation, rev, data, due, failures, checked)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      did,
      host,
      key,
      relation,
      held?.rev ?? null,
      held?.data ?? null,
      due,
      failures,
      checked,
    );
  }

  /** Forgets accounts, and hosts that have none left. */
  forget(dids: readonly string[]): void {
    for (const did of dids) {
      this.#sql.run("DELETE FROM account WHERE did = ?", did);
      this.#accounts.delete(did);
    }
    const named = new Set(this.accounts.map(({ host }) => host));
    for (const { name } of this.hosts) {
      if (named.has(name)) continue;
      this.#sql.run("DELETE FROM host WHERE name = ?", name);
      this.#hosts.delete(name);
    }
  }

  /** Notes that a host asked to be heard, if there is room. */
  noteAsking(name: string, now: number): void {
    this.#sql.run("DELETE FROM asking WHERE since < ?", now - ASKING_KEPT * DAY_MS);
    const [count] = this.#sql.all<{ total: number; today: number }>(
      "SELECT count(*) AS total, coalesce(sum(since > ?), 0) AS today FROM asking",
      now - DAY_MS,
    );
    if (count === undefined || count.total >= ASKING_MOST || count.today >= ASKING_A_DAY) return;
    this.#sql.run("INSERT OR IGNORE INTO asking (name, since) VALUES (?, ?)", name, now);
  }
}
