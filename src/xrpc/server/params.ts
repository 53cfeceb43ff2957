/**
 * Decodes query parameters and validates them against their lexicon (XRPC spec, "Lexicon HTTP Endpoints").
 */
import type { BaseSchema, ObjectSchema } from "@atcute/lexicons/validations";
import { safeParse } from "@atcute/lexicons/validations";
import { invalidRequest } from "../../protocol/refusal.ts";

type Scalar = (text: string) => unknown;
type Decoder = (values: string[]) => unknown;

/** The parts of a generated schema that determine how a parameter is written in a query. */
interface SchemaShape extends BaseSchema {
  wrapped?: SchemaShape;
  item?: SchemaShape;
  type: string;
}

function unwrapped(schema: SchemaShape): SchemaShape {
  let inner = schema;
  while ((inner.type === "optional" || inner.type === "nullable") && inner.wrapped) inner = inner.wrapped;
  return inner;
}

/** Returns undecodable text as is, so that validation refuses it in the schema's own words. */
function scalar(schema: SchemaShape): Scalar {
  switch (unwrapped(schema).type) {
    case "integer":
      return (text) => (/^-?\d{1,16}$/.test(text) ? Number(text) : text);
    case "boolean":
      return (text) => (text === "true" ? true : text === "false" ? false : text);
    default:
      return (text) => text;
  }
}

function decoder(schema: SchemaShape): Decoder {
  const inner = unwrapped(schema);
  if (inner.type === "array" && inner.item) {
    const item = scalar(inner.item);
    return (values) => values.map(item);
  }
  const one = scalar(inner);
  return (values) => (values.length > 1 ? values : one(values[0] ?? ""));
}

/**
 * Groups a query's values by name. Empty values count as absent, as in the reference. Some clients write
 * arrays as `uris[]=` or `uris[0]=`.
 */
function valuesOf(query: URLSearchParams): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [written, value] of query) {
    if (value === "") continue;
    const name = written.replace(/\[\d*\]$/, "");
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  }
  return values;
}

/**
 * Returns a function from a query to valid parameters. It ignores unknown parameters. Refuses InvalidRequest
 * for invalid ones.
 */
export function decodeParams(nsid: string, schema: ObjectSchema | null): (query: URLSearchParams) => object {
  if (schema === null) return () => ({});
  let decoders: [string, Decoder][] | undefined;
  return (query) => {
    decoders ??= Object.entries(schema.shape as Record<string, SchemaShape>).map(([name, shape]) => [
      name,
      decoder(shape),
    ]);
    const params: Record<string, unknown> = {};
    const values = valuesOf(query);
    for (const [name, decode] of decoders) {
      const given = values.get(name);
      if (given !== undefined) params[name] = decode(given);
    }
    const result = safeParse(schema, params);
    if (!result.ok) throw invalidRequest(`Invalid ${nsid} params: ${result.message}`);
    return result.value;
  };
}
