/** XRPC by `fetch` alone: launchers and tests start faster without a client library. */

/** A refusal: `status`, and the lexicon's `error` name, or "Unknown" if the body is not JSON. */
export class XrpcError extends Error {
  override name = "XrpcError";
  readonly status: number;
  readonly error: string;

  constructor(nsid: string, status: number, error: string, message: string) {
    super(`${nsid}: ${status} ${error}: ${message}`);
    this.status = status;
    this.error = error;
  }
}

export interface XrpcCall {
  params?: Record<string, unknown>;
  /**
   * A procedure's input: bytes are sent as they are, anything else as JSON. If absent, the call is a query,
   * unless `procedure`.
   */
  input?: unknown;
  /** Media type of a byte input; default `application/octet-stream`. */
  type?: string;
  /** Marks a procedure without input. */
  procedure?: boolean;
  /** The whole `authorization` header. */
  authorization?: string;
}

/** All fields of a call, for those who check what they are given. */
export const CALL_FIELDS = [
  "params",
  "input",
  "type",
  "procedure",
  "authorization",
] as const satisfies (keyof XrpcCall)[];

/** Resolves to the answer's JSON, or undefined if it is empty. Throws `XrpcError`, or what `fetch` throws. */
export async function xrpc<Answer = unknown>(
  origin: string,
  nsid: string,
  call: XrpcCall = {},
): Promise<Answer> {
  const response = await request(origin, nsid, call);
  const text = await response.text();
  if (!response.ok) throw refused(nsid, response.status, text);
  return (text === "" ? undefined : JSON.parse(text)) as Answer;
}

/** Like `xrpc`, for an answer that is not JSON. */
export async function xrpcBytes(origin: string, nsid: string, call: XrpcCall = {}): Promise<Uint8Array> {
  const response = await request(origin, nsid, call);
  if (!response.ok) throw refused(nsid, response.status, await response.text());
  return new Uint8Array(await response.arrayBuffer());
}

function request(origin: string, nsid: string, call: XrpcCall): Promise<Response> {
  const { params = {}, input, authorization } = call;
  const url = new URL(`/xrpc/${nsid}`, origin);
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(each));
  }
  const headers: Record<string, string> = {};
  if (authorization !== undefined) headers.authorization = authorization;
  const isProcedure = input !== undefined || call.procedure === true;
  if (!isProcedure) return fetch(url, { headers });
  if (input === undefined) return fetch(url, { method: "POST", headers });
  const isBytes = input instanceof Uint8Array;
  headers["content-type"] = isBytes ? (call.type ?? "application/octet-stream") : "application/json";
  return fetch(url, { method: "POST", headers, body: isBytes ? input : JSON.stringify(input) });
}

function refused(nsid: string, status: number, text: string): XrpcError {
  try {
    const { error = "Unknown", message = "" } = JSON.parse(text) as { error?: string; message?: string };
    return new XrpcError(nsid, status, error, message);
  } catch {
    return new XrpcError(nsid, status, "Unknown", text.slice(0, 200));
  }
}

export const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
