/** Databases with nothing in them. */
import { reset } from "cloudflare:test";

async function isEmpty(db: D1Database): Promise<boolean> {
  const found = await db
    .prepare(
      "SELECT count(*) AS tables FROM sqlite_master WHERE name IN ('d1_migrations', 'cursor', 'account')",
    )
    .first<{ tables: number }>();
  return found?.tables === 0;
}

/** Deletes all storage. On a busy machine, a database may answer once more from what was deleted. */
export async function empty(...databases: D1Database[]): Promise<void> {
  do await reset();
  while (!(await Promise.all(databases.map(isEmpty))).every(Boolean));
}
