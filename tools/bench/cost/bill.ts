/** From counts of operations and a day's activity to what a month uses, and costs. */
import type { Totals } from "../../kit/index.ts";
import { type Use, dollarsFor, monthDollars } from "../../../src/protocol/plan/bill.ts";
import { DATABASE_BYTES, RESOURCES, type Resource, priceOf } from "../../../src/protocol/plan/prices.ts";
import { CPU_MS, objectTimeOf } from "../../../src/lifecycle/numbers/use.ts";
import type { Day } from "./activity.ts";
import type { Counts } from "./measure.ts";
import { OPERATIONS, OPERATION_NAMES, type Operation, type OperationName } from "./operations.ts";

/** The cost of a read in a large community, by its name in docs/bench/community.json. */
export type LargeReads = ReadonlyMap<string, { rowsRead: number; cpu: number }>;

export const DAYS = 30.4;
const FIRST_MONTH = 1 / 24;
/** Bytes that a record takes: measured over 2,000 posts and likes. */
const RECORD_BYTES = { repo: 630, index: 680 };
const PICTURE_BYTES = 300_000;
/** A write changes one record. */
const WRITES: readonly OperationName[] = ["post", "reply", "picture", "like", "repost", "follow"];

export interface Basis {
  counts: Counts;
  large: LargeReads;
}

const counted = ({ counts, large }: Basis, name: OperationName): Totals & { cpu: number } => {
  const operation: Operation = OPERATIONS[name];
  const read = operation.read === undefined ? undefined : large.get(operation.read);
  const isWrite = WRITES.includes(name) || name === "deletion";
  return {
    ...counts[name],
    cpu: read?.cpu ?? (isWrite ? CPU_MS.change : CPU_MS.request),
    // A large community's reads pass more rows than those of the stage.
    databaseRowsRead: Math.max(counts[name].databaseRowsRead, read?.rowsRead ?? 0),
  };
};

/** The use of a day. What is kept is what so many years of such days have left. */
export function useOfDay(basis: Basis, day: Day, years = 1): Use {
  const sum = (of: (name: OperationName) => number) =>
    OPERATION_NAMES.reduce((all, name) => all + (day[name] ?? 0) * of(name), 0);
  const costs = Object.fromEntries(OPERATION_NAMES.map((name) => [name, counted(basis, name)]));
  const of = (key: keyof Totals | "cpu") => sum((name) => costs[name]?.[key] ?? 0);
  const records = WRITES.reduce((all, name) => all + (day[name] ?? 0), 0) * 365 * years;
  const objectRequests = of("objectRequests");
  return {
    requests: of("requests"),
    cpu: of("cpu"),
    databaseRowsWritten: of("databaseRowsWritten"),
    databaseRowsRead: of("databaseRowsRead"),
    objectRowsWritten: of("objectRowsWritten"),
    objectRowsRead: of("objectRowsRead"),
    objectRequests,
    objectTime: objectTimeOf(objectRequests),
    databaseBytes: records * RECORD_BYTES.index,
    objectBytes: records * RECORD_BYTES.repo,
    fileBytes: (day.picture ?? 0) * 365 * years * PICTURE_BYTES,
    fileWrites: of("fileWrites"),
    fileReads: of("fileReads"),
  };
}

export function useOfMonth(basis: Basis, day: Day, years: number): Use {
  const use = useOfDay(basis, day, years);
  const of = (resource: Resource) => use[resource] * (priceOf(resource).kept ? 1 : DAYS);
  return Object.fromEntries(RESOURCES.map((resource) => [resource, of(resource)])) as Use;
}

export interface Bill {
  use: Use;
  dollars: number;
  /** Resources used beyond the plan, the dearest first. */
  items: { resource: Resource; dollars: number }[];
}

/** @param years for how long what was written is kept: half a month is the first month */
export function billOf(basis: Basis, day: Day, years: number = FIRST_MONTH): Bill {
  const use = useOfMonth(basis, day, years);
  const items = RESOURCES.map((resource) => ({ resource, dollars: dollarsFor(resource, use[resource]) }))
    .filter(({ dollars }) => dollars >= 0.01)
    .toSorted((a, b) => b.dollars - a.dollars);
  return { use, dollars: monthDollars(use), items };
}

/** The share of the index's database that a year's records take, 1 being all. */
export const shareOfIndex = (use: Use): number => use.databaseBytes / DATABASE_BYTES.paid;
