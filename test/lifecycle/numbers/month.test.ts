/** What the host uses: today, and in the month as it will be. */
import { expect, test } from "vitest";
import type { CountedDay, DayNumbers } from "../../../src/lifecycle/numbers/days.ts";
import { type Present, planUse } from "../../../src/lifecycle/numbers/month.ts";

const DAY = 24 * 60 * 60 * 1000;
/** The eleventh of June at noon: of thirty days, ten and a half are over. */
const NOON = Date.UTC(2026, 5, 11, 12);

/** A day on which 1,000 requests and 100 changes came, and those before it. */
function counted(n: number, from = n, more: Partial<DayNumbers> = {}): CountedDay {
  const at = Date.UTC(2026, 5, n);
  return {
    day: new Date(at).toISOString().slice(0, 10),
    numbers: {
      at,
      requests: from * 1_000,
      rowsRead: from * 50_000,
      rowsWritten: from * 500,
      written: 7_000_000 + from * 100,
      files: from * 10,
      ...more,
    },
  };
}

const present = (days: number, more: Partial<Present> = {}): Present => ({
  at: NOON,
  used: { requests: days * 1_000, rowsRead: days * 50_000, rowsWritten: days * 500 },
  sizes: { day: "2026-06-11", repoBytes: 3e9, files: days * 10, heldBytes: 0, fileBytes: 4e9 },
  firehose: { seq: 7_000_000 + days * 100, oldest: 7_000_000 },
  archiveBytes: 1e6,
  ...more,
});

const days = Array.from({ length: 11 }, (_, i) => counted(i + 1));

test("today is what came since the day was counted", () => {
  const { today } = planUse(days, present(11.5));
  expect(today.requests).toBeCloseTo(500 + 864);
  expect(today.databaseRowsWritten).toBeCloseTo(250 + 50 * 6 + 250);
  expect(today.objectRowsWritten).toBeCloseTo(50 * 7);
  expect(today.fileWrites).toBeCloseTo(5);
});

test("the month goes on as its last seven days did", () => {
  const { month, dollars, since } = planUse(days, present(11.5));
  expect(month.requests).toBeCloseTo(30 * (1_000 + 1_728));
  expect(month.objectRowsWritten).toBeCloseTo(30 * 700);
  expect(month.fileWrites).toBeCloseTo(300);
  expect(dollars).toBe(5);
  expect(since).toBe("2026-06-01");
});

test("what quickened within the last week is what goes on", () => {
  const quick = days.map((day, i) => (i < 4 ? day : counted(i + 1, i + 1 + (i - 3) * 9)));
  const { month } = planUse(quick, present(11.5 + 7.5 * 9));
  const soFar = 78_000;
  expect(month.requests - 30 * 1_728).toBeCloseTo(soFar + 19.5 * ((78_000 - 3_000) / 7.5), -4);
});

test("a host's first hour is no day", () => {
  const begun = counted(11, 0, { at: NOON - 3_600_000, written: undefined });
  const { month } = planUse([begun], present(1));
  // Twenty days are left, of a thousand requests each.
  expect(month.requests).toBeLessThan(21 * (1_000 + 1_728));
  expect(month.objectRowsWritten).toBeLessThan(21 * 101 * 7);
});

test("of a host that was never counted, nothing is said", () => {
  const { today, month, since, dollars } = planUse([], present(9));
  expect([today.requests, month.requests, month.objectRowsWritten, since, dollars]).toEqual([
    0,
    0,
    0,
    null,
    5,
  ]);
});

test("days of an earlier version, which lack counts, count as none", () => {
  const old = { day: "2026-06-11", numbers: { members: 5, written: 7_001_000 } };
  const { today } = planUse([old], present(11.5));
  expect(today.objectRowsWritten).toBeCloseTo(150 * 7);
  expect(today.fileWrites).toBe(0);
});

test("a directory that was restored from an older copy shows no negative use", () => {
  const { today } = planUse(days, present(2));
  for (const [resource, used] of Object.entries(today)) expect(used, resource).toBeGreaterThanOrEqual(0);
});

test("storage is told by kind, and a month charges what there is", () => {
  const kept = counted(11, 11, { directoryBytes: 1e9, indexBytes: 6e9, streamBytes: 2e9 });
  const { kept: found, dollars } = planUse([...days.slice(0, 10), kept], present(11.5));
  expect(found.byKind).toEqual({
    repos: 3e9,
    files: 4e9,
    index: 6e9,
    directory: 1e9,
    stream: 2e9,
    archives: 1e6,
  });
  // Two gigabytes of databases beyond what the plan holds.
  expect(dollars).toBeCloseTo(5 + 2 * 0.75);
  expect(NOON % DAY).toBe(DAY / 2);
});
