/**
 * Rate limits over fixed windows. They are exact, because one object sees every request. All functions are
 * pure: the caller supplies the time, and keeps the state where it costs least.
 */
import { Refusal } from "../protocol/refusal.ts";

/** `[window start in ms, count]` for each limit, in the limits' order. */
export type Counts = [start: number, count: number][];

export interface Limit {
  windowMs: number;
  points: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Repo writes: a create costs 3 points, an update 2, a delete 1. */
export const WRITE_LIMITS: readonly Limit[] = [
  { windowMs: HOUR, points: 5000 },
  { windowMs: DAY, points: 35_000 },
];
/** Sign-in attempts from one source. */
export const SIGN_IN_LIMITS: readonly Limit[] = [
  { windowMs: 5 * 60_000, points: 30 },
  { windowMs: DAY, points: 300 },
];
export const UPLOAD_LIMITS: readonly Limit[] = [{ windowMs: DAY, points: 1000 }];

function current(limits: readonly Limit[], counts: Counts, now: number): Counts {
  return limits.map((limit, i) => {
    const [start, count] = counts[i] ?? [0, 0];
    return now - start < limit.windowMs ? [start, count] : [now, 0];
  });
}

export interface Excess {
  limit: Limit;
  remaining: number;
  resetAt: number;
}

/** Returns the counts with `points` added. If that exceeds a limit, adds nothing and returns the excess. */
export function consume(
  limits: readonly Limit[],
  counts: Counts,
  points: number,
  now: number,
): { counts: Counts; excess: null } | { counts: Counts; excess: Excess } {
  const at = current(limits, counts, now);
  for (const [i, limit] of limits.entries()) {
    const [start, count] = at[i] ?? [now, 0];
    if (count + points > limit.points) {
      return {
        counts: at,
        excess: { limit, remaining: limit.points - count, resetAt: start + limit.windowMs },
      };
    }
  }
  return { counts: at.map(([start, count]) => [start, count + points]), excess: null };
}

export const POINTS = { create: 3, update: 2, delete: 1 } as const;

/** Refusal RateLimitExceeded (429), with the headers by which clients pace themselves. */
export function rateLimited({ limit, remaining, resetAt }: Excess): Refusal {
  return new Refusal("RateLimitExceeded", "Rate Limit Exceeded", 429, {
    "ratelimit-limit": String(limit.points),
    "ratelimit-remaining": String(Math.max(0, remaining)),
    "ratelimit-reset": String(Math.ceil(resetAt / 1000)),
    "ratelimit-policy": `${limit.points};w=${limit.windowMs / 1000}`,
  });
}
