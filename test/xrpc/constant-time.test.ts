/** Sign-in: an unknown account is refused no sooner than a known one. */
import { expect, test } from "vitest";
import { Refusal, isRefusal } from "../../src/protocol/refusal.ts";
import { inConstantTime } from "../../src/xrpc/server/constant-time.ts";

/** Runs for `ms`, then refuses or answers; returns when the caller learns the outcome. */
async function toldAfter(ms: number, refusal: Refusal | null): Promise<number> {
  let now = 1_000;
  const clock = { now: () => now, wait: async (more: number) => void (now += more) };
  const run = async () => {
    now += ms;
    if (refusal !== null) throw refusal;
  };
  await inConstantTime(run, clock).catch((thrown: unknown) => {
    if (!isRefusal(thrown)) throw thrown;
  });
  return now - 1_000;
}

const wrong = new Refusal("AuthenticationRequired", "Invalid identifier or password", 401);

test("a refusal that comes soon waits for one that comes late", async () => {
  expect(await toldAfter(2, wrong)).toBe(await toldAfter(120, wrong));
});

test("who is let in, or tried too often, does not wait", async () => {
  expect(await toldAfter(40, null)).toBe(40);
  expect(await toldAfter(3, new Refusal("RateLimitExceeded", "Rate Limit Exceeded", 429))).toBe(3);
});

test("a refusal that took longer is not held back further", async () => {
  expect(await toldAfter(900, wrong)).toBe(900);
});
