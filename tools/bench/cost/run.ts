/**
 * `npm run cost` says what a host costs a month. `--count` counts anew what each operation uses, and keeps it in
 * docs/bench with the whole report.
 */
import { parseArgs } from "node:util";
import { priceOf } from "../../../src/protocol/plan/prices.ts";
import { describeMachine } from "../machine.ts";
import { communityDay } from "./activity.ts";
import { basisOf, keepCounts, keepReport, keptCounts } from "./basis.ts";
import { billOf } from "./bill.ts";
import { countOperations } from "./measure.ts";
import { plotOf } from "./plot.ts";
import { billTable, operationsTable, report } from "./report.ts";

const HELP = `npm run cost -- [options]
  --members n   what a host of n members costs a month on the paid plan
  --writes n    a member's writes on one day (6)
  --reads n     a member's reads on one day (60)
  --count       counts anew what each operation uses, and writes docs/bench/costs.json, costs.md and costs.svg
`;

const { values } = parseArgs({
  options: {
    members: { type: "string" },
    writes: { type: "string", default: "6" },
    reads: { type: "string", default: "60" },
    count: { type: "boolean" },
    help: { type: "boolean" },
  },
});

function numberOf(name: "members" | "writes" | "reads", text: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && number >= 0) return number;
  console.error(`--${name} is ${JSON.stringify(text)}, which is no number.\n\n${HELP}`);
  process.exit(2);
}

function showOne(members: string): void {
  const activity = { writes: numberOf("writes", values.writes), reads: numberOf("reads", values.reads) };
  const bill = billOf(basisOf(keptCounts()), communityDay(numberOf("members", members), activity));
  console.log(`$${bill.dollars.toFixed(2)} a month, of which the plan is $5.00`);
  for (const { resource, dollars } of bill.items)
    console.log(`  $${dollars.toFixed(2).padStart(7)}  ${priceOf(resource).label}`);
}

async function countAnew(): Promise<void> {
  const counts = await countOperations();
  keepCounts(counts);
  const { commit, date } = describeMachine();
  const basis = basisOf(counts);
  keepReport(report(basis, `counted at ${commit}, ${date.slice(0, 10)}`), plotOf(basis));
  console.log(operationsTable(basis));
}

if (values.help) console.log(HELP);
else if (values.count) await countAnew();
else if (values.members !== undefined) showOne(values.members);
else console.log(billTable(basisOf(keptCounts())));
process.exit(0);
