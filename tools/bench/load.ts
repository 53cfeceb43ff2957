/** Closed-loop load: each client sends its next request when its last one is answered. */
import { performance } from "node:perf_hooks";
import { cpuSeconds } from "./process.ts";

export interface Load {
  /** Time of each request in ms, sorted. */
  ms: number[];
  /** Wall-clock time from the start to the last answer. */
  seconds: number;
  /** CPU seconds of the server's process in that time; null if not known. */
  cpu: number | null;
}

export async function runLoad(
  pid: number | null,
  clients: number,
  requests: number,
  step: (index: number, client: number) => Promise<{ ms: number }>,
): Promise<Load> {
  const ms: number[] = [];
  let next = 0;
  const worker = async (client: number) => {
    while (next < requests) {
      const { ms: took } = await step(next++, client);
      ms.push(took);
    }
  };
  const before = cpuSeconds(pid);
  const begun = performance.now();
  await Promise.all(Array.from({ length: clients }, (_, client) => worker(client)));
  const seconds = (performance.now() - begun) / 1000;
  const after = cpuSeconds(pid);
  ms.sort((a, b) => a - b);
  return { ms, seconds, cpu: before === null || after === null ? null : after - before };
}

/** The percentile of sorted values for a `share` from 0 to 1, by nearest rank. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export function cpuPerThousand(load: Load): number | null {
  return load.cpu === null ? null : (load.cpu * 1000) / load.ms.length;
}

export function perSecond(load: Load): number {
  return load.ms.length / load.seconds;
}
