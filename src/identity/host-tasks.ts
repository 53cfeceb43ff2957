/**
 * The Worker's recurring tasks. The platform wakes it every few minutes; the directory knows which task is
 * due, so that each begins once in its interval, whichever instance wakes.
 */
export type TaskName =
  | "sweep hourly"
  | "sweep daily"
  | "sweep elsewhere"
  | "tell moderators"
  | "check handles"
  | "count numbers"
  | "look at relays"
  | "measure sizes"
  | "back up"
  | "examine"
  | "sweep archives"
  | "follow use"
  | "move files";

export class HostTasks {
  readonly #database: D1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number = Date.now) {
    this.#database = database;
    this.#clock = clock;
  }

  /** When the task last began, in milliseconds of the Unix epoch; 0 if it never did. */
  async begunAt(name: TaskName): Promise<number> {
    const begun = await this.#database
      .prepare("SELECT begun_at FROM host_task WHERE name = ?1")
      .bind(name)
      .first<number>("begun_at");
    return begun ?? 0;
  }

  /** Claims a task. False if it began within the last `everyMs` milliseconds. */
  async begin(name: TaskName, everyMs: number): Promise<boolean> {
    const now = this.#clock();
    const { meta } = await this.#database
      .prepare(
        `INSERT INTO host_task (name, begun_at) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET begun_at = excluded.begun_at WHERE begun_at <= ?3`,
      )
      .bind(name, now, now - everyMs)
      .run();
    return meta.changes > 0;
  }

  /** Lets the task begin again at once. */
  async release(name: TaskName): Promise<void> {
    await this.#database.prepare("UPDATE host_task SET begun_at = 0 WHERE name = ?1").bind(name).run();
  }
}
