/** What a month costs: beyond what the plan holds, and no less than its price. */
import { expect, test } from "vitest";
import { type Use, dollarsFor, monthDollars, shareOfFree } from "../../../src/protocol/plan/bill.ts";
import { AS_OF, PAID_DOLLARS, RESOURCES, SOURCES, priceOf } from "../../../src/protocol/plan/prices.ts";

const nothing = Object.fromEntries(RESOURCES.map((resource) => [resource, 0])) as Use;

test("a month of nothing costs the plan's price", () => {
  expect(monthDollars(nothing)).toBe(PAID_DOLLARS);
  for (const resource of RESOURCES) expect(dollarsFor(resource, priceOf(resource).included)).toBe(0);
});

test("the community of the design costs what the design says", () => {
  // 10,000 accounts, 18 million requests a month, 50 GB of repos, 8 GB of index, 100 GB of files.
  const month: Use = {
    ...nothing,
    requests: 18e6,
    cpu: 108e6,
    objectRequests: 13e6,
    objectRowsWritten: 20e6,
    databaseRowsWritten: 25e6,
    databaseRowsRead: 1.8e9,
    objectBytes: 50e9,
    databaseBytes: 8e9,
    fileBytes: 100e9,
  };
  expect(dollarsFor("requests", month.requests)).toBeCloseTo(2.4);
  expect(dollarsFor("cpu", month.cpu)).toBeCloseTo(1.56);
  expect(dollarsFor("objectRequests", month.objectRequests)).toBeCloseTo(1.8);
  expect(dollarsFor("objectBytes", month.objectBytes)).toBeCloseTo(9);
  expect(dollarsFor("databaseBytes", month.databaseBytes)).toBeCloseTo(2.25);
  expect(dollarsFor("fileBytes", month.fileBytes)).toBeCloseTo(1.35);
  expect(monthDollars(month)).toBeCloseTo(23.36);
});

test("files are charged by whole units", () => {
  expect(dollarsFor("fileBytes", 10e9 + 1)).toBeCloseTo(0.015);
  expect(dollarsFor("fileWrites", 1e6 + 1)).toBeCloseTo(4.5);
});

test("a limit of a day is held against a day, one of a month against a month", () => {
  expect(shareOfFree("requests", 50_000, 1_500_000)).toBe(0.5);
  expect(shareOfFree("fileWrites", 1_000, 250_000)).toBe(0.25);
  expect(shareOfFree("databaseBytes", 1e9, 1e9)).toBe(0.2);
  expect(shareOfFree("cpu", 1e9, 1e9)).toBeNull();
});

test("the prices say of when they are, and where they were read", () => {
  expect(new Date(AS_OF).toISOString().slice(0, 10)).toBe(AS_OF);
  for (const source of SOURCES) expect(new URL(source).hostname).toBe("developers.cloudflare.com");
});
