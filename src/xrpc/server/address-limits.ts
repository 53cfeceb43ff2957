/**
 * Coarse rate limits: requests per address, counted in this isolate's memory. There are many isolates, so a
 * client may exceed a limit several times over. Counts that must be exact are kept where there is only one
 * counter (`Allowances`, and the account object).
 */
import type { Counts, Limit } from "../../protocol/object/limits.ts";
import { consume, rateLimited } from "../../protocol/object/limits.ts";
import type { Settings } from "../../protocol/settings/list.ts";
import { clientAddress } from "./client-address.ts";
import { ADDRESS_LIMITS, EVERYTHING } from "./limit-table.ts";
import { entryOf } from "../../protocol/json.ts";

/** Maximum number of counters; the oldest are dropped first. */
const COUNTERS_MAX = 50_000;

export class AddressCounters {
  readonly #counts = new Map<string, Counts>();

  /**
   * Counts a request to a method. Refuses RateLimitExceeded (429) with the standard headers.
   * @returns the same headers (RateLimit-Limit, -Remaining, -Reset, -Policy) for a request that passes, for
   * the limit with the fewest points left.
   */
  consume(address: string, nsid: string, now: number): Record<string, string> {
    const own = entryOf(ADDRESS_LIMITS, nsid);
    const states = [
      ...(own?.apart ? [] : [this.#count(address, [EVERYTHING], now)]),
      ...(own === undefined ? [] : [this.#count(`${address} ${nsid}`, own.limits, now)]),
    ].flat();
    const nearest = states.reduce((a, b) => (b.remaining < a.remaining ? b : a));
    return rateLimited(nearest).headers ?? {};
  }

  #count(key: string, limits: readonly Limit[], now: number) {
    const before = this.#counts.get(key);
    const { counts, excess } = consume(limits, before ?? [], 1, now);
    if (excess !== null) throw rateLimited(excess);
    if (before === undefined && this.#counts.size >= COUNTERS_MAX) {
      const oldest = this.#counts.keys().next();
      if (!oldest.done) this.#counts.delete(oldest.value);
    }
    this.#counts.set(key, counts);
    return limits.map((limit, index) => {
      const [start, count] = counts[index] ?? [now, 0];
      return { limit, remaining: limit.points - count, resetAt: start + limit.windowMs };
    });
  }
}

const counters = new AddressCounters();

/**
 * Counts a request, unless `RATE_LIMITS` is off. Refuses RateLimitExceeded.
 * @returns headers for the reply.
 */
export function consumeForAddress(
  request: Request,
  nsid: string,
  env: Pick<Settings, "RATE_LIMITS">,
): Record<string, string> {
  if (env.RATE_LIMITS === "off") return {};
  return counters.consume(clientAddress(request), nsid, Date.now());
}
