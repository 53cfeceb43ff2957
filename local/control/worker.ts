/**
 * A Worker beside the host's own, in local runs only: it does from inside the runtime what a launcher needs done to the
 * databases. Reached at a port of its own, by whoever knows the secret that the launcher made for this run.
 */
interface ControlBindings {
  SECRET: string;
  DIRECTORY: D1Database;
  APPVIEW_DB: D1Database;
}

export interface Migration {
  name: string;
  sql: string;
}

export type DatabaseName = "DIRECTORY" | "APPVIEW_DB";

export type ControlRequest =
  | { do: "migrate"; database: DatabaseName; migrations: Migration[] }
  | { do: "query"; database: DatabaseName; sql: string; values: (string | number | null)[] };

export type Row = Record<string, string | number | null>;

/** `rows` of a query; none of a migration. */
export type ControlAnswer = { rows: Row[] } | { error: string };

export default {
  async fetch(request: Request, env: ControlBindings): Promise<Response> {
    if (request.headers.get("authorization") !== `Bearer ${env.SECRET}`) {
      return new Response("not for you", { status: 401 });
    }
    try {
      const asked = await request.json<ControlRequest>();
      const database = env[asked.database];
      if (asked.do === "migrate") return Response.json(await migrate(database, asked.migrations));
      const { results } = await database
        .prepare(asked.sql)
        .bind(...asked.values)
        .all<Row>();
      return Response.json({ rows: results } satisfies ControlAnswer);
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown.message : String(thrown);
      return Response.json({ error } satisfies ControlAnswer, { status: 500 });
    }
  },
} satisfies ExportedHandler<ControlBindings>;

/** The table in which `wrangler d1 migrations` keeps its own record, so that both may be used on one database. */
const APPLIED = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/** Applies what is missing, in order, each with its record in one transaction. A database that knows more is refused. */
async function migrate(database: D1Database, migrations: Migration[]): Promise<ControlAnswer> {
  const [, found] = await database.batch<{ name: string }>([
    database.prepare(APPLIED),
    database.prepare("SELECT name FROM d1_migrations ORDER BY id"),
  ]);
  const done = new Set(found?.results.map(({ name }) => name));
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = [...done].filter((name) => !known.has(name));
  if (unknown.length > 0) return { error: `made by a newer version (${unknown.join(", ")})` };
  for (const { name, sql } of migrations) {
    if (done.has(name)) continue;
    await database.batch([
      database.prepare(sql),
      database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name),
    ]);
  }
  return { rows: [] };
}
