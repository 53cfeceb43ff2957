/** Counts what each operation costs, on a host of the test kit under the paid plan's rules. */
import { type Totals, totalsOf } from "../../kit/network/kit-request.ts";
import { OPERATIONS, OPERATION_NAMES, type Operation, type OperationName } from "./operations.ts";
import { type Stage, makeStage } from "./stage.ts";

/** The mean of one. */
export type Counts = Record<OperationName, Totals>;

/** Enough that the mean holds, though a record's key decides how much of the tree changes with it. */
const TIMES = 20;
/** Samples that are left out. */
const DROPPED = 2;

export const KEYS: readonly (keyof Totals)[] = [
  "requests",
  "objectRequests",
  "databaseRowsRead",
  "databaseRowsWritten",
  "objectRowsRead",
  "objectRowsWritten",
  "fileReads",
  "fileWrites",
];

export async function countOperations(): Promise<Counts> {
  const stage = await makeStage();
  try {
    const counted: Partial<Counts> = {};
    for (const name of OPERATION_NAMES) counted[name] = await count(stage, OPERATIONS[name]);
    return counted as Counts;
  } finally {
    await stage.network.dispose();
  }
}

async function count(stage: Stage, operation: Operation): Promise<Totals> {
  const host = stage.network.host();
  // The cost of a first time alone, such as a copy of an identity, is not counted.
  await operation.run(stage, TIMES);
  await stage.network.settle();
  const samples: Totals[] = [];
  let before = await host.totals();
  for (let time = 0; time < TIMES; time++) {
    await operation.run(stage, time);
    await stage.network.settle();
    const after = await host.totals();
    samples.push(totalsOf((key) => after[key] - before[key]));
    before = after;
  }
  return totalsOf((key) => usual(samples.map((sample) => sample[key])));
}

/** The mean without the highest: the host's own schedule may run beside. */
function usual(values: number[]): number {
  const kept = values.toSorted((a, b) => a - b).slice(0, -DROPPED);
  return Math.round((kept.reduce((sum, value) => sum + value, 0) / kept.length) * 100) / 100;
}
