/**
 * A D1 database that counts its use: rows as the platform bills them, queries and trips. For local runs, tests and
 * the few requests that are measured.
 */

export interface DatabaseCost {
  written: number;
  read: number;
  trips: number;
  /** Statements, each of a batch among them. */
  queries: number;
}

/**
 * Passes every call through and adds to `cost`. For `exec`, and for `raw` of anything but a SELECT, only the
 * trip is counted: their results do not tell more. A SELECT runs again to be counted.
 */
export function countDatabase(db: D1Database): { db: D1Database; cost: DatabaseCost } {
  const cost: DatabaseCost = { written: 0, read: 0, trips: 0, queries: 0 };
  const plain = new WeakMap<D1PreparedStatement, D1PreparedStatement>();
  const add = <Result extends { meta: D1Meta }>(result: Result): Result => {
    cost.written += result.meta.rows_written;
    cost.read += result.meta.rows_read;
    return result;
  };
  const counted = (statement: D1PreparedStatement, isSelect: boolean): D1PreparedStatement => {
    const proxy = new Proxy(statement, {
      get(target, key) {
        if (key === "bind") return (...values: unknown[]) => counted(target.bind(...values), isSelect);
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        return async (...given: unknown[]) => {
          cost.trips += 1;
          cost.queries += 1;
          if (key === "all" || key === "run") return target[key]().then(add);
          if (key === "first") return target.all().then((result) => firstOf(add(result), given[0]));
          if (key === "raw" && isSelect) add(await target.all());
          return value.apply(target, given);
        };
      },
    });
    plain.set(proxy, statement);
    return proxy;
  };
  const proxy = new Proxy(db, {
    get(target, key) {
      if (key === "prepare") {
        return (sql: string) => counted(target.prepare(sql), /^\s*select\b/i.test(sql));
      }
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return async (...given: unknown[]) => {
        cost.trips += 1;
        if (key !== "batch") return value.apply(target, given);
        const statements = given[0] as D1PreparedStatement[];
        cost.queries += statements.length;
        const results = await target.batch(statements.map((statement) => plain.get(statement) ?? statement));
        return results.map(add);
      };
    },
  });
  return { db: proxy, cost };
}

function firstOf({ results }: D1Result<Record<string, unknown>>, column: unknown): unknown {
  const [row] = results;
  if (row === undefined) return null;
  return typeof column === "string" ? (row[column] ?? null) : row;
}
