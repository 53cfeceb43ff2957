/**
 * The cost of readers to a community of 10,000, from counts: calls of fan-out objects, the time that they take, and
 * rows written, for some writes that come one by one, as they do there. The host has sockets that hibernate,
 * as on Cloudflare, where an object that only waits is not billed.
 */
import { startHost } from "../../dev/host.ts";
import { xrpc } from "../../dev/xrpc-client.ts";
import { type DoorStatus, type OpenHost, startOpenHost } from "../open-host.ts";
import { FrameReader } from "./reader.ts";
import { Writers } from "./writers.ts";

/** Writes of a community of 10,000 in a day. */
const WRITES_A_DAY = 60_000;
/** GB of a Durable Object, as it is billed. */
const OBJECT_GB = 0.128;

export interface CountFigures {
  readers: number;
  objects: number;
  /** Of one write. */
  calls: number;
  ms: number;
  rows: number;
  /** Of a day of the community. */
  callsADay: number;
  objectSecondsADay: number;
  gbSecondsADay: number;
  rowsADay: number;
}

async function readersOf(host: OpenHost): Promise<number> {
  const params = { hostname: new URL(host.origin).hostname };
  const { streams } = (await xrpc(host.origin, "com.atproto.sync.getHostStatus", { params })) as {
    streams: { readers: number }[];
  };
  return streams.reduce((sum, { readers }) => sum + readers, 0);
}

/** Measures on data of its own in `folder`. */
export async function runCounts(
  folder: string,
  crowds: readonly number[],
  writes: number,
): Promise<CountFigures[]> {
  const made = await startHost({ dataDir: folder });
  await made.stop();
  const host = await startOpenHost(folder);
  try {
    return await count(host, crowds, writes);
  } finally {
    await host.stop();
  }
}

async function count(host: OpenHost, crowds: readonly number[], writes: number): Promise<CountFigures[]> {
  const writers = await Writers.signUp(host.origin, 1);
  const found: CountFigures[] = [];
  const readers: FrameReader[] = [];
  for (const wanted of [0, ...crowds]) {
    while (readers.length < wanted) readers.push(new FrameReader(host.origin));
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const arrived = await readersOf(host);
    if (arrived !== wanted) throw new Error(`${arrived} of ${wanted} readers came`);
    const before = await host.status();
    for (let n = 0; n < writes; n++) {
      await writers.write(false);
      // Longer than events are gathered for the largest crowd, as 1.4 s between two writes would be.
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    found.push(figuresOf(wanted, before, await host.status(), writes));
  }
  for (const reader of readers) reader.leave();
  return found;
}

function figuresOf(readers: number, before: DoorStatus, after: DoorStatus, writes: number): CountFigures {
  const calls = (after.flights - before.flights) / writes;
  const ms = (after.flightMs - before.flightMs) / writes;
  const rows = (after.rows - before.rows) / writes;
  const seconds = (ms * WRITES_A_DAY) / 1000;
  return {
    readers,
    objects: Math.round(calls),
    calls,
    ms,
    rows,
    callsADay: calls * WRITES_A_DAY,
    objectSecondsADay: seconds,
    gbSecondsADay: seconds * OBJECT_GB,
    rowsADay: rows * WRITES_A_DAY,
  };
}
