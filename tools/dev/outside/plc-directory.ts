/**
 * A real did:plc directory on an object's SQLite. It validates every operation as the public directory does,
 * so what works here works there. It only omits the hourly limit of operations, since tests change a handle
 * ten times.
 */
import { checkNext, type LoggedOperation } from "../../../src/identity/plc/log.ts";
import { parseOperation } from "../../../src/identity/plc/operation-form.ts";
import { documentOf, operationCid, stateOf, type AnyOperation } from "../../../src/identity/plc/operation.ts";
import { isRefusal, Refusal } from "../../../src/protocol/refusal.ts";
import { json } from "./answers.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS operation (
    seq INTEGER PRIMARY KEY,
    did TEXT NOT NULL,
    cid TEXT NOT NULL,
    -- JSON
    operation TEXT NOT NULL,
    nullified INTEGER NOT NULL DEFAULT 0,
    -- milliseconds
    created_at INTEGER NOT NULL
  );
  CREATE INDEX IF NOT EXISTS operation_did ON operation (did);
  CREATE INDEX IF NOT EXISTS operation_created ON operation (created_at);`;

const EXPORT_LINES = 1_000;
const BODY_BYTES = 64 * 1024;

type OperationRow = {
  seq: number;
  did: string;
  cid: string;
  operation: string;
  nullified: number;
  created_at: number;
};

const notFound = (message: string) => new Refusal("NotFound", message, 404);

export class PlcDirectory {
  readonly #sql: SqlStorage;
  readonly #clock: () => number;

  constructor(sql: SqlStorage, clock: () => number = Date.now) {
    this.#sql = sql;
    this.#clock = clock;
    sql.exec(SCHEMA);
  }

  /** The directory's HTTP interface. Errors are `{message}`, in the public directory's words. */
  async fetch(request: Request): Promise<Response> {
    try {
      return await this.#route(request);
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      return json({ message: thrown.message }, thrown.status);
    }
  }

  /** Validates and stores an operation. Refuses InvalidRequest, changing nothing. */
  async submit(did: string, submitted: unknown): Promise<void> {
    const operation = parseOperation(submitted);
    const log = this.#log(did);
    const at = this.#nextInstant();
    const undone = await checkNext(did, log, operation, at);
    // Another operation may have been stored while the signature was verified.
    if (this.#log(did).length !== log.length) return this.submit(did, submitted);
    for (const cid of undone) {
      this.#sql.exec("UPDATE operation SET nullified = 1 WHERE did = ? AND cid = ?", did, cid);
    }
    this.#sql.exec(
      "INSERT INTO operation (did, cid, operation, created_at) VALUES (?, ?, ?, ?)",
      did,
      operationCid(operation),
      JSON.stringify(operation),
      at,
    );
  }

  async #route(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const [subject = "", ...rest] = pathname.slice(1).split("/").map(decode);
    const what = rest.join("/");
    if (request.method === "POST" && what === "") {
      const text = await request.text();
      if (text.length > BODY_BYTES) throw new Refusal("InvalidRequest", "Body too large", 413);
      await this.submit(subject, parseJson(text));
      return new Response("OK");
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new Refusal("InvalidRequest", "Method not allowed", 405);
    }
    if (subject === "_health") return json({ version: "atoll-local" });
    if (subject === "export" && what === "") return this.#export(searchParams);
    if (what === "") return json(this.#document(subject), 200, "application/did+ld+json");
    if (what === "data") return json({ did: subject, ...this.#state(subject) });
    if (what === "log") return json(this.#known(subject).map(({ operation }) => operation));
    if (what === "log/last") return json(this.#known(subject).at(-1)?.operation);
    if (what === "log/audit") return json(this.#audit(subject));
    throw notFound("Not found");
  }

  /** Valid operations, oldest first, without nullified ones. */
  #log(did: string): LoggedOperation[] {
    return this.#sql
      .exec<OperationRow>("SELECT * FROM operation WHERE did = ? AND nullified = 0 ORDER BY seq", did)
      .toArray()
      .map((row) => ({
        cid: row.cid,
        operation: JSON.parse(row.operation) as AnyOperation,
        createdAt: row.created_at,
      }));
  }

  #known(did: string): LoggedOperation[] {
    const log = this.#log(did);
    if (log.length === 0) throw notFound(`DID not registered: ${did}`);
    return log;
  }

  #state(did: string) {
    const last = this.#known(did).at(-1)?.operation;
    if (last === undefined || last.type === "plc_tombstone") {
      throw new Refusal("Gone", `DID not available: ${did}`, 410);
    }
    const { rotationKeys, verificationMethods, alsoKnownAs, services } = stateOf(last);
    return { rotationKeys, verificationMethods, alsoKnownAs, services };
  }

  #document(did: string) {
    return documentOf(did as `did:plc:${string}`, this.#state(did));
  }

  #audit(did: string) {
    const rows = this.#sql
      .exec<OperationRow>("SELECT * FROM operation WHERE did = ? ORDER BY seq", did)
      .toArray();
    if (rows.length === 0) throw notFound(`DID not registered: ${did}`);
    return rows.map(exported);
  }

  /**
   * Exports operations as JSON lines. If `after` is a sequence number, lines have `seq`; otherwise (an
   * instant, or absent) they have `nullified`.
   */
  #export(query: URLSearchParams): Response {
    const count = Number(query.get("count") ?? EXPORT_LINES);
    if (!Number.isInteger(count) || count < 1) throw badParameter("count");
    const after = query.get("after") ?? "";
    const bySeq = /^\d+$/.test(after);
    const from = bySeq || after === "" ? Number(after || -1) : Date.parse(after);
    if (Number.isNaN(from)) throw badParameter("after");
    const rows = this.#sql
      .exec<OperationRow>(
        `SELECT * FROM operation WHERE ${bySeq ? "seq" : "created_at"} > ? ORDER BY seq LIMIT ?`,
        from,
        Math.min(count, EXPORT_LINES),
      )
      .toArray();
    const lines = rows.map((row) => {
      const { nullified, ...line } = exported(row);
      return JSON.stringify(bySeq ? { ...line, seq: row.seq, type: "sequenced_op" } : { ...line, nullified });
    });
    return new Response(lines.join("\n"), {
      headers: { "content-type": "application/jsonlines; charset=utf-8" },
    });
  }

  /**
   * The current time, but later than any earlier operation: order and timestamps agree even within a
   * millisecond.
   */
  #nextInstant(): number {
    const { newest } = this.#sql
      .exec<{ newest: number | null }>("SELECT max(created_at) AS newest FROM operation")
      .one();
    return Math.max(this.#clock(), (newest ?? 0) + 1);
  }
}

function exported(row: OperationRow) {
  return {
    did: row.did,
    operation: JSON.parse(row.operation) as AnyOperation,
    cid: row.cid,
    nullified: row.nullified === 1,
    createdAt: new Date(row.created_at).toISOString(),
  };
}

const badParameter = (name: string) => new Refusal("InvalidRequest", `Invalid ${name} parameter`);

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw notFound("Not found");
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal("InvalidRequest", "Not a valid operation");
  }
}
