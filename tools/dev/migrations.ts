/** Reads the databases' ordered SQL and applies it from inside the runtime, through the control Worker. */
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import type { ControlAnswer, ControlRequest, DatabaseName, Migration } from "./control/messages.ts";
import { LaunchError } from "./ports.ts";
import { ROOT } from "./wrangler-file.ts";

/** `migrations/<folder>/NNNN_name.sql`, in order. */
export function readMigrations(folder: string): Migration[] {
  const absolute = path.join(ROOT, "migrations", folder);
  const names = readdirSync(absolute).filter((name) => name.endsWith(".sql"));
  return names
    .toSorted()
    .map((name) => ({ name, sql: endingInStatement(readFileSync(path.join(absolute, name), "utf8")) }));
}

/** Strips trailing comments: D1 refuses SQL that ends in one ("SQL code did not contain a statement"). */
function endingInStatement(sql: string): string {
  const lines = sql.split("\n");
  while (/^\s*(--.*)?$/.test(lines.at(-1) ?? "x")) lines.pop();
  return lines.join("\n");
}

const FOLDERS: Record<DatabaseName, string> = { DIRECTORY: "directory", APPVIEW_DB: "appview" };

/** Migrates both databases. `send` posts to the control Worker. */
export async function migrate(send: (request: ControlRequest) => Promise<ControlAnswer>): Promise<void> {
  await Promise.all(
    (["DIRECTORY", "APPVIEW_DB"] as const).map(async (database) => {
      const folder = FOLDERS[database];
      const answer = await send({ do: "migrate", database, migrations: readMigrations(folder) });
      if ("error" in answer)
        throw new LaunchError(`migrations/${folder} could not be applied: ${answer.error}`);
    }),
  );
}
