/**
 * An account whose storage cannot be read: a broken row, or a schema that is not what its version says. It
 * serves nothing. What the directory says of it meanwhile is noted, for when a later Worker can read it, and it
 * can be destroyed.
 */
import type { Did } from "@atcute/lexicons";
import type { Order, Standing } from "../protocol/account-station.ts";
import { logLine } from "../protocol/log-line.ts";
import type { AlarmClock } from "../protocol/object/alarm.ts";
import { migrate, schemaVersion } from "../protocol/object/schema.ts";
import type { Sql } from "../protocol/object/sql.ts";
import { Refusal, isRefusal, must } from "../protocol/refusal.ts";
import { type Bindings, SEQUENCER_NAME } from "../protocol/stations.ts";
import { Account } from "./account.ts";
import { accountEntry } from "./announce.ts";
import { deleteObjects } from "./blobs.ts";
import { isKept } from "./files/kept.ts";
import { MIGRATIONS } from "./migrations.ts";

/** Beside the tables, since those may be what is broken. */
const NOTED = "standing";

interface Noted {
  standing: Standing;
  order: Order;
}

export class Unreadable {
  readonly #sql: Sql;
  readonly #env: Bindings;
  readonly #did: Did | null;
  #ending: Promise<boolean> | null = null;

  /** @param did null when the platform does not say whose object it is */
  constructor(sql: Sql, env: Bindings, did: Did | null, cause: unknown) {
    this.#sql = sql;
    this.#env = env;
    this.#did = did ?? didIn(sql);
    logLine("error", "account.unreadable", { did, error: cause });
  }

  refusal(): Refusal {
    return new Refusal("InternalServerError", "What this host has stored of the account cannot be read", 500);
  }

  note(standing: Standing, order: Order): void {
    this.#sql.storage.kv.put<Noted>(NOTED, { standing, order });
  }

  /**
   * Announces the end, then deletes the blobs and everything stored here. Rejects if a station does not answer:
   * the caller tries again. False if the order is not meant for this account, as far as that can be read.
   */
  destroy(upTo: number): Promise<boolean> {
    if (this.#isLater(upTo)) return Promise.resolve(false);
    this.#ending ??= this.#end().finally(() => (this.#ending = null));
    return this.#ending;
  }

  #isLater(upTo: number): boolean {
    try {
      const row = this.#sql.first<{ at: number }>("SELECT created_at AS at FROM account");
      return row !== null && row.at > upTo;
    } catch {
      return false;
    }
  }

  async #end(): Promise<boolean> {
    const did = must(this.#did, "DID of an object that is called");
    const sequencer = this.#env.SEQUENCER.getByName(SEQUENCER_NAME);
    const known = await sequencer.repo(did);
    if (known !== null && known.status !== "deleted") {
      // Announcements that the account still owed are lost with it.
      const ended = accountEntry({ did, time: new Date().toISOString() }, "deleted");
      await sequencer.append(did, [{ ...ended, position: known.position + 1 }]);
    }
    // Files in the object itself end with its storage.
    const { BLOBS } = this.#env;
    if (BLOBS !== undefined && !(await isKept(BLOBS, did))) await deleteObjects(BLOBS, did, () => true);
    await this.#sql.storage.deleteAll();
    return true;
  }
}

/** The DID in storage, if that much can be read. */
function didIn(sql: Sql): Did | null {
  try {
    return (sql.first<{ did: string }>("SELECT did FROM account")?.did ?? null) as Did | null;
  } catch {
    return null;
  }
}

/**
 * Opens what is stored; null if nothing is. Refuses UpgradeInProgress for what a newer Worker has written, which
 * will serve it.
 */
export function openStored(
  sql: Sql,
  env: Bindings,
  clock: AlarmClock,
  did: Did | null,
): Account | Unreadable | null {
  try {
    if (schemaVersion(sql.storage) === 0) return null;
    migrate(sql.storage, MIGRATIONS);
    return new Account(sql, env, clock);
  } catch (thrown) {
    if (isRefusal(thrown)) throw thrown;
    return new Unreadable(sql, env, did, thrown);
  }
}

/** Follows what was noted while the account could not be read. What cannot be followed yet stays noted. */
export function followNoted(account: Account): void {
  const { kv } = account.sql.storage;
  const noted = kv.get<Noted>(NOTED);
  if (noted === undefined) return;
  const { standing, order } = noted;
  try {
    if (account.state.createdAt <= order.at) account.settle(standing, order.isNew);
    kv.delete(NOTED);
  } catch (error) {
    logLine("error", "account.noted", { did: account.did, error });
  }
}
