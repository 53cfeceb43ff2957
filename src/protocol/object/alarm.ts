/** An object's one alarm, shared by everything that needs to be woken. It rings at the earliest time asked for. */
import type { Sql } from "./sql.ts";

export class AlarmClock {
  readonly #sql: Sql;
  /** Milliseconds since the epoch. */
  #at: number | null = null;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Reads the alarm that an earlier instance set. Must have ended before the first `wakeAt`. */
  async load(): Promise<void> {
    this.#at = await this.#sql.storage.getAlarm();
  }

  /** Part of the turn's transaction, like any write. Writes one row if the alarm must move, else none. */
  wakeAt(time: number): void {
    if (this.#at !== null && this.#at <= time) return;
    this.#at = time;
    this.#sql.countWritten(1);
    void this.#sql.storage.setAlarm(time);
  }

  /** The alarm has rung, or was deleted. */
  rang(): void {
    this.#at = null;
  }
}
