/**
 * Migrates a Durable Object's own SQLite: ordered SQL, applied forward on first use. A table holds the
 * version, because Durable Objects refuse `PRAGMA user_version`. Pure: the caller passes the storage in.
 */
import { Refusal } from "../refusal.ts";

/** The part of `DurableObjectStorage` that a migration needs. */
export interface SchemaStorage {
  sql: {
    exec(query: string, ...bindings: (string | number | null)[]): { toArray(): Record<string, unknown>[] };
  };
  transactionSync<T>(work: () => T): T;
}

/** The version of a database: the number of applied migrations, 0 without a schema. Writes nothing. */
export function schemaVersion(storage: SchemaStorage): number {
  const table = storage.sql
    .exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'")
    .toArray();
  if (table.length === 0) return 0;
  const [row] = storage.sql.exec("SELECT version FROM schema_version").toArray();
  return typeof row?.["version"] === "number" ? row["version"] : 0;
}

/**
 * Migrates the database to the last of `migrations` (`migrations[0]` leads to version 1). Each step and its
 * version are one transaction, so an object that dies half-way leaves only whole steps. Writes nothing when
 * up to date. Refuses UpgradeInProgress (503) for a database newer than this code: during a deploy two
 * versions of the Worker run for a while, and the older one must not write into tables it does not know.
 */
export function migrate(storage: SchemaStorage, migrations: readonly string[]): void {
  const from = schemaVersion(storage);
  if (from > migrations.length) {
    throw new Refusal(
      "UpgradeInProgress",
      `This object's database is at version ${from}, newer than this Worker knows (${migrations.length}); a newer Worker must serve it`,
      503,
      { "retry-after": "5" },
    );
  }
  for (const [index, statements] of migrations.entries()) {
    if (index < from) continue;
    storage.transactionSync(() => {
      if (index === 0) {
        storage.sql.exec(
          "CREATE TABLE IF NOT EXISTS schema_version (only INTEGER PRIMARY KEY CHECK (only = 0), version INTEGER NOT NULL)",
        );
      }
      storage.sql.exec(statements);
      storage.sql.exec(
        "INSERT INTO schema_version (only, version) VALUES (0, ?) ON CONFLICT (only) DO UPDATE SET version = excluded.version",
        index + 1,
      );
    });
  }
}
