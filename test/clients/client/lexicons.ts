/** What the lexicons require of an answer, including every format and every member of a union. */
import * as atproto from "@atcute/atproto";
import * as bluesky from "@atcute/bluesky";
import type { BaseSchema } from "@atcute/lexicons/validations";
import { safeParse } from "@atcute/lexicons/validations";

interface MethodSchema {
  type: string;
  nsid: string;
  input?: unknown;
  params: { shape: Readonly<Record<string, unknown>> } | null;
  output: { type: string; schema?: BaseSchema } | null;
}

/** Every query and procedure of the public lexicons, by NSID. */
export const lexicons: ReadonlyMap<string, MethodSchema> = new Map(
  [...Object.values(atproto), ...Object.values(bluesky)]
    .filter((module) => typeof module === "object" && module !== null && "mainSchema" in module)
    .map((module) => (module as { mainSchema: MethodSchema }).mainSchema)
    .filter(({ type }) => type === "xrpc_query" || type === "xrpc_procedure")
    .map((schema) => [schema.nsid, schema]),
);

/** What is wrong with a method's answer, and where; null if it is valid. */
export function outputProblem(nsid: string, body: unknown): string | null {
  const output = lexicons.get(nsid)?.output;
  if (output === undefined || output === null || output.type !== "lex" || !output.schema) return null;
  const result = safeParse(output.schema, body);
  return result.ok ? null : result.message;
}
