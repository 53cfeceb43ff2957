/** The costs of a host, as tables and as a plot. */
import { shareOfFree } from "../../../src/protocol/plan/bill.ts";
import {
  AS_OF,
  PAID_DOLLARS,
  RESOURCES,
  type Resource,
  SOURCES,
  priceOf,
} from "../../../src/protocol/plan/prices.ts";
import { figure } from "../print-table.ts";
import { ACTIVITIES, type Day, PERSONAL_DAY, communityDay } from "./activity.ts";
import { type Basis, DAYS, billOf, shareOfIndex, useOfDay } from "./bill.ts";
import { KEYS } from "./measure.ts";
import { OPERATIONS, OPERATION_NAMES } from "./operations.ts";

export const SIZES = [100, 300, 1_000, 3_000, 10_000, 30_000, 100_000] as const;

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");

const dollars = (number: number): string => `$${number.toFixed(2)}`;
const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
const whole = (number: number): string => Math.round(number).toLocaleString("en");

const HEADS: Record<(typeof KEYS)[number], string> = {
  requests: "requests",
  objectRequests: "calls of objects",
  databaseRowsRead: "D1 rows read",
  databaseRowsWritten: "D1 rows written",
  objectRowsRead: "object rows read",
  objectRowsWritten: "object rows written",
  fileReads: "files read",
  fileWrites: "files stored",
};

/** The use of each operation. */
export const operationsTable = ({ counts }: Basis): string =>
  table(
    ["", ...KEYS.map((key) => HEADS[key])],
    OPERATION_NAMES.map((name) => [
      OPERATIONS[name].label,
      ...KEYS.map((key) => (counts[name][key] === 0 ? "" : figure(counts[name][key]))),
    ]),
  );

/** The price of a month, by members and activity, and what most of it is for. */
export const billTable = (basis: Basis): string =>
  table(
    [
      "members",
      ...Object.entries(ACTIVITIES).map(
        ([name, { writes, reads }]) => `${name}: ${writes} writes, ${reads} reads`,
      ),
      "lively, after a year",
      "of which most is for",
    ],
    SIZES.map((members) => {
      const days = Object.values(ACTIVITIES).map((each) => communityDay(members, each));
      const later = billOf(basis, communityDay(members, ACTIVITIES.lively), 1);
      const items = later.items
        .slice(0, 3)
        .map(({ resource, dollars: price }) => `${priceOf(resource).label.toLowerCase()} ${dollars(price)}`);
      return [
        whole(members),
        ...days.map((day) => dollars(billOf(basis, day).dollars)),
        dollars(later.dollars),
        items.join(", ") || "nothing beyond the plan",
      ];
    }),
  );

/** Events that the sequencer numbers in a second at the most: the platform's soft limit of an object. */
const APPENDS = 1_000;
/** How much more than the mean happens in a day's busiest second. */
const PEAK = 10;

/** Where a host on the paid plan comes to its end, by activity. */
export const limitTable = (basis: Basis): string =>
  table(
    ["", ...Object.keys(ACTIVITIES)],
    [
      [
        "months until the index has 10 GB, with 10,000 members",
        (each: Activity) => 12 / shareAfterYear(basis, 10_000, each),
      ],
      [
        "members with whom it has 10 GB after a year",
        (each: Activity) => 10_000 / shareAfterYear(basis, 10_000, each),
      ],
      [
        `members who write ${whole(APPENDS)} events in the busiest second`,
        ({ writes }: Activity) => (APPENDS * 86_400) / (writes * PEAK),
      ],
    ].map(([label, of]) => [
      String(label),
      ...Object.values(ACTIVITIES).map((each) => (typeof of === "function" ? whole(of(each)) : "")),
    ]),
  );

type Activity = (typeof ACTIVITIES)[keyof typeof ACTIVITIES];

const shareAfterYear = (basis: Basis, members: number, activity: Activity): number =>
  shareOfIndex(billOf(basis, communityDay(members, activity), 1).use);

/** The share of each daily limit of the free plan that a day uses, the largest first. */
export function sharesOfFree(basis: Basis, day: Day): { resource: Resource; share: number }[] {
  const use = useOfDay(basis, day);
  return RESOURCES.flatMap((resource) => {
    const share = shareOfFree(resource, use[resource], use[resource] * DAYS);
    return share === null ? [] : [{ resource, share }];
  }).toSorted((a, b) => b.share - a.share);
}

/** One person's host is as small as the one on which was counted. */
const small = ({ counts }: Basis): Basis => ({ counts, large: new Map() });

/** The shares of the free plan's limits that a heavy day of one person uses. */
export const personalShares = (basis: Basis) => sharesOfFree(small(basis), PERSONAL_DAY);

const personalTable = (basis: Basis): string =>
  table(
    ["limit of the free plan", "a heavy day"],
    personalShares(basis).map(({ resource, share }) => [
      `${priceOf(resource).label}, ${priceOf(resource).free?.per === "kept" ? "after a year of such days" : `a ${priceOf(resource).free?.per ?? ""}`}`,
      percent(share),
    ]),
  );

/** With how many members each limit of the free plan is reached, if each is quiet. */
const freeTable = (basis: Basis): string =>
  table(
    ["limit of the free plan", "reached with so many quiet members"],
    sharesOfFree(basis, communityDay(1_000, ACTIVITIES.quiet))
      .filter(({ share }) => share > 0.001)
      .map(({ resource, share }) => [priceOf(resource).label, whole(1_000 / share)]),
  );

/** The whole report. */
export const report = (basis: Basis, made: string): string => `# What a host costs

\`npm run cost\`, ${made}. Prices of Cloudflare's in US dollars as of ${AS_OF}, from ${SOURCES.join(", ")}.
Processor time and the time that objects are awake are reckoned from the benchmarks; all else is counted.

## What each operation uses

Counted on a host of ten members, with somebody who listens to its events.

${operationsTable(basis)}

## What a month costs on the paid plan

Writes and reads are those of a member on one day. Reads pass as many rows, and compute as long, as in a community of
10,000 (community.md). The plan itself is ${dollars(PAID_DOLLARS)}, which every amount includes. The first amounts are those
of a first month; later, what has been written is kept as well.

${billTable(basis)}

![What a month costs, by members](costs.svg)

### Where the paid plan ends

${limitTable(basis)}

## One person, on the free plan

A heavy day: 100 posts, 500 likes, 20 sign-ins, 2,000 pictures, six relays and apps that listen, and 20,000 public reads:
16,000 of records, by programs, and 4,000 of pages.

${personalTable(basis)}

## How far the free plan goes

${freeTable(basis)}
`;
