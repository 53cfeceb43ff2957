/** Holds requests back until both databases are up to date: nothing half migrated serves. */
import { APPVIEW_MIGRATIONS, DIRECTORY_MIGRATIONS } from "../../../schema/migrations.ts";
import { type Databases, MigrationError, areReady, makeReady } from "../../../schema/migrate.ts";
import { isSpent } from "../../protocol/plan/shortage.ts";
import { logLine } from "../../protocol/log-line.ts";
import { stopped } from "./stopped.ts";

/** Brings both up to date on an isolate's first request; costs nothing afterwards. Throws `MigrationError`. */
export async function readyDatabases(databases: Databases): Promise<void> {
  if (areReady(databases)) return;
  await Promise.all([
    makeReady(databases.DIRECTORY, DIRECTORY_MIGRATIONS),
    makeReady(databases.APPVIEW_DB, APPVIEW_MIGRATIONS),
  ]);
}

/** Null if the host may serve; otherwise a 503 that says in words what is wrong, and when to try again. */
export async function unready(request: Request, databases: Databases): Promise<Response | null> {
  if (areReady(databases)) return null;
  try {
    await readyDatabases(databases);
    return null;
  } catch (thrown) {
    // They are as the Worker before left them. What needs no database, such as the repos, goes on.
    if (isSpent(thrown)) return null;
    logLine("error", "databases", { cause: thrown });
    const why = thrown instanceof MigrationError ? thrown.message : "A database does not answer.";
    return stopped(request, {
      error: "DatabasesNotReady",
      title: "One moment",
      message: `This host's databases are not up to date. ${why}`,
      headers: { "retry-after": "5" },
    });
  }
}
