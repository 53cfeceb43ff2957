/** The object's SQLite, with its cost counted. Readers get `Rows`, writers get `Sql`. */
import type { Cost } from "../protocol/account-station.ts";

export type Value = ArrayBuffer | Uint8Array | string | number | null;
export type Row = Record<string, SqlStorageValue>;

/** Read-only access. */
export interface Rows {
  all<T extends Row>(query: string, ...values: Value[]): T[];
  first<T extends Row>(query: string, ...values: Value[]): T | null;
}

export class Sql implements Rows {
  readonly storage: DurableObjectStorage;
  #read = 0;
  #written = 0;

  constructor(storage: DurableObjectStorage) {
    this.storage = storage;
  }

  all<T extends Row>(query: string, ...values: Value[]): T[] {
    const cursor = this.storage.sql.exec<T>(query, ...values);
    const rows = cursor.toArray();
    this.#read += cursor.rowsRead;
    this.#written += cursor.rowsWritten;
    return rows;
  }

  first<T extends Row>(query: string, ...values: Value[]): T | null {
    return this.all<T>(query, ...values)[0] ?? null;
  }

  /** Runs a statement for its effect. */
  run(query: string, ...values: Value[]): void {
    this.all(query, ...values);
  }

  /** All or nothing: a throw rolls back. `work` must not await. */
  transaction<T>(work: () => T): T {
    return this.storage.transactionSync(work);
  }

  /** Counts rows that SQL does not report: an alarm being set. */
  countWritten(rows: number): void {
    this.#written += rows;
  }

  /** Rows touched since the object woke. `costSince` gives the difference from an earlier value. */
  get cost(): Cost {
    return { rowsRead: this.#read, rowsWritten: this.#written };
  }
}

/** The cost since `before`. */
export function costSince(sql: Sql, before: Cost): Cost {
  const now = sql.cost;
  return {
    rowsRead: now.rowsRead - before.rowsRead,
    rowsWritten: now.rowsWritten - before.rowsWritten,
  };
}
