/**
 * A crowd of live readers: whether every frame reaches every one of them, how soon, and the runtime's CPU for
 * each frame and reader. The CPU of the same writes without readers is taken off.
 */
import { performance } from "node:perf_hooks";
import { percentile } from "../load.ts";
import { cpuSeconds } from "../process.ts";
import { FrameReader } from "./reader.ts";
import { steadily } from "./writers.ts";

export interface CrowdPlan {
  readers: number;
  writesPerSecond: number;
  seconds: number;
}

/** The host that serves the crowd. */
export interface CrowdHost {
  origin: string;
  /** Process id of the runtime. */
  pid: number | null;
  /** Makes one frame. Resolves once it is written. */
  write: () => Promise<void>;
}

export interface CrowdFigures {
  frames: number;
  /** Mean size. */
  frameBytes: number;
  /** Readers that had every frame. */
  complete: number;
  /** The fate of the others, in words. */
  incomplete: string[];
  /** Milliseconds from the beginning of a write until a reader had its frame. */
  p50: number;
  p99: number;
  /** Microseconds; null where the runtime's CPU is not known. */
  cpuPerFrame: number | null;
}

/** One write after the other, so that frames come in the order of the writes. Returns the CPU seconds. */
async function writeAll(host: CrowdHost, plan: CrowdPlan, sent: number[]): Promise<number | null> {
  const before = cpuSeconds(host.pid);
  let last = Promise.resolve();
  await steadily(plan.writesPerSecond, plan.seconds, () => {
    last = last.then(() => {
      sent.push(performance.now());
      return host.write();
    });
    return last;
  });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const after = cpuSeconds(host.pid);
  return before === null || after === null ? null : after - before;
}

export async function runCrowd(host: CrowdHost, plan: CrowdPlan): Promise<CrowdFigures> {
  const alone = await writeAll(host, plan, []);
  const sent: number[] = [];
  const late: number[] = [];
  const readers: FrameReader[] = [];
  for (let n = 0; n < plan.readers; n++) {
    readers.push(
      new FrameReader(host.origin, {
        onFrame: (index) => void late.push(performance.now() - (sent[index] ?? Number.NaN)),
      }),
    );
    // A hundred connections at a time.
    if (n % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const together = await writeAll(host, plan, sent);
  const frames = sent.length;
  for (
    const end = Date.now() + 20_000;
    readers.some((reader) => reader.frames < frames) && Date.now() < end;
  ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  late.sort((a, b) => a - b);
  for (const reader of readers) reader.leave();
  const cpu = alone === null || together === null ? null : together - alone;
  const incomplete = readers.filter((reader) => reader.frames !== frames);
  const bytes = readers.reduce((sum, reader) => sum + reader.bytes, 0);
  const received = readers.reduce((sum, reader) => sum + reader.frames, 0);
  return {
    frames,
    frameBytes: Math.round(bytes / received),
    complete: readers.length - incomplete.length,
    incomplete: incomplete.map((reader) => `${reader.frames} of ${frames} frames: ${reader.closed}`),
    p50: percentile(late, 0.5),
    p99: percentile(late, 0.99),
    cpuPerFrame: cpu === null ? null : (cpu * 1e6) / frames / plan.readers,
  };
}
