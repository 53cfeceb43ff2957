/**
 * Twenty writes a second, each twentieth a batch of 200 kB; a live reader; five that never read; and twenty at
 * once, each minute, that replay the whole window in one connection. The same minutes without replays stand
 * beside it.
 */
import type { RunningHost } from "../../dev/host.ts";
import { percentile } from "../load.ts";
import { residentMegabytes } from "../process.ts";
import { FrameReader, hashOf } from "./reader.ts";
import { Writers, steadily } from "./writers.ts";

export interface ScenarioPlan {
  minutes: number;
  writesPerSecond: number;
  silent: number;
  replaysPerMinute: number;
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
  /** Resident megabytes of the runtime: after the first minute, and the most and least since. */
  memory: { first: number; least: number; most: number };
  faults: string[];
}

const MINUTE = 60_000;

interface Replay {
  reader: FrameReader;
  begun: number;
  target: number;
  ms: number | null;
}

class Audience {
  readonly live: FrameReader;
  readonly silent: FrameReader[];
  readonly #origin: string;
  readonly #hashes: string[] = [];
  readonly waves: Replay[][] = [];
  wrongFrames = 0;

  constructor(origin: string, silent: number) {
    this.#origin = origin;
    this.live = new FrameReader(origin, {
      cursor: 0,
      onFrame: (_, body) => void this.#hashes.push(hashOf(body)),
    });
    this.silent = Array.from({ length: silent }, () => new FrameReader(origin, { silent: true }));
  }

  /** Begins replays of all that the live reader has. They stay on until they have it. */
  replay(count: number): void {
    this.waves.push(Array.from({ length: count }, () => this.#begin(this.live.frames)));
  }

  #begin(target: number): Replay {
    const replay: Replay = {
      begun: performance.now(),
      target,
      ms: null,
      reader: new FrameReader(this.#origin, {
        cursor: 0,
        onFrame: (index, body) => {
          // One that has caught up may be told before the live reader is.
          const right = this.#hashes[index];
          if (right !== undefined && right !== hashOf(body)) this.wrongFrames += 1;
          if (index + 1 < replay.target || replay.ms !== null) return;
          replay.ms = performance.now() - replay.begun;
          setTimeout(() => replay.reader.leave(), 1_000);
        },
      }),
    };
    return replay;
  }

  async settle(): Promise<void> {
    const isDone = () => this.waves.flat().every(({ ms, reader }) => ms !== null || reader.closed !== null);
    for (const end = Date.now() + 2 * MINUTE; !isDone() && Date.now() < end;) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  honestCuts(): string[] {
    const named = [
      { name: "live", reader: this.live },
      ...this.waves.flat().map(({ reader }) => ({ name: "replay", reader })),
    ];
    return named
      .filter(({ reader }) => reader.closed !== null)
      .map(({ name, reader }) => `${name}: ${reader.closed}`);
  }

  leave(): void {
    for (const reader of [this.live, ...this.silent, ...this.waves.flat().map((replay) => replay.reader)]) {
      reader.leave();
    }
  }
}

async function cutCount(origin: string): Promise<number> {
  const response = await fetch(`${origin}/status`, { headers: { accept: "application/json" } });
  const { streams = [] } = (await response.json()) as { streams?: { cut: { TooSlow: number } }[] };
  return streams.reduce((sum, { cut }) => sum + cut.TooSlow, 0);
}

export async function runScenario(host: RunningHost, plan: ScenarioPlan): Promise<ScenarioFigures> {
  const { minutes, writesPerSecond, silent, replaysPerMinute } = plan;
  const writers = await Writers.signUp(host.origin, 8);
  const audience = new Audience(host.origin, silent);
  const memory: number[] = [];
  const begun = Date.now();
  const watch = setInterval(() => {
    const used = residentMegabytes(host.pid);
    if (used !== null && Date.now() - begun > MINUTE) memory.push(used);
  }, 1_000);
  // The last replays have a minute of writes beside them, as all have.
  const waves = setInterval(() => {
    if (audience.waves.length < minutes - 1) audience.replay(replaysPerMinute);
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
  const unfinished = replays.filter((replay) => replay.ms === null).length;
  const honestCuts = audience.honestCuts();
  return {
    writes: ms.length,
    p50: percentile(ms, 0.5),
    p99: percentile(ms, 0.99),
    streamBytes: audience.live.bytes,
    replays: replays.length,
    slowestReplays: audience.waves.map((wave) => Math.max(...wave.map((replay) => replay.ms ?? Infinity))),
    honestCuts,
    wrongFrames: audience.wrongFrames,
    silentCut: cut - honestCuts.length,
    memory: { first: memory[0] ?? Number.NaN, least: Math.min(...memory), most: Math.max(...memory) },
    faults: [
      ...writers.failures.slice(0, 5),
      ...(unfinished > 0 ? [`${unfinished} replays did not end within two minutes`] : []),
    ],
  };
}
