/** Ordered SQL, applied to a D1 from inside the runtime. */

import type { Migration } from "./messages.ts";

/** The table in which `wrangler d1 migrations` keeps its own record, so that both may be used on one database. */
const APPLIED = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/** Applies what is missing, in order, each with its record in one transaction. A database that knows more is refused. */
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
