/**
 * A method is a row. The generated lexicon value supplies NSID, verb, validation and types. The policy
 * decides who may call and supplies the type of `caller`. The function does the work. Checks run in the order
 * parameters, credentials, body (XRPC spec, "Requests").
 */
import type {
  BaseSchema,
  InferOutput,
  InferXRPCBodyInput,
  InferXRPCBodyOutput,
  ObjectSchema,
  XRPCBodyParam,
  XRPCProcedureMetadata,
  XRPCQueryMetadata,
} from "@atcute/lexicons/validations";
import { safeParse } from "@atcute/lexicons/validations";
import { bodyOf } from "../../protocol/body.ts";
import type { Loan } from "../../protocol/memory.ts";
import { invalidRequest } from "../../protocol/refusal.ts";
import { readJson, refuseBody } from "./body.ts";
import { decodeParams } from "./params.ts";
import { authorizeInput } from "./scopes.ts";
import type { Permissions } from "./scope-rules.ts";
import type { Services } from "./services.ts";
import { checkFieldNames, checkParamNames, isStrict } from "./strict.ts";

export type MethodSchema = XRPCQueryMetadata | XRPCProcedureMetadata;

/** The generated module of one method, as `@atcute/atproto` and `@atcute/bluesky` export it. */
export interface MethodModule<Schema extends MethodSchema = MethodSchema> {
  mainSchema: Schema;
}

export type ParamsOf<S extends MethodSchema> = S["params"] extends ObjectSchema
  ? InferOutput<S["params"]>
  : object;
export type InputOf<S extends MethodSchema> =
  S extends XRPCProcedureMetadata<ObjectSchema | null, infer Input extends XRPCBodyParam>
    ? InferXRPCBodyOutput<Input>
    : undefined;
export type OutputOf<S extends MethodSchema> = InferXRPCBodyInput<S["output"]>;

/** The facts that every policy may look at. */
export interface Credentials {
  request: Request;
  nsid: string;
  services: Services;
  params: object;
}

/** Returns the caller, or throws the refusal. */
export type Policy<Caller> = (credentials: Credentials) => Caller | Promise<Caller>;

export interface Call<S extends MethodSchema, Caller> {
  params: ParamsOf<S>;
  /** The parsed JSON body. A method whose input is bytes reads `request.body` instead. */
  input: InputOf<S>;
  caller: Caller;
  services: Services;
  request: Request;
  /** Headers of the reply, for the few methods that add one. */
  headers: Headers;
}

export interface MethodOptions {
  /** Largest JSON body, in bytes. */
  jsonLimit?: number;
}

export interface Method {
  nsid: string;
  verb: "GET" | "POST";
  /**
   * @returns the response, and the account that the caller acts for, for the log line; null if there is none.
   */
  serve(request: Request, url: URL, services: Services): Promise<{ response: Response; did: string | null }>;
}

const JSON_LIMIT = 150 * 1024;

/** The DID that a caller acts for, if it has one; for the log line. */
function didOf(caller: unknown): string | null {
  if (typeof caller !== "object" || caller === null || !("did" in caller)) return null;
  return typeof caller.did === "string" ? caller.did : null;
}

/** The permissions of a caller that came through an app; null for all others. */
function permissionsOf(caller: unknown): Permissions | null {
  if (typeof caller !== "object" || caller === null || !("permissions" in caller)) return null;
  return caller.permissions as Permissions;
}

export function method<S extends MethodSchema, Caller>(
  module: MethodModule<S>,
  policy: Policy<Caller>,
  run: (call: Call<S, Caller>) => OutputOf<S> | Response | Promise<OutputOf<S> | Response>,
  options: MethodOptions = {},
): Method {
  const schema = module.mainSchema;
  const verb = schema.type === "xrpc_query" ? "GET" : "POST";
  const nsid: string = schema.nsid;
  const params = decodeParams(nsid, schema.params);
  const input = schema.type === "xrpc_procedure" ? schema.input : null;
  const strict = isStrict(nsid);

  return {
    nsid,
    verb,
    async serve(request, url, services) {
      const call = {
        params: params(url.searchParams) as ParamsOf<S>,
        services,
        request,
        headers: new Headers(),
      };
      const caller = await policy({ request, nsid, services, params: call.params });
      if (strict) checkParamNames(nsid, schema.params, url.searchParams);
      const loans: Loan[] = [];
      let output: OutputOf<S> | Response;
      try {
        const body = await decodeInput(request, input, options.jsonLimit ?? JSON_LIMIT, loans);
        if (strict && input?.type === "lex") checkFieldNames(nsid, input.schema, body);
        const permissions = permissionsOf(caller);
        if (permissions !== null) authorizeInput(permissions, nsid, body);
        output = await run({ ...call, caller, input: body as InputOf<S> });
      } finally {
        for (const loan of loans) loan.giveBack();
      }
      const did = didOf(caller);
      if (output instanceof Response) return { response: output, did };
      if (output === undefined || output === null) {
        return { response: new Response(null, { headers: call.headers }), did };
      }
      call.headers.set("content-type", "application/json; charset=utf-8");
      const answer = request.method === "HEAD" ? null : await bodyOf(JSON.stringify(output));
      return { response: new Response(answer, { headers: call.headers }), did };
    },
  };
}

/**
 * Reads and validates the body. JSON is checked against its schema; a method without input must get none;
 * bytes are left to the method's own function.
 */
async function decodeInput(
  request: Request,
  input: XRPCBodyParam,
  jsonLimit: number,
  loans: Loan[],
): Promise<unknown> {
  if (input === null) {
    if (request.method === "POST" && hasBody(request)) await refuseBody(request);
    return undefined;
  }
  if (!announcesBody(request)) throw invalidRequest("A request body is expected but none was provided");
  if (input.type === "blob") return undefined;
  const type = (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (!type) throw invalidRequest("Request encoding (Content-Type) required but not provided");
  if (type !== "application/json") {
    throw invalidRequest(`Wrong request encoding (Content-Type): ${type}`);
  }
  return validated("Input", input.schema, await readJson(request, jsonLimit, loans));
}

function validated(what: string, schema: BaseSchema, value: unknown): unknown {
  const result = safeParse(schema, value);
  if (result.ok) return result.value;
  throw invalidRequest(`${what}: ${result.message}`);
}

/** Whether a body comes, be it empty. */
const announcesBody = ({ headers, body }: Request): boolean =>
  headers.has("content-length") || headers.has("transfer-encoding") || body !== null;

const hasBody = (request: Request): boolean =>
  announcesBody(request) && request.headers.get("content-length") !== "0";
