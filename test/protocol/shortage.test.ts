/** What the free plan's limits of a day make the host let go, and when. */
import { describe, expect, test } from "vitest";
import { RESOURCES, type Resource, priceOf } from "../../src/protocol/plan/prices.ts";
import {
  OF_A_DAY,
  STEPS,
  type Shortage,
  isLetGo,
  isSpent,
  lettingGo,
  nextMidnight,
  retryAfter,
  shortageOf,
} from "../../src/protocol/plan/shortage.ts";

const NOON = Date.UTC(2026, 10, 30, 12);
const nothing = Object.fromEntries(RESOURCES.map((resource) => [resource, 0])) as Record<Resource, number>;
const used = (resource: Resource, share: number) => ({
  ...nothing,
  [resource]: (priceOf(resource).free?.most ?? 0) * share,
});

describe("a day's use", () => {
  test.each(OF_A_DAY)("of %s reaches the steps one by one", (resource) => {
    expect(shortageOf(used(resource, 0.799), NOON)).toBeNull();
    STEPS.forEach(({ from }, step) => {
      expect(shortageOf(used(resource, from), NOON)).toMatchObject({
        step,
        resource,
        until: NOON + 43_200_000,
      });
    });
    expect(shortageOf(used(resource, 3), NOON)).toMatchObject({ step: STEPS.length - 1, share: 3 });
  });

  test("counts by what is nearest to its limit", () => {
    const both = { ...used("requests", 0.86), databaseRowsWritten: 97_000 };
    expect(shortageOf(both, NOON)).toMatchObject({ resource: "databaseRowsWritten", step: 3 });
  });

  test("of what has no limit of a day reaches none", () => {
    for (const resource of RESOURCES.filter((each) => !OF_A_DAY.includes(each)))
      expect(shortageOf({ ...nothing, [resource]: 1e15 }, NOON)).toBeNull();
  });
});

test("each step keeps what those before it let go, and none lets the same go twice", () => {
  const at = (step: number): Shortage => ({ step, resource: "requests", share: 1, until: NOON });
  const all = STEPS.flatMap(({ letsGo }) => letsGo);
  expect(new Set(all).size).toBe(all.length);
  expect(lettingGo(at(0))).toEqual([]);
  expect(lettingGo(at(3))).toEqual(all);
  expect([isLetGo(at(1), "crawls"), isLetGo(at(2), "crawls"), isLetGo(at(3), "crawls")]).toEqual([
    false,
    true,
    true,
  ]);
  expect(isLetGo(null, "resizing")).toBe(false);
  expect(isLetGo(undefined, "resizing")).toBe(false);
  expect(STEPS.map(({ from }) => from)).toEqual(STEPS.map(({ from }) => from).toSorted((a, b) => a - b));
});

test("Cloudflare counts anew at the next midnight (UTC), which is never now", () => {
  const midnight = Date.UTC(2026, 11, 1);
  expect(nextMidnight(NOON)).toBe(midnight);
  expect(nextMidnight(midnight)).toBe(midnight + 86_400_000);
  expect(retryAfter(midnight, NOON)).toEqual({ "retry-after": "43200" });
  expect(retryAfter(midnight, midnight - 1)).toEqual({ "retry-after": "1" });
});

test.each<[unknown, boolean]>([
  [new Error("D1_ERROR: Your account has exceeded D1's free tier daily row read limit. It resets at"), true],
  [new Error("D1_ERROR: Your account has exceeded D1's free tier daily row write limit."), true],
  [new Error("Exceeded allowed rows written in Durable Objects free tier."), true],
  [new Error("Exceeded allowed duration in Durable Objects free tier."), true],
  [
    new Error("D1_ERROR: x", { cause: new Error("You have exceeded D1's free tier daily row read limit") }),
    true,
  ],
  [new Error("D1_ERROR: no such table: post"), false],
  [new Error("D1 DB is overloaded. Too many requests queued."), false],
  ["exceeded D1's free tier daily row read limit", false],
  [null, false],
])("%s is a limit that is passed: %s", (thrown, is) => {
  expect(isSpent(thrown)).toBe(is);
});
