/** The count of statements by which the index keeps to the platform's limits. */
import { expect, test } from "vitest";
import { meterDatabase } from "../../src/appview/metered-database.ts";
import { bindings } from "../support/community.ts";

test("each statement counts once, alone or in a batch, whatever becomes of it", async () => {
  const { db, spent } = meterDatabase(bindings.APPVIEW_DB);
  expect(await db.prepare("SELECT ?1 AS one").bind(1).first("one")).toBe(1);
  expect((await db.prepare("SELECT 2 AS two").all()).results).toEqual([{ two: 2 }]);
  expect(await db.prepare("SELECT 3").raw()).toEqual([[3]]);
  await db.prepare("DELETE FROM backlog WHERE did = ?1").bind("nobody").run();
  expect(spent()).toBe(4);
  const results = await db.batch<{ n: number }>([
    db.prepare("SELECT ?1 AS n").bind(4),
    db.prepare("SELECT 5 AS n"),
  ]);
  expect(results.map(({ results: [row] }) => row?.n)).toEqual([4, 5]);
  expect(spent()).toBe(6);
  await expect(db.prepare("SELECT place FROM nowhere").all()).rejects.toThrow("no such table");
  expect(spent()).toBe(7);
});

test("a statement that is prepared and not sent costs nothing", () => {
  const { db, spent } = meterDatabase(bindings.APPVIEW_DB);
  db.prepare("SELECT 1").bind();
  expect(spent()).toBe(0);
});
