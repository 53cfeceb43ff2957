/** One client, the sides in turn: how long each view takes, and what it costs its server. */
import { comparable, firstDifference, itemsIn } from "./compare.ts";
import type { PlantedCommunity } from "./community.ts";
import type { Side, View } from "./views.ts";
import { percentile } from "../load.ts";
import { cpuMsEach } from "../measure.ts";
import { treeCpuSeconds } from "../process.ts";

/** Before anything is measured: both runtimes compile what they see often. */
const WARM_UP = 40;
/** So many answers are compared: one for each member. */
const COMPARED = 20;

export interface Plan {
  rounds: number;
  /** Of each view at each side, in one round. */
  requests: number;
}

export interface SideFigures {
  p50: number;
  p99: number;
  /** CPU of the server, ms each; null where it is not known. */
  cpu: number | null;
  /** CPU of databases that are processes of their own, ms each; null where there are none. */
  databases: number | null;
  /** Of an answer's body, on average. */
  bytes: number;
  /** On a page, at the least; null where the answer is no list. */
  items: number | null;
}

export interface ViewFigures {
  name: string;
  /** By the side's title. */
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
    // Each round begins with another side.
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
  /** Answers that are the same, of so many. */
  same: number;
  compared: number;
  /** Where the first others differ: the reference's value, then ours. */
  differences: string[];
}

/** Whether both sides answer the same to the same question. */
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
