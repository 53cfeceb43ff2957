/** The form of a measure: what it reports, and how one round of it is run on one column. */
import type { ColumnName, Stage } from "./stage.ts";

export interface FigureKind {
  label: string;
  unit: string;
  better: "less" | "more";
  /** Goals of the project, by column. */
  goals?: Partial<Record<ColumnName, number>>;
}

export type Figures = Record<string, number | null>;

export interface Measure {
  /** What `--only` names; several measures may share it. */
  group: string;
  title: string;
  figures: Record<string, FigureKind>;
  /** Columns it makes sense for; absent: all. */
  columns?: readonly ColumnName[];
  /** Rounds at most; absent: as the plan says. */
  rounds?: number;
  run(stage: Stage): Promise<Figures>;
}

export const ONE_ATOLL: readonly ColumnName[] = ["reference", "plain"];

/** Seconds of CPU as milliseconds for each of `count`. */
export function cpuMsEach(cpu: number | null, count: number): number | null {
  return cpu === null ? null : (cpu * 1000) / count;
}
