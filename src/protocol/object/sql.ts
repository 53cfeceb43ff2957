/** An object's SQLite, with the rows counted. Readers take `Rows`, writers `Sql`. */
export type Value = ArrayBuffer | Uint8Array | string | number | null;
export type Row = Record<string, SqlStorageValue>;

/** Rows of a database, as the platform bills them. */
export interface RowCount {
  written: number;
  read: number;
}

/** Reading only. */
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
    this.#count(cursor);
    return rows;
  }

  first<T extends Row>(query: string, ...values: Value[]): T | null {
    return this.all<T>(query, ...values)[0] ?? null;
  }

  /** Reads row by row. The caller must not await between rows, and may stop at any. */
  *each<T extends Row>(query: string, ...values: Value[]): Generator<T> {
    const cursor = this.storage.sql.exec<T>(query, ...values);
    try {
      yield* cursor;
    } finally {
      this.#count(cursor);
    }
  }

  /** Runs a statement for its effect. Returns the number of rows written, indexes included. */
  run(query: string, ...values: Value[]): number {
    const cursor = this.storage.sql.exec(query, ...values);
    this.#count(cursor);
    return cursor.rowsWritten;
  }

  /** All or nothing: a throw rolls back. The type forbids `await` inside. */
  transaction<T>(work: () => T): T {
    return this.storage.transactionSync(work);
  }

  /** Size of the database in bytes. */
  get size(): number {
    return this.storage.sql.databaseSize;
  }

  /** Counts rows that are billed but not written through SQL: setting an alarm is one. */
  countWritten(rows: number): void {
    this.#written += rows;
  }

  /** Rows touched since the object woke. To get the cost of a piece of work, subtract an earlier count. */
  get rows(): RowCount {
    return { written: this.#written, read: this.#read };
  }

  #count(cursor: { rowsRead: number; rowsWritten: number }): void {
    this.#read += cursor.rowsRead;
    this.#written += cursor.rowsWritten;
  }
}

export const rowsSince = (sql: Sql, before: RowCount): RowCount => {
  const { written, read } = sql.rows;
  return { written: written - before.written, read: read - before.read };
};
