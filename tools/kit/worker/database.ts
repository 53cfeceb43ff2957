/**
 * D1 for a network: the runtime's own client sends statements over HTTP, as on Cloudflare, and an object runs
 * them on its SQLite. Miniflare's simulator does this in a separate isolate and with a schema library, which
 * would double the cost of every statement and take 15 MB per network. `kit-database.test.ts` checks that
 * both answer alike.
 */
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { add } from "./platform/totals.ts";
import type { Objects } from "../../../src/protocol/stations.ts";

/** Bytes are sent as arrays of numbers. */
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

/** SQLite's counters of the connection: `total_changes()` and `last_insert_rowid()`. */
type Count = { total: number; last: number };

interface DatabaseBindings {
  DATABASE_OBJECT: Objects<{ fetch(request: Request): Promise<Response> }>;
}

/** The service behind a D1 binding. Its props name the database. */
export class Database extends WorkerEntrypoint<DatabaseBindings, { name: string }> {
  override fetch(request: Request): Promise<Response> {
    return this.env.DATABASE_OBJECT.getByName(this.ctx.props.name).fetch(request);
  }
}

export class DatabaseObject extends DurableObject {
  /** The counters after the last statement; null if they are not known. */
  #counted: Count | null = null;

  /** Runs `{sql, params}`, or an array of those, in one transaction. */
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
    add("databaseRowsRead", cursor.rowsRead);
    add("databaseRowsWritten", cursor.rowsWritten);
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
