/** The interface of a measure: its figures, and one round of it on one column. */
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
  /** Name for `--only`; several measures may share it. */
  group: string;
  title: string;
  figures: Record<string, FigureKind>;
  /** Columns that the measure applies to; absent: all. */
  columns?: readonly ColumnName[];
  /** Most rounds to run; absent: those of the plan. */
  rounds?: number;
  run(stage: Stage): Promise<Figures>;
}

export const ONE_ATOLL: readonly ColumnName[] = ["reference", "plain"];

/** Converts CPU seconds for `count` requests to milliseconds per request. */
export function cpuMsEach(cpu: number | null, count: number): number | null {
  return cpu === null ? null : (cpu * 1000) / count;
}
