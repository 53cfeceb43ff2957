/** The report: medians over the rounds, ratios to the reference, and their table. */
import { median } from "./load.ts";
import type { Machine } from "./machine.ts";
import type { FigureKind, Measure } from "./measure.ts";
import { figure } from "./print-table.ts";
import type { ColumnName } from "./stage.ts";

const COLUMN_TITLES: Record<ColumnName, string> = {
  reference: "reference",
  plain: "Atoll, nothing to index",
  indexed: "Atoll, all indexed",
};

export interface Row extends FigureKind {
  group: string;
  title: string;
  key: string;
  /** The values of all rounds, by column. */
  samples: Partial<Record<ColumnName, number[]>>;
}

export interface Report {
  machine: Machine;
  /** Mean number of cores that other processes kept busy. It tells how far to trust the absolute figures. */
  othersBusy: number | null;
  columns: Partial<Record<ColumnName, string>>;
  quick: boolean;
  rows: Row[];
  failures: string[];
}

export class Collector {
  readonly #rows = new Map<string, Row>();

  add(measure: Measure, column: ColumnName, figures: Record<string, number | null>): void {
    for (const [key, kind] of Object.entries(measure.figures)) {
      const value = figures[key];
      if (value === null || value === undefined || Number.isNaN(value)) continue;
      const id = `${measure.title} ${key}`;
      const row = this.#rows.get(id) ?? {
        ...kind,
        group: measure.group,
        title: measure.title,
        key,
        samples: {},
      };
      (row.samples[column] ??= []).push(value);
      this.#rows.set(id, row);
    }
  }

  rows(): Row[] {
    return [...this.#rows.values()];
  }
}

function cell(row: Row, column: ColumnName): string {
  const samples = row.samples[column];
  if (samples === undefined) return "–";
  const value = median(samples);
  const reference = row.samples.reference;
  const ratio =
    column === "reference" || reference === undefined ? "" : ` (×${figure(value / median(reference))})`;
  const goal = row.goals?.[column];
  const met = goal === undefined ? "" : reaches(row, value, goal) ? " ✓" : " ✗";
  return `${figure(value)}${ratio}${met}`;
}

function reaches(row: Row, value: number, goal: number): boolean {
  return row.better === "less" ? value <= goal : value >= goal;
}

function goals(row: Row): string {
  const sign = row.better === "less" ? "≤" : "≥";
  const { plain, indexed } = row.goals ?? {};
  if (plain === undefined && indexed === undefined) return "";
  if (indexed === undefined || plain === indexed) return `${sign} ${plain ?? indexed}`;
  return plain === undefined ? `– / ${sign} ${indexed}` : `${sign} ${plain} / ${indexed}`;
}

/** A Markdown table that is also readable in a terminal. */
export function table(rows: readonly Row[], columns: readonly ColumnName[]): string {
  const head = ["", ...columns.map((column) => COLUMN_TITLES[column]), "goal"];
  const lines: string[][] = [];
  let title = "";
  for (const row of rows) {
    if (row.title !== title) lines.push([`**${row.title}**`, ...columns.map(() => ""), ""]);
    title = row.title;
    const label = row.unit === "" ? row.label : `${row.label}, ${row.unit}`;
    lines.push([label, ...columns.map((column) => cell(row, column)), goals(row)]);
  }
  const widths = head.map((text, i) => Math.max(text.length, ...lines.map((line) => line[i]?.length ?? 0)));
  const print = (line: readonly string[]) =>
    `| ${line.map((text, i) => text.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  return [
    print(head),
    `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`,
    ...lines.map(print),
  ].join("\n");
}

export function markdown(report: Report, columns: readonly ColumnName[]): string {
  const { machine } = report;
  const others =
    report.othersBusy === null ? "" : ` Meanwhile others kept ${figure(report.othersBusy)} cores busy.`;
  const versions = columns.map((column) => `${COLUMN_TITLES[column]}: ${report.columns[column] ?? "–"}`);
  return [
    `# What the host costs`,
    ``,
    `${report.quick ? "A quick run" : "A full run"} of \`npm run bench\` at ${machine.commit}, ${machine.date}, on ${machine.cpu}, ` +
      `${machine.cores} cores, ${machine.memoryGB} GB, ${machine.system}, Node ${machine.node}.${others}`,
    ``,
    `Medians of the rounds, columns interleaved; in brackets the ratio to the reference in the same minutes; ✓ and ✗ say ` +
      `whether a goal is met. CPU is that of the server's own process (workerd, or node), clients not counted. ` +
      `"Nothing to index" writes records of a lexicon that no AppView knows; "all indexed" writes posts, and a write waits for the index.`,
    ``,
    ...versions.map((line) => `- ${line}`),
    ``,
    table(report.rows, columns),
    ``,
    ...report.failures.map((line) => `- failed: ${line}`),
  ].join("\n");
}
