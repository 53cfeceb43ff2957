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

/** How long work that nobody waits for may pause between two writes. */
const PAUSE_MS = 25;
const ROUNDS = 40;

/** Rows that were ever changed through this database's connection. Asking counts as a change. */
const changesOf = (db: D1Database) => db.prepare("SELECT total_changes() AS n").first<number>("n");

/**
 * Waits until nobody writes any more. The host answers before all that follows from a request is done, and
 * that would go on in the new databases.
 */
async function rest(databases: readonly D1Database[]): Promise<void> {
  let before = "";
  for (let round = 0; round < ROUNDS; round++) {
    const changes = await Promise.all(databases.map(changesOf));
    const now = JSON.stringify(changes.map((count) => Number(count) - round));
    if (now === before) return;
    before = now;
    await scheduler.wait(PAUSE_MS);
  }
}

/** Deletes all storage. On a busy machine, a database may answer once more from what was deleted. */
export async function empty(...databases: D1Database[]): Promise<void> {
  await rest(databases);
  do await reset();
  while (!(await Promise.all(databases.map(isEmpty))).every(Boolean));
}
