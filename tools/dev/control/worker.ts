/**
 * A Worker next to the host's own, in local runs only. It gives a launcher access to the databases from
 * inside the runtime. It has a port of its own; a request must carry the secret that the launcher made for
 * this run.
 */
import type { ControlAnswer, ControlRequest, Row } from "./messages.ts";

interface ControlBindings {
  SECRET: string;
  DIRECTORY: D1Database;
  APPVIEW_DB: D1Database;
}

export default {
  async fetch(request: Request, env: ControlBindings): Promise<Response> {
    if (request.headers.get("authorization") !== `Bearer ${env.SECRET}`) {
      return new Response("not for you", { status: 401 });
    }
    try {
      const asked = await request.json<ControlRequest>();
      const database = env[asked.database];
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
