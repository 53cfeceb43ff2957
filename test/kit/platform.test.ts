/** Networks held to a plan of Cloudflare's: `platform`. */
import { expect, test } from "vitest";
import { type Totals, createTestNetwork } from "../../tools/kit/index.ts";

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

test("a repo of years is indexed anew within the free plan, call by call", async () => {
  await using network = await createTestNetwork({ platform: "free" });
  await network.account("anna");
  const anna = network.agent("anna");
  const createdAt = "2026-01-01T00:00:00Z";
  const root = await anna.post({ text: "where all began" });
  const kinds = (i: number) => [
    { $type: "app.bsky.feed.post", text: `post ${i}`, createdAt },
    { $type: "app.bsky.feed.post", text: `answer ${i}`, reply: { root, parent: root }, createdAt },
    { $type: "app.bsky.feed.like", subject: { ...root, uri: `${root.uri}${i}` }, createdAt },
    {
      $type: "app.bsky.graph.block",
      subject: `did:plc:${String(i).padStart(24, "a")}`.replaceAll(/[0189]/g, "b"),
      createdAt,
    },
    { $type: "app.bsky.graph.list", purpose: "app.bsky.graph.defs#curatelist", name: `list ${i}`, createdAt },
  ];
  for (let from = 0; from < 240; from += 40) {
    await anna.com.atproto.repo.applyWrites({
      repo: anna.assertDid,
      writes: Array.from({ length: 40 }, (_, i) => kinds(from + i))
        .flat()
        .map(({ $type, ...value }) => ({
          $type: "com.atproto.repo.applyWrites#create",
          collection: $type,
          value: { $type, ...value },
        })),
    });
  }
  await network.settle();
  const host = network.host();
  const count = async () => (await host.query("APPVIEW_DB", "SELECT count(*) AS n FROM post"))[0]?.["n"];
  expect(await count()).toBe(481);
  await host.query("APPVIEW_DB", "DELETE FROM post");
  await host.admin("internal.atoll.admin.rebuildIndex", { input: { restart: true } });
  const phase = async () => (await host.query("APPVIEW_DB", "SELECT phase, error FROM rebuild"))[0];
  for (let minutes = 0; (await phase())?.["phase"] !== "done"; minutes++) {
    expect(minutes).toBeLessThan(10);
    await host.runSchedule();
  }
  expect(await phase()).toEqual({ phase: "done", error: null });
  expect(await count()).toBe(481);
  expect(await host.breaches()).toEqual([]);
});

test("what Cloudflare bills is counted by what was done", async () => {
  await using network = await createTestNetwork({ platform: "paid" });
  await network.account("anna");
  const anna = network.agent("anna");
  const used = async (work: () => Promise<unknown>) => {
    await network.settle();
    const before = await network.host().totals();
    await work();
    await network.settle();
    const after = await network.host().totals();
    const of = (resource: keyof Totals) => after[resource] - before[resource];
    return Object.fromEntries((Object.keys(after) as (keyof Totals)[]).map((each) => [each, of(each)]));
  };
  const idle = await used(async () => {});
  const posted = await used(() => anna.post({ text: "hello" }));
  expect(posted).toMatchObject({ requests: 1, fileReads: 0, fileWrites: 0 });
  // The first record of a repo: three rows or so of the account's, and two of the stream's.
  expect(posted["objectRowsWritten"]).toBeLessThanOrEqual(9);
  expect(posted["objectRowsWritten"]).toBeGreaterThanOrEqual(5);
  expect(posted["databaseRowsWritten"]).toBe(5);
  const read = await used(() => anna.getTimeline());
  expect(read).toMatchObject({ requests: 1, databaseRowsWritten: 0, objectRowsWritten: 0 });
  expect(read["databaseRowsRead"]).toBeGreaterThan(0);
  const uploaded = await used(() => anna.uploadBlob(new Uint8Array(1000), { encoding: "image/png" }));
  expect(uploaded).toMatchObject({ requests: 1, fileWrites: 1 });
  expect(idle).toMatchObject({ requests: 0, databaseRowsWritten: 0, objectRowsWritten: 0 });
});

test("without it nothing is counted", async () => {
  await using network = await createTestNetwork();
  await network.account("anna");
  expect(await network.host().figures()).toEqual([]);
  expect(Math.max(...Object.values(await network.host().totals()))).toBe(0);
});

test("a plan that there is not is refused before anything starts", async () => {
  const platform = "business" as never;
  await expect(createTestNetwork({ platform })).rejects.toThrow(
    'platform: "business" is no plan. There are free, paid.',
  );
});
