/// <reference types="vite/client" />
import { applyD1Migrations, reset } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { type Migration, APPVIEW_MIGRATIONS, DIRECTORY_MIGRATIONS } from "../../schema/migrations.ts";
import { MigrationError, migrate, TOGETHER } from "../../schema/migrate.ts";
import { countDatabase } from "../../src/appview/counted-database.ts";
import { readyDatabases, unready } from "../../src/edge/stopped/unready.ts";
import { underRules } from "../../tools/kit/worker/platform/bindings.ts";
import { allFigures, invoke, takeBreaches } from "../../tools/kit/worker/platform/invocation.ts";
import { bindings } from "../support/bindings.ts";

const files = import.meta.glob("../../migrations/{directory,appview}/*.sql", {
  query: "?raw",
  import: "default",
  eager: true,
}) as Record<string, string>;

beforeEach(() => reset());

const database = bindings.DIRECTORY;
const namesIn = async (db: D1Database) =>
  (await db.prepare("SELECT name FROM d1_migrations ORDER BY id").all<{ name: string }>()).results.map(
    ({ name }) => name,
  );
const schemaOf = async (db: D1Database) =>
  (
    await db
      .prepare(
        "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE '\\_cf%' ESCAPE '\\' AND name <> 'd1_migrations' ORDER BY name",
      )
      .all()
  ).results;

/** As the plugin of the tests applies them, one statement after the other. */
const asPlugin = (list: readonly Migration[]) => list.map(({ name, sql }) => ({ name, queries: [sql] }));

test("the Worker carries exactly what the folders hold, in order", () => {
  const held = (part: string) =>
    Object.entries(files)
      .filter(([file]) => file.includes(`/migrations/${part}/`))
      .map(([file, sql]) => ({ name: file.split("/").at(-1), sql }))
      .toSorted((a, b) => String(a.name).localeCompare(String(b.name)));
  expect(DIRECTORY_MIGRATIONS).toEqual(held("directory"));
  expect(APPVIEW_MIGRATIONS).toEqual(held("appview"));
});

test.each([
  ["directory", DIRECTORY_MIGRATIONS],
  ["appview", APPVIEW_MIGRATIONS],
])("%s: fifty at once make one database, and every one of them finds it whole", async (_part, list) => {
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      await migrate(database, list);
      expect(await namesIn(database)).toEqual(list.map(({ name }) => name));
    }),
  );
});

test("a new host makes all its tables within the free plan's queries, with room for its first answer", async () => {
  await invoke("first request", () => readyDatabases(underRules(bindings)));
  expect(takeBreaches()).toEqual([]);
  const figure = allFigures().find(({ operation }) => operation === "first request");
  const groups = (files: readonly unknown[]) => Math.ceil(files.length / TOGETHER);
  expect(figure?.queries).toBe(groups(DIRECTORY_MIGRATIONS) + groups(APPVIEW_MIGRATIONS) + 6);
  expect(figure?.queries).toBeLessThanOrEqual(40);
});

test("what wrangler has begun is gone on with, and the other way round", async () => {
  const [first, second] = [DIRECTORY_MIGRATIONS.slice(0, 2), DIRECTORY_MIGRATIONS.slice(0, 3)];
  await applyD1Migrations(database, asPlugin(first));
  await migrate(database, second);
  await applyD1Migrations(database, asPlugin(DIRECTORY_MIGRATIONS));
  await migrate(database, DIRECTORY_MIGRATIONS);
  const mixed = await schemaOf(database);
  await reset();
  await migrate(database, DIRECTORY_MIGRATIONS);
  expect(await schemaOf(database)).toEqual(mixed);
});

test("one that fails leaves nothing of itself, keeps those before it, and is named", async () => {
  const broken = { name: "0002_broken.sql", sql: "CREATE TABLE two (x); INSERT INTO nowhere VALUES (1);" };
  const one = { name: "0001_one.sql", sql: "CREATE TABLE one (x);" };
  const failed = await migrate(database, [one, broken]).catch((thrown: unknown) => thrown);
  expect(failed).toBeInstanceOf(MigrationError);
  expect(String(failed)).toMatch(/0002_broken\.sql could not be applied: .*nowhere/);
  expect(await namesIn(database)).toEqual(["0001_one.sql"]);
  await migrate(database, [one, { ...broken, sql: "CREATE TABLE two (x);" }]);
  expect(await namesIn(database)).toEqual(["0001_one.sql", "0002_broken.sql"]);
});

/** Both databases as an isolate sees them that has just started, their trips counted. */
function freshIsolate() {
  const directory = countDatabase(bindings.DIRECTORY);
  const appview = countDatabase(bindings.APPVIEW_DB);
  const databases = { DIRECTORY: directory.db, APPVIEW_DB: appview.db };
  return { databases, trips: () => [directory.cost.trips, appview.cost.trips] };
}

test("an isolate asks each database once, and never again", async () => {
  await readyDatabases(freshIsolate().databases);
  const { databases, trips } = freshIsolate();
  const request = new Request("http://localhost/");
  expect(await unready(request, databases)).toBeNull();
  expect(trips()).toEqual([1, 1]);
  for (let i = 0; i < 3; i++) expect(await unready(request, databases)).toBeNull();
  expect(trips()).toEqual([1, 1]);
});

test("a database of a newer version is refused in words, and nothing is changed", async () => {
  await readyDatabases(freshIsolate().databases);
  await bindings.APPVIEW_DB.prepare("INSERT INTO d1_migrations (name) VALUES ('9999_later.sql')").run();
  const { databases } = freshIsolate();
  const answer = await unready(new Request("http://localhost/xrpc/_health"), databases);
  expect(answer?.status).toBe(503);
  expect(answer?.headers.get("retry-after")).toBe("5");
  expect(await answer?.json()).toEqual({
    error: "DatabasesNotReady",
    message:
      "This host's databases are not up to date. The database is of a newer version than this Worker " +
      "(9999_later.sql). Deploy that version again.",
  });
  expect(await namesIn(bindings.APPVIEW_DB)).toContain("9999_later.sql");
});
