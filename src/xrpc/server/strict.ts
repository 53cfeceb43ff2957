/**
 * Unknown names in calls of this host's own methods (`internal.atoll.*`). A public lexicon may grow, so a host
 * ignores what it does not know of a public method. Its own methods it knows: a name that they do not have is
 * a mistake, and must not pass for a condition that everything meets.
 */
import type { BaseSchema, ObjectSchema } from "@atcute/lexicons/validations";
import { invalidRequest } from "../../protocol/refusal.ts";

export const isStrict = (nsid: string): boolean => nsid.startsWith("internal.atoll.");

/** The parts of a schema that say which names there are. */
interface Shape extends BaseSchema {
  type: string;
  shape?: Record<string, Shape>;
  item?: Shape;
  wrapped?: Shape;
}

const listed = (names: readonly string[]) => (names.length === 0 ? "none" : names.join(", "));

/** Refuses InvalidRequest for a parameter that the method does not have, even if it is empty. */
export function checkParamNames(nsid: string, schema: ObjectSchema | null, query: URLSearchParams): void {
  const known = Object.keys(schema?.shape ?? {});
  for (const written of query.keys()) {
    const name = written.replace(/\[\d*\]$/, "");
    if (known.includes(name)) continue;
    throw invalidRequest(`${nsid} has no parameter ${JSON.stringify(name)}. It has ${listed(known)}`);
  }
}

/** Refuses InvalidRequest for a field, at any depth, that the method's input does not have. */
export function checkFieldNames(nsid: string, schema: BaseSchema, value: unknown): void {
  const inner = unwrapped(schema as Shape);
  if (Array.isArray(value)) {
    for (const each of value) if (inner.item !== undefined) checkFieldNames(nsid, inner.item, each);
    return;
  }
  if (inner.shape === undefined || typeof value !== "object" || value === null) return;
  const known = Object.keys(inner.shape);
  for (const [name, each] of Object.entries(value)) {
    const field = inner.shape[name];
    if (field === undefined) {
      throw invalidRequest(`${nsid} has no field ${JSON.stringify(name)} there. It has ${listed(known)}`);
    }
    checkFieldNames(nsid, field, each);
  }
}

/** Without what makes it optional or constrains it. */
function unwrapped(schema: Shape): Shape {
  let inner = schema;
  while (inner.shape === undefined && inner.item === undefined && inner.wrapped !== undefined)
    inner = inner.wrapped;
  return inner;
}
