/** Networks held to a plan of Cloudflare's: `platform`. */
import { expect, test } from "vitest";
import { createTestNetwork } from "../../tools/kit/index.ts";

test("a host for one person stays within the free plan, and tells what it used", async () => {
  await using network = await createTestNetwork({ platform: "free" });
  await network.account("anna");
  const anna = network.agent("anna");
  await anna.post({ text: "counted" });
  await network.settle();
  await anna.getTimeline();
  const figures = new Map((await network.host().figures()).map((figure) => [figure.operation, figure]));
  for (const operation of [
    "com.atproto.server.createAccount",
    "com.atproto.repo.createRecord",
    "AppView.ingest",
  ]) {
    const { queries = 0, subrequests = 0 } = figures.get(operation) ?? {};
    expect([operation, queries + subrequests > 0]).toEqual([operation, true]);
    expect(queries).toBeLessThanOrEqual(50);
    expect(subrequests).toBeLessThanOrEqual(50);
  }
  expect(await network.host().breaches()).toEqual([]);
});

test("without it nothing is counted", async () => {
  await using network = await createTestNetwork();
  await network.account("anna");
  expect(await network.host().figures()).toEqual([]);
});

test("a plan that there is not is refused before anything starts", async () => {
  const platform = "business" as never;
  await expect(createTestNetwork({ platform })).rejects.toThrow(
    'platform: "business" is no plan. There are free, paid.',
  );
});
