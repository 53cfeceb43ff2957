/** Every test file starts with nothing but migrated databases. Files share one runtime, in sequence. */
import { env } from "cloudflare:workers";
import { APPVIEW_MIGRATIONS, DIRECTORY_MIGRATIONS, type Migration } from "../../schema/migrations.ts";
import { empty } from "./empty.ts";

declare module "vitest" {
  interface ProvidedContext {
    interop: Record<string, string> | null;
    /** Seed of this run's random choices; SEED sets it. */
    seed: string;
  }
}

interface TestBindings {
  DIRECTORY: D1Database;
  APPVIEW_DB: D1Database;
}

const { DIRECTORY, APPVIEW_DB }: TestBindings = env as never;
interface Secret {
  name: string;
  value: string;
  created_at: string;
}

declare global {
  /** By name: the first that this runtime has seen of each. */
  var secretsSeen: Map<string, Secret> | undefined;
}

/**
 * The secrets that the runtime may remember from an earlier file. It goes on with them, so they are put back,
 * also after a file that has emptied the databases itself.
 */
async function secretsSoFar(): Promise<Iterable<Secret>> {
  const seen = (globalThis.secretsSeen ??= new Map());
  const found = await DIRECTORY.prepare("SELECT name, value, created_at FROM secret")
    .all<Secret>()
    .catch(() => null);
  for (const secret of found?.results ?? []) if (!seen.has(secret.name)) seen.set(secret.name, secret);
  return seen.values();
}

const RECORD = `CREATE TABLE d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/** All migrations in one trip. `test/schema/migrate.test.ts` applies them as a deploy does. */
async function fill(database: D1Database, migrations: readonly Migration[], secrets: Iterable<Secret>) {
  await database.batch([
    database.prepare([RECORD, ...migrations.map(({ sql }) => sql), "SELECT 1"].join(";\n")),
    database
      .prepare("INSERT INTO d1_migrations (name) SELECT value FROM json_each(?)")
      .bind(JSON.stringify(migrations.map(({ name }) => name))),
    ...Array.from(secrets, ({ name, value, created_at }) =>
      database
        .prepare("INSERT INTO secret (name, value, created_at) VALUES (?, ?, ?)")
        .bind(name, value, created_at),
    ),
  ]);
}

const secrets = await secretsSoFar();
await empty(DIRECTORY, APPVIEW_DB);
await Promise.all([fill(DIRECTORY, DIRECTORY_MIGRATIONS, secrets), fill(APPVIEW_DB, APPVIEW_MIGRATIONS, [])]);
