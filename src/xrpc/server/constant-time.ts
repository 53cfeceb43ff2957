/** Refusals that tell nothing by how soon they come. */
import { isRefusal } from "../../protocol/refusal.ts";

/** As long as hashing a password takes, and reaching the account that it is of, with room to spare (the reference: 350). */
const REFUSAL_MS = 350;

export interface Clock {
  now(): number;
  wait(ms: number): Promise<unknown>;
}

const CLOCK: Clock = { now: Date.now, wait: (ms) => scheduler.wait(ms) };

/**
 * Holds back a 401 until as much time has passed as the longest way to one takes: whether there is no such account or only
 * another password is nothing to be learnt with a stopwatch. What succeeds, or is refused for another reason, does not wait.
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
