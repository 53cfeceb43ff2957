/**
 * Brings a D1 database up to date from inside the Worker, so that a deploy is `wrangler deploy` and nothing
 * else: a build's token may not touch D1. Each migration is one transaction with its record, in the table that
 * `wrangler d1 migrations` uses. Fifty isolates may start at once: of two that apply the same migration one
 * wins, and the other finds it applied.
 */
import type { Migration } from "./migrations.ts";

export const APPLIED = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;
const NAMES = "SELECT name FROM d1_migrations ORDER BY id";

/** The database cannot be brought up to date; `message` says why, in words for the owner. */
export class MigrationError extends Error {
  override name = "MigrationError";
}

/**
 * Applies what is missing, in order. Throws `MigrationError` if the database has a migration that is unknown
 * here, or if one fails; what was applied before it stays.
 */
export async function migrate(database: D1Database, migrations: readonly Migration[]): Promise<void> {
  const done = await appliedIn(database);
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = [...done].filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new MigrationError(
      `The database is of a newer version than this Worker (${unknown.join(", ")}). Deploy that version again.`,
    );
  }
  const missing = migrations.filter(({ name }) => !done.has(name));
  for (let at = 0; at < missing.length; at += TOGETHER)
    await applyTogether(database, missing.slice(at, at + TOGETHER));
}

/** Files that go in one query: the free plan allows an invocation fifty, and a new host applies all in one. */
export const TOGETHER = 4;

/** All or none; then one by one, so that whichever fails is named. */
async function applyTogether(database: D1Database, group: readonly Migration[]): Promise<void> {
  try {
    await database.batch([database.prepare(group.map(textOf).join("\n"))]);
  } catch {
    const done = await appliedIn(database);
    for (const migration of group) if (!done.has(migration.name)) await apply(database, migration);
  }
}

/** One read where everything is in place: the table is made only when it is missing. */
async function appliedIn(database: D1Database): Promise<Set<string>> {
  const names = await database
    .prepare(NAMES)
    .all<{ name: string }>()
    .catch(async () => {
      const [, found] = await database.batch<{ name: string }>([
        database.prepare(APPLIED),
        database.prepare(NAMES),
      ]);
      return found;
    });
  return new Set(names?.results.map(({ name }) => name));
}

/** One query for each file. */
export const statementOf = (database: D1Database, migration: Migration): D1PreparedStatement =>
  database.prepare(textOf(migration));

const textOf = ({ name, sql }: Migration): string => `${recordOf(name)}\n${endingInStatement(sql)}`;

async function apply(database: D1Database, migration: Migration): Promise<void> {
  const { name } = migration;
  try {
    await database.batch([statementOf(database, migration)]);
  } catch (thrown) {
    if ((await appliedIn(database)).has(name)) return;
    const cause = thrown instanceof Error ? thrown.message : String(thrown);
    throw new MigrationError(`${name} could not be applied: ${cause}`, { cause: thrown });
  }
}

/** Comes first, so that of two at once the second fails before it changes anything. */
function recordOf(name: string): string {
  if (!/^[\w.-]+$/.test(name)) throw new MigrationError(`${name} is no name of a migration`);
  return `INSERT INTO d1_migrations (name) VALUES ('${name}');`;
}

/** Strips trailing comments: D1 refuses SQL that ends in one ("SQL code did not contain a statement"). */
function endingInStatement(sql: string): string {
  const lines = sql.split("\n");
  while (/^\s*(--.*)?$/.test(lines.at(-1) ?? "x")) lines.pop();
  return lines.join("\n");
}

/** Databases that this isolate has seen up to date. */
const ready = new WeakSet<object>();

/**
 * Whether this isolate knows both databases to be up to date; then nothing has to be asked.
 */
export const areReady = ({ DIRECTORY, APPVIEW_DB }: Databases): boolean =>
  ready.has(DIRECTORY) && ready.has(APPVIEW_DB);

export interface Databases {
  DIRECTORY: D1Database;
  APPVIEW_DB: D1Database;
}

/**
 * Brings one database up to date, unless this isolate knows that it is. Requests at a start each check for
 * themselves: a promise belongs to the request that made it. Throws `MigrationError`.
 */
export async function makeReady(database: D1Database, migrations: readonly Migration[]): Promise<void> {
  if (ready.has(database)) return;
  await migrate(database, migrations);
  ready.add(database);
}
