/** The object's one alarm, shared by all that wants to be woken: set only when it would otherwise come later. */
import type { Sql } from "./sql.ts";

export class AlarmClock {
  readonly #sql: Sql;
  #at: number | null = null;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Must have ended before the first `wakeAt`. */
  async load(): Promise<void> {
    this.#at = await this.#sql.storage.getAlarm();
  }

  /** Part of the turn's transaction, like any write; costs a row only if it changes anything. */
  wakeAt(time: number): void {
    if (this.#at !== null && this.#at <= time) return;
    this.#at = time;
    this.#sql.countWritten(1);
    void this.#sql.storage.setAlarm(time);
  }

  /** The alarm has gone off. */
  rang(): void {
    this.#at = null;
  }
}
