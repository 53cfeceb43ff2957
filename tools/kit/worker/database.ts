/**
 * D1 for a network: the runtime's own client sends statements over HTTP, as it does on Cloudflare, and an object runs them
 * on its SQLite. Miniflare's simulator does this in an isolate of its own and behind a schema library, for which every
 * statement would pay twice and every network 15 MB. That both answer alike is tested (test/tools/kit-database.test.ts).
 */
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import type { Objects } from "../../../src/protocol/stations.ts";

/** Bytes travel as arrays of numbers. */
type Value = number | string | null | number[];

interface Statement {
  sql: string;
  params?: Value[] | null;
}

interface Answer {
  success: true;
  results: { columns: string[]; rows: (Value | undefined)[][] };
  meta: Record<string, unknown>;
}

/** SQLite's own, of the connection. */
type Count = { total: number; last: number };

interface DatabaseBindings {
  DATABASE_OBJECT: Objects<{ fetch(request: Request): Promise<Response> }>;
}

/** What a D1 binding talks to; its props name the database. */
export class Database extends WorkerEntrypoint<DatabaseBindings, { name: string }> {
  override fetch(request: Request): Promise<Response> {
    return this.env.DATABASE_OBJECT.getByName(this.ctx.props.name).fetch(request);
  }
}

export class DatabaseObject extends DurableObject {
  /** As of the last statement; null when that is not known. */
  #counted: Count | null = null;

  /** One statement or several, in one transaction: `{sql, params}`, or an array of those. */
  override async fetch(request: Request): Promise<Response> {
    const given = await request.json<Statement | Statement[]>();
    const statements = Array.isArray(given) ? given : [given];
    try {
      const answers = this.ctx.storage.transactionSync(() => statements.map((each) => this.#run(each)));
      return Response.json(answers);
    } catch (thrown) {
      this.#counted = null;
      const error = thrown instanceof Error ? thrown.message : String(thrown);
      return Response.json({ success: false, error });
    }
  }

  #run({ sql, params }: Statement): Answer {
    const database = this.ctx.storage.sql;
    const sizeBefore = database.databaseSize;
    const before = (this.#counted ??= this.#count());
    const begun = performance.now();
    const cursor = database.exec(sql, ...(params ?? []).map(bound));
    const rows = [...cursor.raw()].map((row) => row.map(sent));
    const duration = performance.now() - begun;
    const after = cursor.rowsWritten === 0 ? before : (this.#counted = this.#count());
    const changes = after.total - before.total;
    const size = database.databaseSize;
    return {
      success: true,
      results: { columns: cursor.columnNames, rows },
      meta: {
        served_by: "atoll",
        duration,
        changes,
        last_row_id: after.last,
        changed_db: changes > 0 || after.last !== before.last || size !== sizeBefore,
        size_after: size,
        rows_read: cursor.rowsRead,
        rows_written: cursor.rowsWritten,
      },
    };
  }

  #count(): Count {
    return this.ctx.storage.sql
      .exec<Count>("SELECT total_changes() AS total, last_insert_rowid() AS last")
      .one();
  }
}

const bound = (value: Value): SqlStorageValue =>
  Array.isArray(value) ? Uint8Array.from(value).buffer : value;

const sent = (value: SqlStorageValue): Value =>
  value instanceof ArrayBuffer ? [...new Uint8Array(value)] : value;
