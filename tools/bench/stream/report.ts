/** The report of `npm run bench:stream`, as Markdown. */
import type { Machine } from "../machine.ts";
import { median } from "../load.ts";
import { figure, printTable } from "../print-table.ts";
import type { CountFigures } from "./counts.ts";
import type { CrowdFigures, CrowdPlan } from "./crowd.ts";
import type { HonestFigures, HonestPlan } from "./honest.ts";
import type { ScenarioFigures, ScenarioPlan } from "./scenario.ts";

export interface StreamReport {
  machine: Machine;
  /** Of each part: the commit, and the cores that the whole machine kept busy meanwhile. */
  stamps?: Record<string, { commit: string; busy: number | null }>;
  scenario?: { plan: ScenarioPlan; found: ScenarioFigures };
  /** The same without replays. */
  baseline?: { plan: ScenarioPlan; found: ScenarioFigures };
  /** The scenario with a small young generation of V8. */
  nursery?: { plan: ScenarioPlan; found: ScenarioFigures };
  honest?: { plan: HonestPlan; found: HonestFigures };
  /** The live readers alone, for an hour. */
  hour?: { plan: HonestPlan; found: HonestFigures };
  crowd?: { plan: CrowdPlan; found: Record<string, CrowdFigures[]> };
  counts?: CountFigures[];
}

const whole = (value: number) => Math.round(value).toLocaleString("en");

const seconds = (ms: number | null): string => figure(ms === null ? null : ms / 1000);

const nameOf = ({ replaysPerMinute, nursery }: ScenarioPlan): string =>
  `${replaysPerMinute} replays a minute${typeof nursery === "number" ? `, nursery of ${nursery} MB` : ""}`;

function scenarioText(runs: readonly { plan: ScenarioPlan; found: ScenarioFigures }[]): string {
  const [{ plan } = { plan: null }] = runs;
  if (plan === null) return "";
  const line = (label: string, show: (figures: ScenarioFigures) => string) => [
    label,
    ...runs.map(({ found }) => show(found)),
  ];
  const table = printTable([
    ["", ...runs.map((run) => nameOf(run.plan))],
    line("writes", ({ writes }) => whole(writes)),
    line("write p50, ms", ({ p50 }) => figure(p50)),
    line("write p99, ms", ({ p99 }) => figure(p99)),
    line("replays", ({ replays }) => String(replays)),
    line("slowest replay of each minute, s", ({ slowestReplays }) =>
      slowestReplays.length === 0 ? "–" : slowestReplays.map((ms) => figure(ms / 1000)).join(", "),
    ),
    line("readers cut though they read", ({ honestCuts }) => String(honestCuts.length)),
    line("frames other than the live reader's", ({ wrongFrames }) => String(wrongFrames)),
    line("silent readers cut", ({ silentCut }) => `${silentCut} of ${plan.silent}`),
    line("stream, MB", ({ streamBytes }) => figure(streamBytes / 1e6)),
    line("memory, median of each minute, MB", ({ memory }) => memory.minutes.map(whole).join(", ")),
    line(
      "least and most after the first, MB",
      ({ memory }) => `${whole(memory.least)} – ${whole(memory.most)}`,
    ),
  ]);
  const faults = runs.flatMap(({ found }) => [...found.faults, ...found.honestCuts]);
  return [
    `## ${plan.minutes} minutes of ${plan.writesPerSecond} writes a second`,
    `Each twentieth write is a batch of 200 kB. One reader is live, ${plan.silent} never read, and all replays of a minute begin at once. V8 grows the halves of its young generation, the nursery, to 32 MB each.`,
    table,
    ...faults.map((fault) => `- ${fault}`),
  ].join("\n\n");
}

function honestText({ plan, found }: NonNullable<StreamReport["honest"]>): string {
  const { live, silent, replays } = plan;
  const ofReplays = [
    ["fastest and slowest replay, s", `${seconds(found.fastest)}, ${seconds(found.slowest)}`],
    ["most memory with replays, MB", figure(found.replayPeak)],
  ];
  const table = printTable([
    ["", ""],
    ["stream, MB", figure(found.streamBytes / 1e6)],
    ["live readers and replays cut though they read", String(found.honestCuts.length)],
    ["frames that a reader had otherwise than another", String(found.wrongFrames)],
    ["silent readers cut", `${found.silentCut} of ${silent}`],
    ["most memory with live readers, MB", figure(found.livePeak)],
    ...(replays > 0 ? ofReplays : []),
  ]);
  const then = `Then ${replays} replays of the whole window begin at once, each in one connection.`;
  return [
    `## ${live} readers at a megabyte a second, for ${plan.seconds} s`,
    `${plan.writesPerSecond} batches of 200 kB a second, beside ${silent} readers that never read. ${replays > 0 ? then : ""}`.trim(),
    table,
    ...[...found.faults, ...found.honestCuts].map((fault) => `- ${fault}`),
  ].join("\n\n");
}

function crowdText({ plan, found }: NonNullable<StreamReport["crowd"]>): string {
  const lines = Object.entries(found).map(([name, rounds]) => {
    const middle = (of: (figures: CrowdFigures) => number) => figure(median(rounds.map(of)));
    return [
      name,
      `${Math.min(...rounds.map(({ complete }) => complete))} of ${plan.readers}`,
      middle(({ p50 }) => p50),
      middle(({ p99 }) => p99),
      middle(({ cpuPerFrame }) => cpuPerFrame ?? Number.NaN),
    ];
  });
  const head = ["readers", "had every frame", "p50 ms", "p99 ms", "CPU µs per frame and reader"];
  return [
    `## ${plan.readers} live readers, ${plan.writesPerSecond} writes a second`,
    "An empty Worker only sends frames of the same size, each by itself, to sockets that hibernate at as many objects.",
    printTable([head, ...lines]),
    ...Object.entries(found).flatMap(([name, rounds]) =>
      rounds.flatMap(({ incomplete }) => incomplete.slice(0, 5).map((each) => `- ${name}: ${each}`)),
    ),
  ].join("\n\n");
}

function countText(counts: readonly CountFigures[]): string {
  const head = [
    "readers",
    "objects",
    "calls",
    "ms",
    "rows",
    "calls a day",
    "object-seconds a day",
    "GB-s a day",
    "rows a day",
  ];
  const lines = counts.map((each) => [
    String(each.readers),
    String(each.objects),
    figure(each.calls),
    figure(each.ms),
    figure(each.rows),
    whole(each.callsADay),
    whole(each.objectSecondsADay),
    whole(each.gbSecondsADay),
    whole(each.rowsADay),
  ]);
  return [
    "## What readers cost a community of 10,000",
    "For one write: calls of fan-out objects, the time that they take, rows that the sequencer writes. For a day: the same for 60,000 writes.",
    printTable([head, ...lines]),
  ].join("\n\n");
}

const stampTable = (stamps: NonNullable<StreamReport["stamps"]>): string =>
  printTable([
    ["part", "commit", "cores that the whole machine kept busy"],
    ...Object.entries(stamps).map(([name, { commit, busy }]) => [name, commit, figure(busy)]),
  ]);

export function markdown({
  machine,
  stamps = {},
  scenario,
  baseline,
  nursery,
  honest,
  hour,
  crowd,
  counts,
}: StreamReport): string {
  const { cpu, cores, memoryGB, system, node, date } = machine;
  return [
    "# The event streams, with many readers",
    `${date.slice(0, 10)}: ${cpu}, ${cores} cores, ${memoryGB} GB, ${system}, Node ${node}.`,
    stampTable(stamps),
    scenarioText([scenario, baseline, nursery].filter((run) => run !== undefined)),
    ...(honest === undefined ? [] : [honestText(honest)]),
    ...(hour === undefined ? [] : [honestText(hour)]),
    ...(crowd === undefined ? [] : [crowdText(crowd)]),
    ...(counts === undefined ? [] : [countText(counts)]),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}
