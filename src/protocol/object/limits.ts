/**
 * Rate limits over fixed windows. They are exact where one object sees every request. All functions are pure:
 * the caller supplies the time, and keeps the state where it costs least.
 */
import { Refusal } from "../refusal.ts";

/** `[window start in ms, count]` for each limit, in the limits' order. */
export type Counts = [start: number, count: number][];

/** Reads stored counts. What is none counts as nothing used: no account is lost over its limits. */
export function countsIn(text: string): Counts {
  try {
    const value: unknown = JSON.parse(text);
    const pairs: unknown[] = Array.isArray(value) ? value : [];
    return pairs.every(isPair) ? pairs : [];
  } catch {
    return [];
  }
}

const isPair = (value: unknown): value is Counts[number] =>
  Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);

/** `points` within `windowMs`, in windows that begin with the first use. */
export interface Limit {
  windowMs: number;
  points: number;
}

function current(limits: readonly Limit[], counts: Counts, now: number): Counts {
  return limits.map((limit, i) => {
    const [start, count] = counts[i] ?? [0, 0];
    return now - start < limit.windowMs ? [start, count] : [now, 0];
  });
}

/** How much of a limit is left. `resetAt` in milliseconds since the epoch. */
export interface LimitState {
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
): { counts: Counts; excess: null } | { counts: Counts; excess: LimitState } {
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

/** Refusal RateLimitExceeded (429), with the headers by which clients pace themselves. */
export function rateLimited({ limit, remaining, resetAt }: LimitState): Refusal {
  return new Refusal("RateLimitExceeded", "Rate Limit Exceeded", 429, {
    "ratelimit-limit": String(limit.points),
    "ratelimit-remaining": String(Math.max(0, remaining)),
    "ratelimit-reset": String(Math.ceil(resetAt / 1000)),
    "ratelimit-policy": `${limit.points};w=${limit.windowMs / 1000}`,
  });
}
