/** A D1 database that counts the statements it is sent: the platform bounds those of an invocation. */

export interface Meter {
  db: D1Database;
  /** The number of statements so far. Each statement of a batch counts. */
  spent: () => number;
}

/** The methods that send a statement. */
const SENDING = new Set<string | symbol>(["all", "first", "raw", "run"]);

/** Passes every call through. */
export function meterDatabase(db: D1Database): Meter {
  let spent = 0;
  const plain = new WeakMap<D1PreparedStatement, D1PreparedStatement>();
  const metered = (statement: D1PreparedStatement): D1PreparedStatement => {
    const proxy = new Proxy(statement, {
      get(target, key) {
        if (key === "bind") return (...values: unknown[]) => metered(target.bind(...values));
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        return (...given: unknown[]): unknown => {
          if (SENDING.has(key)) spent += 1;
          return Reflect.apply(value, target, given);
        };
      },
    });
    plain.set(proxy, statement);
    return proxy;
  };
  const proxy = new Proxy(db, {
    get(target, key) {
      if (key === "prepare") return (sql: string) => metered(target.prepare(sql));
      if (key === "batch")
        return (statements: D1PreparedStatement[]) => {
          spent += statements.length;
          return target.batch(statements.map((statement) => plain.get(statement) ?? statement));
        };
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { db: proxy, spent: () => spent };
}
