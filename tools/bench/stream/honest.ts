/**
 * Readers that read: fifty live ones at a megabyte a second, beside some that never read, then as many replays
 * of the whole window at once, each in one connection.
 */
import type { RunningHost } from "../../dev/host.ts";
import { peakMegabytes, resetPeak } from "../process.ts";
import { Audience, cutCount } from "./audience.ts";
import { Writers, steadily } from "./writers.ts";

export interface HonestPlan {
  /** Batches of 200 kB. */
  writesPerSecond: number;
  seconds: number;
  live: number;
  silent: number;
  replays: number;
}

export interface HonestFigures {
  /** Of the window. */
  streamBytes: number;
  honestCuts: string[];
  wrongFrames: number;
  silentCut: number;
  /** Milliseconds of the fastest and the slowest replay. */
  fastest: number | null;
  slowest: number | null;
  /** Most resident megabytes of the runtime, while the readers were live and while they replayed. */
  livePeak: number | null;
  replayPeak: number | null;
  faults: string[];
}

export async function runHonest(host: RunningHost, plan: HonestPlan): Promise<HonestFigures> {
  const writers = await Writers.signUp(host.origin, 8);
  const audience = new Audience(host.origin, plan.live, plan.silent);
  resetPeak(host.pid);
  await steadily(plan.writesPerSecond, plan.seconds, () => writers.write(true));
  await audience.settle();
  const livePeak = peakMegabytes(host.pid);
  resetPeak(host.pid);
  audience.replay(plan.replays);
  await audience.settle();
  const honestCuts = audience.honestCuts();
  const times = audience.waves.flat().map(({ ms }) => ms ?? Infinity);
  const figures = {
    streamBytes: audience.bytes,
    honestCuts,
    wrongFrames: audience.wrongFrames,
    silentCut: (await cutCount(host.origin)) - honestCuts.length,
    fastest: times.length === 0 ? null : Math.min(...times),
    slowest: times.length === 0 ? null : Math.max(...times),
    livePeak,
    replayPeak: peakMegabytes(host.pid),
    faults: [...writers.failures.slice(0, 5), ...audience.unfinished()],
  };
  audience.leave();
  return figures;
}
