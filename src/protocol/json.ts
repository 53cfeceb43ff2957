/** Safe access to JSON of unknown shape. */
export type Json = Record<string, unknown>;

export const isJson = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** Whether a value is a whole number of zero or more. */
export const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** A table's entry under a name that a stranger may have chosen, such as `constructor`, which every object has. */
export const entryOf = <Value>(
  table: Readonly<Partial<Record<string, Value>>>,
  name: string,
): Value | undefined => (Object.hasOwn(table, name) ? table[name] : undefined);

/** The value at a path of keys; undefined where the path ends early. */
export function at(value: unknown, ...path: string[]): unknown {
  let inner = value;
  for (const key of path) {
    if (!isJson(inner)) return undefined;
    inner = entryOf(inner, key);
  }
  return inner;
}

/** The CID of a blob reference, in its new or old form. */
export const blobCid = (blob: unknown): string | undefined =>
  textOf(at(blob, "ref", "$link")) ?? textOf(at(blob, "cid"));
