/**
 * Twenty writes a second, each twentieth a batch of 200 kB; a live reader; five that never read; and twenty at
 * once, each minute, that replay the whole window in one connection. The same minutes without replays stand
 * beside it.
 */
import type { RunningHost } from "../../dev/host.ts";
import { median, percentile } from "../load.ts";
import { residentMegabytes } from "../process.ts";
import { Audience, cutCount } from "./audience.ts";
import { Writers, steadily } from "./writers.ts";

export interface ScenarioPlan {
  minutes: number;
  writesPerSecond: number;
  silent: number;
  replaysPerMinute: number;
  /** Megabytes of half of V8's young generation; null: as V8 likes. */
  nursery: number | null;
}

export interface ScenarioFigures {
  writes: number;
  p50: number;
  p99: number;
  /** Bytes of all frames. */
  streamBytes: number;
  replays: number;
  /** Milliseconds of the longest replay of each minute. */
  slowestReplays: number[];
  /** Readers that read and were cut, and in what words. */
  honestCuts: string[];
  /** Frames that a replay had otherwise than the live reader, or that came twice or not at all. */
  wrongFrames: number;
  silentCut: number;
  /** Resident megabytes of the runtime: the median of each minute, and the least and most after the first. */
  memory: { minutes: number[]; least: number; most: number };
  faults: string[];
}

const MINUTE = 60_000;

export async function runScenario(
  host: RunningHost,
  plan: Omit<ScenarioPlan, "nursery">,
): Promise<ScenarioFigures> {
  const { minutes, writesPerSecond, silent, replaysPerMinute } = plan;
  const writers = await Writers.signUp(host.origin, 8);
  const audience = new Audience(host.origin, 1, silent);
  const memory: number[] = [];
  const watch = setInterval(() => {
    const used = residentMegabytes(host.pid);
    if (used !== null) memory.push(used);
  }, 1_000);
  // The last replays have a minute of writes beside them, as all have.
  const waves = setInterval(() => {
    if (replaysPerMinute > 0 && audience.waves.length < minutes - 1) audience.replay(replaysPerMinute);
  }, MINUTE);
  await steadily(writesPerSecond, minutes * 60, (n) => writers.write(n % 20 === 0));
  clearInterval(waves);
  await audience.settle();
  clearInterval(watch);
  const figures = figuresOf(writers, audience, memory, await cutCount(host.origin));
  audience.leave();
  return figures;
}

function figuresOf(writers: Writers, audience: Audience, memory: number[], cut: number): ScenarioFigures {
  const ms = writers.ms.toSorted((a, b) => a - b);
  const replays = audience.waves.flat();
  const honestCuts = audience.honestCuts();
  return {
    writes: ms.length,
    p50: percentile(ms, 0.5),
    p99: percentile(ms, 0.99),
    streamBytes: audience.bytes,
    replays: replays.length,
    slowestReplays: audience.waves.map((wave) => Math.max(...wave.map((replay) => replay.ms ?? Infinity))),
    honestCuts,
    wrongFrames: audience.wrongFrames,
    silentCut: cut - honestCuts.length,
    memory: memoryFigures(memory),
    faults: [...writers.failures.slice(0, 5), ...audience.unfinished()],
  };
}

/** @param samples one a second */
function memoryFigures(samples: readonly number[]): ScenarioFigures["memory"] {
  const minutes: number[] = [];
  for (let second = 0; second + 30 <= samples.length; second += 60) {
    minutes.push(median(samples.slice(second, second + 60)));
  }
  const later = samples.slice(60);
  return { minutes, least: Math.min(...later), most: Math.max(...later) };
}
