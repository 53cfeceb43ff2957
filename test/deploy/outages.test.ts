/**
 * The network gone at every single call of a deploy. Each run gets one call further than the one before, on the
 * same account, and says so in words; the last one is whole, and nothing was made twice.
 */
import { describe, expect, test } from "vitest";
import type { Finished } from "./project.ts";
import { STORES, type Stage, namesOf, setStage } from "./stage.ts";

/** More calls than any deploy makes. */
const MOST = 40;

/** Runs until nothing is cut. Returns how many runs were. */
async function cutAtEach(
  stage: Stage,
  before: "answer" | "work",
  run: () => Promise<Finished>,
  inWords: RegExp,
): Promise<number> {
  for (let call = 0; call < MOST; call++) {
    stage.api.cutFrom(call, before);
    const { code, output } = await run();
    if (!stage.api.wasCut) {
      expect(code, output).toBe(0);
      return call;
    }
    const at = `cut at ${stage.api.calls.at(-1)}: ${output.slice(-1500)}`;
    expect(code, at).toBe(1);
    expect(output, at).toMatch(inWords);
    expect(output, at).not.toMatch(/^ {4}at /m);
    assertNothingHalf(stage);
  }
  throw new Error("the deploy never ended");
}

/** What there is, is there once; a Worker that is there has all that it needs. */
function assertNothingHalf(stage: Stage): void {
  const { databases, buckets } = namesOf(stage);
  expect(new Set(databases).size).toBe(databases.length);
  expect(new Set(buckets).size).toBe(buckets.length);
  if (stage.account.workers.size > 0) expect(namesOf(stage)).toEqual(STORES);
}

/** The bundle is there already: each run is then wrangler's own. */
async function builtStage(): Promise<Stage> {
  const stage = await setStage();
  await stage.project.npm("build");
  stage.project.edit("wrangler.toml", (toml) => toml.replace(/^command = .*$/m, 'command = "true"'));
  return stage;
}

function assertWhole(stage: Stage): void {
  expect(namesOf(stage)).toEqual(STORES);
  expect(stage.worker().crons).toHaveLength(2);
  expect(stage.worker().isOnWorkersDev).toBe(true);
  expect(stage.api.unknown).toEqual([]);
}

describe.concurrent("the network is gone", () => {
  test("at every call of `wrangler deploy`, before the call", { timeout: 600_000 }, async () => {
    await using stage = await builtStage();
    const runs = await cutAtEach(
      stage,
      "work",
      () => stage.project.wrangler(["deploy"]),
      /fetch failed|socket/,
    );
    expect(runs).toBeGreaterThan(10);
    assertWhole(stage);
  });

  test("at every call of `npm run deploy`, its answer lost", { timeout: 600_000 }, async () => {
    await using stage = await builtStage();
    const words = /cannot be reached|could not be reached/;
    const runs = await cutAtEach(stage, "answer", () => stage.project.deploy(), words);
    expect(runs).toBeGreaterThan(15);
    assertWhole(stage);
  });
});
