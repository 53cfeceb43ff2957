/** Every test file starts with nothing but migrated databases. Files share one runtime, in sequence. */
import { env } from "cloudflare:workers";
import { keepSettings } from "../../../schema/kept-settings.ts";
import { APPLIED, statementOf } from "../../../schema/migrate.ts";
import { APPVIEW_MIGRATIONS, DIRECTORY_MIGRATIONS, type Migration } from "../../../schema/migrations.ts";
import { empty } from "../empty.ts";

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

const bindings: TestBindings = env as never;
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
  const found = await bindings.DIRECTORY.prepare("SELECT name, value, created_at FROM secret")
    .all<Secret>()
    .catch(() => null);
  for (const secret of found?.results ?? []) if (!seen.has(secret.name)) seen.set(secret.name, secret);
  return seen.values();
}

/** The runtime remembers settings for some seconds, so those that an earlier file kept are taken back. */
async function dropSettings(): Promise<void> {
  const kept = await bindings.DIRECTORY.prepare("SELECT settings FROM host_settings")
    .first<string>("settings")
    .catch(() => null);
  if (kept === null) return;
  const names = Object.keys(JSON.parse(kept) as Record<string, string>);
  await keepSettings(bindings, Object.fromEntries(names.map((name) => [name, null])));
}

/** All at once: it is done for every file, and the Worker's own way takes a trip for each migration. */
async function migrate(database: D1Database, migrations: readonly Migration[]): Promise<void> {
  const statements = migrations.map((migration) => statementOf(database, migration));
  await database.batch([database.prepare(APPLIED), ...statements]);
}

const secrets = await secretsSoFar();
await dropSettings();
await empty(bindings.DIRECTORY, bindings.APPVIEW_DB);
await Promise.all([
  migrate(bindings.DIRECTORY, DIRECTORY_MIGRATIONS),
  migrate(bindings.APPVIEW_DB, APPVIEW_MIGRATIONS),
]);
const put = bindings.DIRECTORY.prepare("INSERT INTO secret (name, value, created_at) VALUES (?, ?, ?)");
for (const { name, value, created_at } of secrets) await put.bind(name, value, created_at).run();
