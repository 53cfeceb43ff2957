import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { migrate, schemaVersion } from "../../../src/protocol/object/schema.ts";
import { isRefusal } from "../../../src/protocol/refusal.ts";
import { SequencerObject } from "../../../src/sequencer/object.ts";
import type { Stub } from "../../support/sequencer.ts";
import { bindings, newSequencer } from "../../support/sequencer.ts";

/** Runs `work` on an empty database. */
async function emptied(work: (storage: DurableObjectStorage) => void): Promise<void> {
  const stub: Stub = await newSequencer();
  await runInDurableObject(stub, async (_, { storage }) => {
    await storage.deleteAll();
    work(storage);
  });
}

test("migrations are applied once, in order, and later ones on top", () =>
  emptied((storage) => {
    expect(schemaVersion(storage)).toBe(0);
    const first = "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);";
    migrate(storage, [first]);
    migrate(storage, [first]);
    expect(schemaVersion(storage)).toBe(1);
    migrate(storage, [first, "UPDATE a SET x = x + 1;", "ALTER TABLE a ADD COLUMN y TEXT;"]);
    expect(schemaVersion(storage)).toBe(3);
    expect(storage.sql.exec("SELECT * FROM a").toArray()).toEqual([{ x: 2, y: null }]);
  }));

test("asking for the version of an empty database writes nothing", () =>
  emptied((storage) => {
    expect(schemaVersion(storage)).toBe(0);
    expect(
      storage.sql.exec("SELECT count(*) AS n FROM sqlite_master WHERE name = 'schema_version'").one(),
    ).toEqual({ n: 0 });
  }));

test("a migration that fails half-way leaves the version and the tables as they were", () =>
  emptied((storage) => {
    const first = "CREATE TABLE a (x INTEGER);";
    migrate(storage, [first]);
    expect(() =>
      migrate(storage, [first, "INSERT INTO a VALUES (1); INSERT INTO missing VALUES (1);"]),
    ).toThrow();
    expect(schemaVersion(storage)).toBe(1);
    expect(storage.sql.exec("SELECT * FROM a").toArray()).toEqual([]);
  }));

test("a database newer than the code is refused clearly and left alone", () =>
  emptied((storage) => {
    const steps = ["CREATE TABLE a (x INTEGER);", "CREATE TABLE b (x INTEGER);"];
    migrate(storage, steps);
    let refused: unknown;
    try {
      migrate(storage, steps.slice(0, 1));
    } catch (thrown) {
      refused = thrown;
    }
    expect(isRefusal(refused) && [refused.error, refused.status]).toEqual(["UpgradeInProgress", 503]);
    expect(schemaVersion(storage)).toBe(2);
  }));

test("a sequencer refuses to start on a database that a newer Worker wrote", async () => {
  const stub = await newSequencer();
  await runInDurableObject(stub, (_, state) => {
    state.storage.sql.exec("UPDATE schema_version SET version = 99");
    expect(() => new SequencerObject(state, bindings)).toThrow("newer than this Worker knows");
    state.storage.sql.exec("UPDATE schema_version SET version = 1");
  });
});
