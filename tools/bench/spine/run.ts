/** `npm run bench` measures what a host costs, and the reference PDS in the same minutes. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "../../dev/wrangler-file.ts";
import { describeMachine, machineBusySeconds } from "../machine.ts";
import type { Measure } from "../measure.ts";
import { readMeasures } from "./read.ts";
import { startMeasures } from "./start.ts";
import { streamMeasures } from "./stream.ts";
import { writeMeasures } from "./write.ts";
import { USAGE, readOptions, type Options } from "../options.ts";
import { cpuSeconds } from "../process.ts";
import { startReference } from "../reference.ts";
import { Collector, markdown, table, type Report } from "../report.ts";
import { Stage, type ColumnName } from "../stage.ts";
import { attach, startAtoll, type Target } from "../target.ts";

const say = (line: string) => console.error(line);

function measuresOf({ plan, only }: Options): Measure[] {
  const all = [
    ...startMeasures(),
    ...writeMeasures(plan.sizes),
    ...readMeasures(plan.sizes),
    ...streamMeasures(),
  ];
  return only.length === 0 ? all : all.filter(({ group }) => only.includes(group));
}

async function openTargets(options: Options, folder: string): Promise<Target[]> {
  const targets: Target[] = [];
  if (options.reference) targets.push(await startReference(path.join(folder, "reference"), say));
  if (options.atoll && options.url !== null) targets.push(attach(options.url));
  else if (options.atoll) {
    const log = path.join(folder, "atoll.log");
    targets.push(await startAtoll(path.join(folder, "atoll"), (line) => appendFileSync(log, `${line}\n`)));
  }
  return targets;
}

function stagesOf(targets: readonly Target[], { plan }: Options): Stage[] {
  return targets.flatMap((target) => {
    const columns: ColumnName[] = target.name === "atoll" ? ["plain", "indexed"] : ["reference"];
    return columns.map((column) => new Stage(column, target, plan, say));
  });
}

/** Runs a measure on each column in turn, round by round. Each round starts with a different column. */
async function runMeasure(
  measure: Measure,
  stages: Stage[],
  rounds: number,
  collector: Collector,
): Promise<string[]> {
  const fitting = stages.filter(({ column }) => measure.columns?.includes(column) ?? true);
  const failures: string[] = [];
  for (let round = 0; round < Math.min(rounds, measure.rounds ?? rounds); round++) {
    const turn = fitting.map((_, i) => fitting[(i + round) % fitting.length]);
    for (const stage of turn) {
      if (stage === undefined) continue;
      try {
        collector.add(measure, stage.column, await measure.run(stage));
      } catch (thrown) {
        const why = thrown instanceof Error ? thrown.message : String(thrown);
        failures.push(`${measure.title}, ${stage.column}: ${why}`);
        say(`  failed: ${stage.column}: ${why}`);
      }
    }
  }
  return failures;
}

/** CPU seconds of this process and the hosts. A restarted host counts from its new start. */
function ownCpu(targets: readonly Target[]): number {
  const own = process.cpuUsage();
  const hosts = targets.reduce((sum, target) => sum + (cpuSeconds(target.pid()) ?? 0), 0);
  return (own.user + own.system) / 1e6 + hosts;
}

async function bench(options: Options): Promise<void> {
  const base = path.join(ROOT, ".atoll/bench");
  mkdirSync(base, { recursive: true });
  const folder = mkdtempSync(path.join(base, "data-"));
  const targets = await openTargets(options, folder);
  const close = async () => {
    for (const target of targets) await target.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ["SIGINT", "SIGTERM"])
    process.once(signal, () => void close().finally(() => process.exit(1)));
  try {
    const stages = stagesOf(targets, options);
    const collector = new Collector();
    const failures: string[] = [];
    const begun = { at: performance.now(), machine: machineBusySeconds(), own: ownCpu(targets) };
    const measures = measuresOf(options);
    for (const [index, measure] of measures.entries()) {
      say(`[${index + 1}/${measures.length}] ${measure.title}`);
      failures.push(...(await runMeasure(measure, stages, options.plan.rounds, collector)));
    }
    const seconds = (performance.now() - begun.at) / 1000;
    const busy = machineBusySeconds();
    const others =
      busy === null || begun.machine === null ? null : busy - begun.machine - (ownCpu(targets) - begun.own);
    const report: Report = {
      machine: describeMachine(),
      othersBusy: others === null ? null : Math.max(0, others / seconds),
      columns: Object.fromEntries(stages.map(({ column, target }) => [column, target.version])),
      quick: options.quick,
      rows: collector.rows(),
      failures,
    };
    write(report, stages, options, base);
    if (failures.length > 0) process.exitCode = 1;
  } finally {
    await close();
  }
}

function write(report: Report, stages: readonly Stage[], options: Options, base: string): void {
  const columns = stages.map(({ column }) => column);
  console.log(table(report.rows, columns));
  const json = `${JSON.stringify(report, null, 2)}\n`;
  writeFileSync(path.join(base, "spine.json"), json);
  if (options.out !== null) writeFileSync(options.out, json);
  if (!options.save) return;
  const docs = path.join(ROOT, "docs/bench");
  mkdirSync(docs, { recursive: true });
  writeFileSync(path.join(docs, "spine.json"), json);
  writeFileSync(path.join(docs, "spine.md"), `${markdown(report, columns)}\n`);
}

const options = readOptions(process.argv.slice(2));
if (options === "help") console.log(USAGE);
else if (options === "list") {
  const all = readOptions([]);
  if (typeof all !== "string")
    console.log([...new Set(measuresOf(all).map(({ group }) => group))].join("\n"));
} else await bench(options);
