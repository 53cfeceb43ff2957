/** Whether operations cost more than the project keeps, in words and dollars. */
import { priceOf } from "../../../src/protocol/plan/prices.ts";
import { ACTIVITIES, communityDay } from "./activity.ts";
import { type Counts, KEYS } from "./measure.ts";
import { OPERATIONS, OPERATION_NAMES } from "./operations.ts";

/** Counts of one operation differ a little from run to run: what several share is counted with whichever comes first. */
const NOISE = 1.05;
const NOISE_SHARE = 0.05;
/** Whoever counts asks the stream how far it is, which reads some rows. A million of them cost a tenth of a cent. */
const ASKING = 15;

/** Counts that rose, a sentence each. */
export function rises(kept: Counts, now: Counts): string[] {
  const day = communityDay(10_000, ACTIVITIES.lively);
  return OPERATION_NAMES.flatMap((name) =>
    KEYS.flatMap((key) => {
      const [before, after] = [kept[name]?.[key] ?? 0, now[name][key]];
      if (after <= before + Math.max(key === "objectRowsRead" ? ASKING : NOISE, before * NOISE_SHARE))
        return [];
      const { dollars, unit, label } = priceOf(key);
      const year = ((after - before) * (day[name] ?? 0) * 365 * dollars) / unit;
      return [
        `${OPERATIONS[name].label}: ${label.toLowerCase()} rose from ${before} to ${after}. In a year that costs a community ` +
          `of 10,000 up to $${year.toFixed(2)}. If it is worth that, \`npm run cost -- --count\` keeps the new count.`,
      ];
    }),
  );
}
