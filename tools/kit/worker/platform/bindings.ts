/** Bindings that keep Cloudflare's limits. */
import { PLAN, breach, countQueries, countSubrequest } from "./invocation.ts";
import { add } from "./totals.ts";

/** D1 and the objects' SQLite have these in common. */
const PARAMETERS = 100;
const STATEMENT_BYTES = 100_000;
/** Of a value, and of all values of a row together. */
const ROW_BYTES = 2_000_000;

const ROOM = "Pass a list as one JSON text, and read it with json_each.";

export function checkStatement(sql: string): void {
  const bytes = sql.length > STATEMENT_BYTES / 4 ? Buffer.byteLength(sql) : sql.length;
  if (bytes > STATEMENT_BYTES)
    breach(`a statement of ${bytes} bytes; ${STATEMENT_BYTES} are allowed. ${ROOM}`);
}

export function checkValues(values: readonly unknown[]): void {
  if (values.length > PARAMETERS)
    breach(`${values.length} bound parameters; ${PARAMETERS} are allowed. ${ROOM}`);
  const largest = Math.max(0, ...values.map(sizeOf));
  if (largest > ROW_BYTES)
    breach(`a value of ${largest} bytes; ${ROW_BYTES} are allowed. Keep it in R2, or in several rows.`);
}

function sizeOf(value: unknown): number {
  if (typeof value === "string")
    return value.length < ROW_BYTES / 4 ? value.length : Buffer.byteLength(value);
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value.byteLength;
  return 8;
}

/** By the binding itself, so that each has one stand-in. */
const guarded = new WeakMap<object, object>();

/** The bindings under the rules; as they are if no rules hold. */
export function underRules<Env extends object>(env: Env): Env {
  if (PLAN === null) return env;
  const known = guarded.get(env);
  if (known !== undefined) return known as Env;
  const made = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, guardOf(name, value)]));
  guarded.set(env, made);
  return made as Env;
}

/** The kit's own bindings are no part of a deploy. */
const OWN = ["OUTSIDE", "OUTSIDE_OBJECT", "DATABASE_OBJECT", "BUCKET_OBJECT", "MINIFLARE_BLOBS"];

function guardOf(name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || OWN.includes(name)) return value;
  const known = guarded.get(value);
  if (known !== undefined) return known;
  const made = isDatabase(value)
    ? guardDatabase(value)
    : isNamespace(value)
      ? guardObjects(value)
      : isBucket(value)
        ? guardBucket(value)
        : counted(value);
  guarded.set(value, made);
  return made;
}

const isDatabase = (value: object): value is D1Database => "prepare" in value && "batch" in value;

const isNamespace = (value: object): value is { getByName(name: string): object } => "getByName" in value;

/** The class in which R2 bills each of a bucket's methods; a deletion is free. */
const FILE_METHODS = new Map<string | symbol, "fileReads" | "fileWrites">([
  ["get", "fileReads"],
  ["head", "fileReads"],
  ["put", "fileWrites"],
  ["list", "fileWrites"],
  ["createMultipartUpload", "fileWrites"],
]);

const isBucket = (value: object): value is R2Bucket => "createMultipartUpload" in value;

function guardBucket(bucket: R2Bucket): R2Bucket {
  return counted(bucket, (method) => {
    const resource = FILE_METHODS.get(method);
    if (resource !== undefined) add(resource);
  });
}

/** Counts each call, and tells `note` of it. */
function counted<Target extends object>(
  target: Target,
  note: (method: string | symbol) => void = () => {},
): Target {
  return new Proxy(target, {
    get(_, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...given: unknown[]) => {
        countSubrequest();
        note(key);
        // `Reflect.apply`, since a stub takes `apply` for the name of a method.
        return Reflect.apply(value, target, given) as unknown;
      };
    },
  });
}

function guardObjects<Namespace extends { getByName(name: string): object }>(
  namespace: Namespace,
): Namespace {
  return new Proxy(namespace, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...given: unknown[]) => {
        const made = Reflect.apply(value, target, given) as unknown;
        return (key === "getByName" || key === "get") && made instanceof Object
          ? counted(made, () => add("objectRequests"))
          : made;
      };
    },
  });
}

function guardDatabase(database: D1Database): D1Database {
  const plain = new WeakMap<object, D1PreparedStatement>();
  const guardStatement = (statement: D1PreparedStatement): D1PreparedStatement => {
    const proxy = new Proxy(statement, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        return (...given: unknown[]) => {
          if (key !== "bind") countQueries(1);
          else checkValues(given);
          const result = Reflect.apply(value, target, given) as unknown;
          return key === "bind" ? guardStatement(result as D1PreparedStatement) : result;
        };
      },
    });
    plain.set(proxy, statement);
    return proxy;
  };
  return new Proxy(database, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...given: unknown[]) => {
        if (key === "prepare") {
          checkStatement(String(given[0]));
          return guardStatement(target.prepare(String(given[0])));
        }
        if (key !== "batch") {
          countQueries(1);
          return Reflect.apply(value, target, given) as unknown;
        }
        const statements = given[0] as D1PreparedStatement[];
        countQueries(statements.length);
        return target.batch(statements.map((statement) => plain.get(statement) ?? statement));
      };
    },
  });
}
