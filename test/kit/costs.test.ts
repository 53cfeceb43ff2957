/** What operations use of what Cloudflare bills does not rise unnoticed, and the promises that rest on it hold. */
import { expect, test } from "vitest";
import { ACTIVITIES, communityDay } from "../../tools/bench/cost/activity.ts";
import { basisOf, keptCounts } from "../../tools/bench/cost/basis.ts";
import { billOf } from "../../tools/bench/cost/bill.ts";
import { rises } from "../../tools/bench/cost/compare.ts";
import { countOperations } from "../../tools/bench/cost/measure.ts";
import { personalShares } from "../../tools/bench/cost/report.ts";

const kept = keptCounts();

test("no operation uses more than docs/bench/costs.json says", async () => {
  expect(rises(kept, await countOperations())).toEqual([]);
}, 60_000);

test("a rise is told with its price and the way to accept it", () => {
  const post = { ...kept.post, databaseRowsWritten: kept.post.databaseRowsWritten + 2 };
  expect(rises(kept, { ...kept, post })).toEqual([
    expect.stringMatching(
      /^a post: rows written, databases rose from 5 to 7\. In a year that costs a community of 10,000 up to \$8\.76\. If .*--count/,
    ),
  ]);
  expect(rises(kept, kept)).toEqual([]);
});

test("a heavy day of one person uses at most a quarter of every limit of the free plan", () => {
  const shares = personalShares(basisOf(kept));
  expect(shares.length).toBeGreaterThan(8);
  expect(shares.filter(({ share }) => share > 0.25)).toEqual([]);
});

test("10,000 members who write 60,000 times and read 600,000 times a day cost $25 a month at first", () => {
  const { dollars, items } = billOf(basisOf(kept), communityDay(10_000, ACTIVITIES.lively));
  expect(dollars).toBeLessThanOrEqual(25);
  expect(dollars).toBeGreaterThan(5);
  const [dearest] = items;
  expect(items.every((item) => item.dollars <= (dearest?.dollars ?? 0))).toBe(true);
});
