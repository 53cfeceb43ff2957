/** Runs that are made in steps, each of which notes how far it is: a run that dies goes on from there. */

export interface Run<Progress> {
  id: string;
  progress: Progress;
  /** When it was whole, in milliseconds; null before. */
  endedAt: number | null;
  /** The progress as stored: whoever stores another, later than somebody else did, has lost the run. */
  stored: string;
}

interface RunRow {
  id: string;
  progress: string;
  ended_at: number | null;
}

/** `20261130T020000Z` */
export const runId = (ms: number): string => new Date(ms).toISOString().replaceAll(/[-:]|\.\d+/g, "");
/** When a run began, in milliseconds. */
export const runTime = (run: string): number =>
  Date.parse(run.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));

export class RunNotes<Progress> {
  readonly #database: D1Database;
  readonly #table: string;

  constructor(database: D1Database, table: "backup_run" | "examination") {
    this.#database = database;
    this.#table = table;
  }

  /** The newest runs, the newest first. */
  async newest(limit: number): Promise<Run<Progress>[]> {
    const { results } = await this.#database
      .prepare(`SELECT id, progress, ended_at FROM ${this.#table} ORDER BY id DESC LIMIT ?1`)
      .bind(limit)
      .all<RunRow>();
    return results.map(({ id, progress, ended_at: endedAt }) => ({
      id,
      progress: JSON.parse(progress) as Progress,
      endedAt,
      stored: progress,
    }));
  }

  /** Does nothing if that run has begun. */
  async begin(id: string, progress: Progress): Promise<void> {
    await this.#database
      .prepare(`INSERT INTO ${this.#table} (id, progress) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING`)
      .bind(id, JSON.stringify(progress))
      .run();
  }

  /**
   * Stores how far the run is. Throws if another step, which took this one for dead, has stored that meanwhile.
   * @param along statements of the same transaction, which may ask for `changes() > 0`
   */
  async note(run: Run<Progress>, along: D1PreparedStatement[] = []): Promise<void> {
    const { id, progress, endedAt } = run;
    const text = JSON.stringify(progress);
    const note = this.#database
      .prepare(`UPDATE ${this.#table} SET progress = ?2, ended_at = ?3 WHERE id = ?1 AND progress = ?4`)
      .bind(id, text, endedAt, run.stored);
    const [noted] = await this.#database.batch([note, ...along]);
    if (noted?.meta.changes !== 1) throw new Error("another step has gone on with this run");
    run.stored = text;
  }

  /** Ends a run that cannot go on. */
  async drop(id: string): Promise<void> {
    await this.#database.prepare(`DELETE FROM ${this.#table} WHERE id = ?1`).bind(id).run();
  }

  /** Forgets all but the newest. */
  async keep(most: number): Promise<void> {
    await this.#database
      .prepare(
        `DELETE FROM ${this.#table} WHERE id NOT IN (SELECT id FROM ${this.#table} ORDER BY id DESC LIMIT ?1)`,
      )
      .bind(most)
      .run();
  }
}
