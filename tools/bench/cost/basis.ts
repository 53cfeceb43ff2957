/** The counts that the project keeps: docs/bench/costs.json, and what reads cost in docs/bench/community.json. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "../../dev/wrangler-file.ts";
import type { Basis } from "./bill.ts";
import type { Counts } from "./measure.ts";

const FOLDER = path.join(ROOT, "docs/bench");
const COUNTS = path.join(FOLDER, "costs.json");

interface Community {
  communities: { reads: { name: string; rowsRead: number; cpu: number }[] }[];
}

const read = <T>(file: string): T => JSON.parse(readFileSync(file, "utf8")) as T;

export const keptCounts = (): Counts => read<{ counts: Counts }>(COUNTS).counts;

export function basisOf(counts: Counts): Basis {
  const { communities } = read<Community>(path.join(FOLDER, "community.json"));
  const reads = communities.at(-1)?.reads ?? [];
  return { counts, large: new Map(reads.map(({ name, rowsRead, cpu }) => [name, { rowsRead, cpu }])) };
}

export function keepCounts(counts: Counts): void {
  writeFileSync(COUNTS, `${JSON.stringify({ counts }, null, 2)}\n`);
}

export function keepReport(markdown: string, plot: string): void {
  writeFileSync(path.join(FOLDER, "costs.md"), markdown);
  writeFileSync(path.join(FOLDER, "costs.svg"), plot);
}
