/** The sequencer's memory of its fan-out objects: which of them have readers, and how many were cut. */
import type { Sql } from "../protocol/object/sql.ts";
import type { Cut, CutReason, StreamKind } from "../protocol/stations.ts";

export class Roster {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  names(): string[] {
    return this.#sql.all<{ name: string }>("SELECT name FROM fan_out ORDER BY name").map(({ name }) => name);
  }

  add(name: string): void {
    this.#sql.run("INSERT INTO fan_out (name) VALUES (?) ON CONFLICT DO NOTHING", name);
  }

  remove(name: string): void {
    this.#sql.run("DELETE FROM fan_out WHERE name = ?", name);
  }

  countCuts(cuts: readonly Cut[]): void {
    for (const { kind, why, count } of cuts) {
      this.#sql.run(
        `INSERT INTO cut (kind, why, count) VALUES (?, ?, ?)
          ON CONFLICT (kind, why) DO UPDATE SET count = count + excluded.count`,
        kind,
        why,
        count,
      );
    }
  }

  cuts(kind: StreamKind): Record<CutReason, number> {
    const rows = this.#sql.all<{ why: string; count: number }>(
      "SELECT why, count FROM cut WHERE kind = ?",
      kind,
    );
    const of = (why: CutReason) => rows.find((row) => row.why === why)?.count ?? 0;
    return { TooSlow: of("TooSlow"), Overtaken: of("Overtaken") };
  }
}
