/** Refusals in constant time. */
import { isRefusal } from "../../protocol/refusal.ts";

/**
 * Longer than it takes to reach the account and hash a password, with room to spare (as in the reference:
 * 350).
 */
const REFUSAL_MS = 350;

export interface Clock {
  now(): number;
  wait(ms: number): Promise<unknown>;
}

const CLOCK: Clock = { now: Date.now, wait: (ms) => scheduler.wait(ms) };

/**
 * Delays a 401 until as much time has passed as the slowest path to one takes, so that timing does not reveal
 * whether the account exists or only the password is wrong. Successes and other refusals are not delayed.
 */
export async function inConstantTime<Value>(run: () => Promise<Value>, clock = CLOCK): Promise<Value> {
  const started = clock.now();
  try {
    return await run();
  } catch (thrown) {
    if (isRefusal(thrown) && thrown.status === 401) {
      await clock.wait(Math.max(0, REFUSAL_MS - (clock.now() - started)));
    }
    throw thrown;
  }
}
