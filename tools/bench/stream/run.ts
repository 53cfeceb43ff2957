/**
 * `npm run bench:stream` measures the event streams with many readers: the scenario of replays beside silent
 * readers, fifty that read much, a crowd of live ones, and what readers cost by count.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import type * as HostModule from "../../dev/host.ts";
import { type RunningHost, startHost } from "../../dev/host.ts";
import { ROOT } from "../../dev/wrangler-file.ts";
import { describeMachine, machineBusySeconds } from "../machine.ts";
import { type CrowdFigures, type CrowdPlan, runCrowd } from "./crowd.ts";
import { type CountFigures, runCounts } from "./counts.ts";
import { runHonest } from "./honest.ts";
import { runFloor } from "./floor/floor.ts";
import { type StreamReport, markdown } from "./report.ts";
import { type ScenarioFigures, type ScenarioPlan, runScenario } from "./scenario.ts";
import { Writers } from "./writers.ts";

const USAGE = `npm run bench:stream -- [options]
  --only scenario,baseline,nursery,honest,hour,crowd,counts
                                 parts to run (default: all but the hour); the baseline is the scenario
                                 without replays, nursery is it with a small young generation of V8, and the
                                 hour has the live readers of honest, without replays
  --minutes 5                    of each of these three
  --readers 1000                 of the crowd
  --rate 20                      writes a second
  --seconds 30                   of the crowd
  --rounds 1                     of the crowd, in turns with --against
  --against ../before            another checkout, whose crowd is measured in turns
  --save                         also writes docs/bench/stream.json and stream.md`;

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "scenario,baseline,nursery,honest,crowd,counts" },
    minutes: { type: "string", default: "5" },
    readers: { type: "string", default: "1000" },
    rate: { type: "string", default: "20" },
    seconds: { type: "string", default: "30" },
    rounds: { type: "string", default: "1" },
    against: { type: "string" },
    save: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** Read by Miniflare. */
const V8_FLAGS = "MINIFLARE_WORKERD_V8_FLAGS";
const OPEN = { REGISTRATION: "open", RATE_LIMITS: "off" } as const;
const say = (line: string) => console.error(line);
const parts = values.only.split(",");

async function withHost<T>(
  start: typeof startHost,
  flags: string[] | null,
  work: (host: RunningHost) => Promise<T>,
) {
  const host = await start({ vars: OPEN, ...(flags === null ? {} : { flags }) });
  try {
    return await work(host);
  } finally {
    await host.stop();
  }
}

/** @param nursery megabytes of half of V8's young generation; null: as V8 likes, which grows it to 32 */
async function scenario(
  replaysPerMinute: number,
  nursery: number | null,
): Promise<{ plan: ScenarioPlan; found: ScenarioFigures }> {
  const plan = {
    minutes: Number(values.minutes),
    writesPerSecond: Number(values.rate),
    silent: 5,
    replaysPerMinute,
    nursery,
  };
  say(`scenario, ${replaysPerMinute} replays a minute`);
  if (nursery !== null) process.env[V8_FLAGS] = `--max-semi-space-size=${nursery}`;
  try {
    return { plan, found: await withHost(startHost, null, (host) => runScenario(host, plan)) };
  } finally {
    Reflect.deleteProperty(process.env, V8_FLAGS);
  }
}

async function crowdAt(host: RunningHost, plan: CrowdPlan): Promise<CrowdFigures> {
  const writers = await Writers.signUp(host.origin, 1);
  const { origin, pid } = host;
  return runCrowd({ origin, pid, write: () => writers.write(false) }, plan);
}

async function honest(seconds: number, replays: number): Promise<NonNullable<StreamReport["honest"]>> {
  const plan = { writesPerSecond: 5, seconds, live: 50, silent: 5, replays };
  say(`${plan.live} readers at a megabyte a second for ${seconds} s, then ${replays} replays`);
  return { plan, found: await withHost(startHost, null, (host) => runHonest(host, plan)) };
}

/** The crowd at pipes, at sockets that hibernate, at another checkout, and at an empty Worker, in turns. */
async function crowds(): Promise<NonNullable<StreamReport["crowd"]>> {
  const plan = {
    readers: Number(values.readers),
    writesPerSecond: Number(values.rate),
    seconds: Number(values.seconds),
  };
  const other = values.against === undefined ? null : await hostOf(path.resolve(values.against));
  const columns: [string, typeof startHost, string[] | null][] = [
    ["at pipes", startHost, null],
    ["at sockets that hibernate", startHost, []],
    ...(other === null ? [] : [["before", other, null] as [string, typeof startHost, null]]),
  ];
  const found: Record<string, CrowdFigures[]> = {};
  for (let round = 0; round < Number(values.rounds); round++) {
    let frameBytes = 0;
    for (const [name, start, flags] of columns) {
      say(`crowd of ${plan.readers}, ${name}`);
      const figures = await withHost(start, flags, (host) => crowdAt(host, plan));
      (found[name] ??= []).push(figures);
      ({ frameBytes } = figures);
    }
    say(`crowd of ${plan.readers}, at an empty Worker`);
    (found["at an empty Worker"] ??= []).push(await runFloor(plan, frameBytes));
  }
  return { plan, found };
}

async function hostOf(checkout: string): Promise<typeof startHost> {
  const module = (await import(path.join(checkout, "tools/dev/host.ts"))) as typeof HostModule;
  return module.startHost;
}

async function counts(): Promise<CountFigures[]> {
  say("counts");
  const base = path.join(ROOT, ".atoll/bench");
  mkdirSync(base, { recursive: true });
  const folder = mkdtempSync(path.join(base, "counts-"));
  try {
    return await runCounts(folder, [1, 5, 50], 60);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The last saved report, so that a run of one part keeps the others. */
function saved(file: string): Partial<StreamReport> {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Partial<StreamReport>) : {};
}

/** Runs the parts. Each is written as soon as it is known, since a part takes minutes. */
async function measure(): Promise<void> {
  const folder = path.join(ROOT, values.save ? "docs/bench" : ".atoll/bench");
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, "stream.json");
  const machine = describeMachine();
  let report: StreamReport = { ...saved(file), machine };
  let begun = { at: performance.now(), busy: machineBusySeconds() };
  const note = (part: Partial<StreamReport>) => {
    const now = { at: performance.now(), busy: machineBusySeconds() };
    const seconds = (now.at - begun.at) / 1000;
    const busy = now.busy === null || begun.busy === null ? null : (now.busy - begun.busy) / seconds;
    begun = now;
    const stamps = Object.keys(part).map((name) => [name, { commit: machine.commit, busy }]);
    report = { ...report, ...part, stamps: { ...report.stamps, ...Object.fromEntries(stamps) } };
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
    if (values.save) writeFileSync(path.join(folder, "stream.md"), `${markdown(report)}\n`);
  };
  if (parts.includes("scenario")) note({ scenario: await scenario(20, null) });
  if (parts.includes("baseline")) note({ baseline: await scenario(0, null) });
  if (parts.includes("nursery")) note({ nursery: await scenario(20, 2) });
  if (parts.includes("honest")) note({ honest: await honest(220, 50) });
  if (parts.includes("hour")) note({ hour: await honest(3_600, 0) });
  if (parts.includes("crowd")) note({ crowd: await crowds() });
  if (parts.includes("counts")) note({ counts: await counts() });
  console.log(markdown(report));
}

if (values.help) console.log(USAGE);
else await measure();
