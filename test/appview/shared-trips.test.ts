/** Two readers on one's trips to a database. */
import { expect, test } from "vitest";
import { countDatabase } from "../../src/appview/counted-database.ts";
import { SharedTrips } from "../../src/appview/reads/shared-trips.ts";
import { bindings } from "../support/bindings.ts";

function open() {
  const { db, cost } = countDatabase(bindings.DIRECTORY);
  const trips = new SharedTrips(db);
  const ask = async (through: D1Database, value: number) => {
    const [result] = await through.batch<{ value: number }>([
      through.prepare("SELECT ? AS value").bind(value),
    ]);
    return result?.results;
  };
  return { trips, cost, ask };
}

test("what stands beside goes along, and each gets its own rows", async () => {
  const { trips, cost, ask } = open();
  const beside = [ask(trips.beside, 1), ask(trips.beside, 2)];
  expect(await ask(trips.db, 3)).toEqual([{ value: 3 }]);
  expect(await Promise.all(beside)).toEqual([[{ value: 1 }], [{ value: 2 }]]);
  expect(cost.trips).toBe(1);
});

test("at the end, whoever waits makes one trip, and later ones their own", async () => {
  const { trips, cost, ask } = open();
  const beside = [ask(trips.beside, 1), ask(trips.beside, 2)];
  trips.end();
  expect(await Promise.all(beside)).toEqual([[{ value: 1 }], [{ value: 2 }]]);
  expect(cost.trips).toBe(1);
  expect(await ask(trips.beside, 4)).toEqual([{ value: 4 }]);
  trips.end();
  expect(cost.trips).toBe(2);
});

test("a trip that fails is told to all who were on it", async () => {
  const { trips } = open();
  const beside = trips.beside.batch([trips.beside.prepare("SELECT * FROM no_such_table")]);
  const alone = trips.db.batch([trips.db.prepare("SELECT 1")]);
  const outcomes = await Promise.allSettled([beside, alone]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  const waiting = trips.beside.batch([trips.beside.prepare("SELECT * FROM no_such_table")]);
  trips.end();
  await expect(waiting).rejects.toThrow(/no_such_table/);
});
