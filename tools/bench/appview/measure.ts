/** Measures each view with one client, the sides in turn: its time, and the CPU of its server. */
import { comparable, firstDifference, itemsIn } from "./compare.ts";
import type { PlantedCommunity } from "./community.ts";
import type { Side, View } from "./views.ts";
import { percentile } from "../load.ts";
import { cpuMsEach } from "../measure.ts";
import { treeCpuSeconds } from "../process.ts";

/** Requests before anything is measured: both runtimes compile hot code. */
const WARM_UP = 40;
/** Number of answers to compare: one per member. */
const COMPARED = 20;

export interface Plan {
  rounds: number;
  /** Requests for each view at each side, per round. */
  requests: number;
}

export interface SideFigures {
  p50: number;
  p99: number;
  /** CPU of the server per request, ms; null if not known. */
  cpu: number | null;
  /** CPU of separate database processes per request, ms; null if there are none. */
  databases: number | null;
  /** Mean size of an answer's body. */
  bytes: number;
  /** Fewest items on a page; null if the answer is no list. */
  items: number | null;
}

export interface ViewFigures {
  name: string;
  /** By the title of the side. */
  sides: Record<string, SideFigures>;
}

interface Samples {
  ms: number[];
  server: number | null;
  databases: number | null;
  bytes: number;
  items: number | null;
}

export async function measureView(view: View, sides: readonly Side[], plan: Plan): Promise<ViewFigures> {
  const samples = new Map<Side, Samples>();
  for (const side of sides) {
    samples.set(side, { ms: [], server: 0, databases: 0, bytes: 0, items: null });
    for (let n = 0; n < WARM_UP; n++) await side.ask(view, n);
  }
  for (let round = 0; round < plan.rounds; round++) {
    // Each round starts with a different side.
    for (let i = 0; i < sides.length; i++) {
      const side = sides[(i + round) % sides.length];
      const into = side && samples.get(side);
      if (into !== undefined && side !== undefined) await askRound(view, side, plan.requests, into);
    }
  }
  const figures = [...samples].map(([{ title }, found]) => [title, figuresOf(found)] as const);
  return { name: view.name, sides: Object.fromEntries(figures) };
}

async function askRound(view: View, { ask, pids }: Side, requests: number, into: Samples): Promise<void> {
  const server = treeCpuSeconds(pids.server);
  const databases = treeCpuSeconds(pids.databases);
  const replies = [];
  for (let n = 0; n < requests; n++) replies.push(await ask(view, n));
  into.server = add(into.server, since(server, treeCpuSeconds(pids.server)));
  into.databases = add(into.databases, since(databases, treeCpuSeconds(pids.databases)));
  for (const reply of replies) {
    into.ms.push(reply.ms);
    into.bytes += reply.body.length;
    const items = itemsIn(reply, view.list);
    if (items !== null) into.items = Math.min(items, into.items ?? items);
  }
}

const since = (before: number | null, after: number | null) =>
  before === null || after === null ? null : after - before;

const add = (a: number | null, b: number | null) => (a === null || b === null ? null : a + b);

function figuresOf({ ms, server, databases, bytes, items }: Samples): SideFigures {
  const sorted = ms.toSorted((a, b) => a - b);
  return {
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    cpu: cpuMsEach(server, sorted.length),
    databases: cpuMsEach(databases, sorted.length),
    bytes: bytes / sorted.length,
    items,
  };
}

export interface Comparison {
  /** Number of equal answers, out of `compared`. */
  same: number;
  compared: number;
  /** Up to three differences, each with the reference's value, then ours. */
  differences: string[];
}

/** Compares both sides' answers to the same requests. */
export async function compareView(
  view: View,
  [one, another]: readonly [Side, Side],
  [onOne, onAnother]: readonly [PlantedCommunity, PlantedCommunity],
): Promise<Comparison> {
  const differences = new Set<string>();
  let same = 0;
  for (let n = 0; n < COMPARED; n++) {
    const answers = [
      comparable(await one.ask(view, n), onOne),
      comparable(await another.ask(view, n), onAnother),
    ];
    const difference = firstDifference(answers[0], answers[1]);
    if (difference === null) same++;
    else differences.add(difference);
  }
  return { same, compared: COMPARED, differences: [...differences].slice(0, 3) };
}
