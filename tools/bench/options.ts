/** The command line of `npm run bench`. */
import { parseArgs } from "node:util";
import type { Plan } from "./stage.ts";

export interface Options {
  plan: Plan;
  quick: boolean;
  reference: boolean;
  atoll: boolean;
  /** Groups to run; empty: all. */
  only: string[];
  /** Origin of a running host to measure; null: start one. */
  url: string | null;
  out: string | null;
  save: boolean;
}

export const USAGE = `npm run bench -- [options]
  --quick            fewer rounds, sizes and requests: two or three minutes
  --only a,b         groups of measures; --list shows them
  --no-reference     without the reference PDS (it installs itself once)
  --no-atoll         the reference alone
  --rounds n         rounds of each measure (medians are taken over them)
  --sizes 0,1000     repo sizes
  --fill writes      repos get their size by applyWrites, not by importRepo
  --url http://...   a host that runs already, started with REGISTRATION=open RATE_LIMITS=off
  --out file.json    also writes the report there
  --save             also writes docs/bench/spine.json and spine.md
  --list             shows the groups`;

const FULL: Plan = {
  rounds: 3,
  sizes: [0, 1000, 10_000, 100_000],
  writes: 160,
  reads: 3000,
  batches: 8,
  subscribers: 100,
  blobs: 24,
  fill: "import",
};

const QUICK: Plan = { ...FULL, rounds: 1, sizes: [0, 10_000], writes: 60, reads: 800, batches: 3, blobs: 8 };

export function readOptions(args: readonly string[]): Options | "help" | "list" {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      quick: { type: "boolean" },
      only: { type: "string" },
      reference: { type: "boolean" },
      atoll: { type: "boolean" },
      rounds: { type: "string" },
      sizes: { type: "string" },
      fill: { type: "string" },
      url: { type: "string" },
      out: { type: "string" },
      save: { type: "boolean" },
      list: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) return "help";
  if (values.list === true) return "list";
  const quick = values.quick === true;
  const plan = { ...(quick ? QUICK : FULL) };
  if (values.rounds !== undefined) plan.rounds = Number(values.rounds);
  if (values.sizes !== undefined) plan.sizes = values.sizes.split(",").map(Number);
  if (values.fill === "writes") plan.fill = "writes";
  return {
    plan,
    quick,
    reference: values.reference !== false,
    atoll: values.atoll !== false,
    only: values.only?.split(",") ?? [],
    url: values.url ?? null,
    out: values.out ?? null,
    save: values.save === true,
  };
}
