/** One request in a hundred is measured, and counts a hundredfold. */
import { beforeEach, expect, test } from "vitest";
import { EVERY, isDue, measure } from "../../src/edge/meter.ts";
import { usedSoFar } from "../../src/lifecycle/numbers/days.ts";
import { bindings, fetchHost } from "../support/account-host.ts";

const used = () => usedSoFar(bindings.DIRECTORY).first();

beforeEach(async () => {
  await bindings.DIRECTORY.prepare("DELETE FROM host_use").run();
});

/** Answers by some queries, and waits for the note. */
async function measured(queries: readonly string[]): Promise<void> {
  const deferred: Promise<unknown>[] = [];
  await measure(
    bindings,
    (work) => deferred.push(work),
    async ({ DIRECTORY }) => {
      if (queries.length > 0) await DIRECTORY.batch(queries.map((sql) => DIRECTORY.prepare(sql)));
      return new Response("done");
    },
  );
  await Promise.all(deferred);
}

test("of any hundred requests in a row, one is due", () => {
  for (let round = 0; round < 5; round++) {
    const due = Array.from({ length: EVERY }, () => isDue()).filter(Boolean);
    expect(due).toHaveLength(1);
  }
});

test("rows that the request read and wrote count a hundredfold", async () => {
  await measured([
    "INSERT INTO host_task (name, begun_at) VALUES ('a test', 1)",
    "SELECT * FROM host_task WHERE name = 'a test'",
  ]);
  await bindings.DIRECTORY.prepare("DELETE FROM host_task WHERE name = 'a test'").run();
  expect(await used()).toEqual({ requests: 100, rowsRead: 100, rowsWritten: 100 });
  await measured([]);
  expect(await used()).toEqual({ requests: 200, rowsRead: 100, rowsWritten: 100 });
});

test("a request that has used up its queries leaves the note to the next one", async () => {
  await measured(Array.from({ length: 45 }, () => "SELECT 1"));
  expect(await used()).toBeNull();
  await measured([]);
  expect(await used()).toMatchObject({ requests: 200 });
});

test("requests of a host are counted as they come", async () => {
  for (let n = 0; n < 2 * EVERY; n++) await fetchHost("/xrpc/_health");
  // The note is written behind the answer.
  await expect.poll(used).toMatchObject({ requests: 200 });
});
