/**
 * encoding/json, as far as goat relies on it. Decoding into a struct ignores fields that the struct does not
 * name, and reads absent or null fields as zero values. A value of the wrong type fails the whole answer:
 * `1.5` is not an int64, and `"true"` is not a bool.
 */

/** Decodes one value; `at` is its place in the answer. Throws `DecodeError`. */
export type GoType<T> = (value: unknown, at: string) => T;

export class DecodeError extends Error {
  override name = "DecodeError";
}

const refuse = (value: unknown, at: string, type: string): never => {
  throw new DecodeError(`json: cannot unmarshal ${JSON.stringify(value)} into ${at} of type ${type}`);
};
const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null;

export const string: GoType<string> = (value, at) =>
  isAbsent(value) ? "" : typeof value === "string" ? value : refuse(value, at, "string");

export const bool: GoType<boolean> = (value, at) =>
  isAbsent(value) ? false : typeof value === "boolean" ? value : refuse(value, at, "bool");

export const int64: GoType<number> = (value, at) =>
  isAbsent(value) ? 0 : Number.isSafeInteger(value) ? Number(value) : refuse(value, at, "int64");

/** A pointer: nil if the value is absent. */
export const pointer =
  <T>(type: GoType<T>): GoType<T | null> =>
  (value, at) =>
    isAbsent(value) ? null : type(value, at);

export const list =
  <T>(type: GoType<T>): GoType<T[]> =>
  (value, at) =>
    isAbsent(value)
      ? []
      : Array.isArray(value)
        ? value.map((item, i) => type(item, `${at}[${i}]`))
        : refuse(value, at, "slice");

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const struct =
  <S extends Record<string, GoType<unknown>>>(fields: S): GoType<{ [F in keyof S]: ReturnType<S[F]> }> =>
  (value, at) => {
    const given = isAbsent(value) ? {} : isObject(value) ? value : refuse(value, at, "struct");
    const decoded = Object.entries(fields).map(([name, type]) => [name, type(given[name], `${at}.${name}`)]);
    return Object.fromEntries(decoded) as { [F in keyof S]: ReturnType<S[F]> };
  };

/** map[string]any, or map[string]T. */
export const map =
  <T>(type: GoType<T>): GoType<Record<string, T>> =>
  (value, at) => {
    const given = isAbsent(value) ? {} : isObject(value) ? value : refuse(value, at, "map");
    return Object.fromEntries(Object.entries(given).map(([key, item]) => [key, type(item, `${at}.${key}`)]));
  };

/** json.RawMessage or interface{}: taken unchanged. */
export const raw: GoType<unknown> = (value) => value;

export function unmarshal<T>(type: GoType<T>, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DecodeError(`json: not JSON: ${text.slice(0, 100)}`);
  }
  return type(value, "answer");
}

/**
 * json.Marshal: escapes characters that are unsafe in HTML. Fields that are undefined stand for `omitempty`.
 */
export const marshal = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** Sorts keys at every depth, as Go writes maps. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
