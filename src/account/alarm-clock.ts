/** The object's one alarm, shared by everything that needs to be woken. It only ever moves earlier. */
import type { Sql } from "./sql.ts";

export class AlarmClock {
  readonly #sql: Sql;
  #at: number | null = null;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Must complete before the first `wakeAt`. */
  async load(): Promise<void> {
    this.#at = await this.#sql.storage.getAlarm();
  }

  /** Part of the turn's transaction, like any write. Costs a row only if it changes the alarm. */
  wakeAt(time: number): void {
    if (this.#at !== null && this.#at <= time) return;
    this.#at = time;
    this.#sql.countWritten(1);
    void this.#sql.storage.setAlarm(time);
  }

  /** Notes that the alarm has fired. */
  rang(): void {
    this.#at = null;
  }
}
