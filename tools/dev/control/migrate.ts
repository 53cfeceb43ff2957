/** Applies ordered SQL to a D1 database from inside the runtime. */

import type { Migration } from "./messages.ts";

/** The table that `wrangler d1 migrations` uses, so that both can work on one database. */
const APPLIED = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/**
 * Applies missing migrations in order, each in one transaction with its record. Throws if the database has
 * one that is unknown here.
 */
export async function migrate(database: D1Database, migrations: Migration[]): Promise<void> {
  const [, found] = await database.batch<{ name: string }>([
    database.prepare(APPLIED),
    database.prepare("SELECT name FROM d1_migrations ORDER BY id"),
  ]);
  const done = new Set(found?.results.map(({ name }) => name));
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = [...done].filter((name) => !known.has(name));
  if (unknown.length > 0) throw new Error(`made by a newer version (${unknown.join(", ")})`);
  for (const { name, sql } of migrations) {
    if (done.has(name)) continue;
    await database.batch([
      database.prepare(sql),
      database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name),
    ]);
  }
}
