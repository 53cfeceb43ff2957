/** The report of `npm run bench:appview`: every view, every side, and our ratio to the reference. */
import type { Comparison, SideFigures, ViewFigures } from "./measure.ts";
import type { Machine } from "../machine.ts";
import { figure, printTable } from "../print-table.ts";

/** The goal: our share of the reference's time and CPU. */
const GOAL = 0.2;

export const TITLES = {
  reference: "reference, by its PDS",
  appview: "reference, AppView alone",
  atoll: "Atoll",
};

export interface AppViewReport {
  machine: Machine;
  /** Mean number of cores that other processes kept busy. */
  othersBusy: number | null;
  reference: string;
  rounds: number;
  requests: number;
  views: (ViewFigures & { comparison: Comparison })[];
}

/** The ratio of our figure to another's: `×0.12 ✓`. */
function ratio(ours: number | null | undefined, others: number | null | undefined): string {
  if (typeof ours !== "number" || typeof others !== "number" || others === 0) return "–";
  const share = ours / others;
  return `×${share.toFixed(3)} ${share <= GOAL ? "✓" : "✗"}`;
}

/** CPU of the server and its databases. Our server includes its database. */
const allCpu = ({ cpu, databases }: SideFigures): number | null =>
  cpu === null ? null : cpu + (databases ?? 0);

function row(name: string, title: string, side: SideFigures, ours: SideFigures | undefined): string[] {
  const isOurs = title === TITLES.atoll;
  return [
    name,
    title,
    side.items === null ? "" : String(side.items),
    figure(side.p50),
    figure(side.p99),
    figure(side.cpu),
    figure(side.databases),
    figure(side.bytes / 1000),
    isOurs ? "" : ratio(ours?.p50, side.p50),
    isOurs ? "" : ratio(ours?.cpu, allCpu(side)),
  ];
}

function viewTable({ views }: AppViewReport): string {
  const head = [
    "view",
    "asked at",
    "items",
    "p50 ms",
    "p99 ms",
    "CPU ms",
    "databases",
    "kB",
    "Atoll's p50",
    "Atoll's CPU",
  ];
  const lines = views.flatMap(({ name, sides }) =>
    Object.entries(sides).map(([title, side]) => row(name, title, side, sides[TITLES.atoll])),
  );
  return printTable([head, ...lines]);
}

function comparisonLine({ name, comparison }: AppViewReport["views"][number]): string {
  const { same, compared, differences } = comparison;
  const where = differences.length === 0 ? "" : ` (first difference: ${differences.join("; ")})`;
  return `- ${name}: ${same} of ${compared} answers are the same${where}`;
}

/** The report as Markdown that is also readable in a terminal. */
export function appViewText(report: AppViewReport): string {
  const { machine, rounds, requests } = report;
  const others =
    report.othersBusy === null ? "" : ` Meanwhile others kept ${figure(report.othersBusy)} cores busy.`;
  return [
    `# The AppView beside the reference`,
    ``,
    `\`npm run bench:appview\` at ${machine.commit}, ${machine.date}, on ${machine.cpu}, ${machine.cores} cores, ` +
      `${machine.memoryGB} GB, ${machine.system}, Node ${machine.node}.${others}`,
    ``,
    `The same small community on both sides; ${rounds} rounds of ${requests} requests, one client, the sides in turn. ` +
      `Reference: ${report.reference}, all of it in one Node process, Postgres and Redis beside it. ` +
      `"By its PDS" is how a member's client asks, and what Atoll is asked in the same way; "AppView alone" is asked ` +
      `directly, with a service token. CPU is Node's or workerd's; "databases" is Postgres and Redis, which Atoll has ` +
      `inside. The last columns are Atoll's p50, and its CPU, to the other side's (the databases' included); ✓: at most ×${GOAL}.`,
    ``,
    viewTable(report),
    ``,
    `Answers of the reference by its PDS and of Atoll, but for DIDs, hashes, times of indexing, cursors, addresses of pictures, and the order of what the reference does not order:`,
    ``,
    ...report.views.map(comparisonLine),
  ].join("\n");
}
