/** goat's XRPC client (indigo's `atclient`): what it sends with every call, and how it reads the answers. */
import { isDid } from "@atcute/lexicons/syntax";
import { type GoRequest, type GoResponse, encodeQuery, send } from "./http.ts";
import { type GoType, bool, marshal, pointer, string, struct, unmarshal } from "./json.ts";

/** An answer outside 2xx. An answer without a JSON body has no error name. */
export class ApiError extends Error {
  override name = "ApiError";
  readonly status: number;
  readonly error: string;

  constructor(status: number, error: string, message: string) {
    super(`API request failed (HTTP ${status}): ${error}: ${message}`);
    this.status = status;
    this.error = error;
  }
}

export interface Session {
  did: string;
  accessJwt: string;
  refreshJwt: string;
  host: string;
}

/** How a request is authorized. */
export interface Auth {
  send(request: GoRequest): Promise<GoResponse>;
}

const withHeader = (request: GoRequest, name: string, value: string): GoRequest => ({
  ...request,
  headers: { ...request.headers, [name]: value },
});

export class AdminAuth implements Auth {
  readonly #authorization: string;

  constructor(password: string) {
    this.#authorization = `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
  }

  send(request: GoRequest): Promise<GoResponse> {
    return send(withHeader(request, "Authorization", this.#authorization));
  }
}

const refreshed = struct({
  accessJwt: string,
  active: pointer(bool),
  did: string,
  refreshJwt: string,
  status: pointer(string),
});

/** Refreshes only when a 400 with a JSON body says ExpiredToken; then sends the request once more. */
export class PasswordAuth implements Auth {
  session: Session;
  readonly #kept: (session: Session) => void;

  constructor(session: Session, kept: (session: Session) => void = () => {}) {
    this.session = session;
    this.#kept = kept;
  }

  async send(request: GoRequest): Promise<GoResponse> {
    const response = await this.#sendOnce(request);
    const type = response.headers["content-type"] ?? "";
    if (response.status !== 400 || !type.startsWith("application/json")) return response;
    const refusal = errorOf(response);
    if (refusal.error !== "ExpiredToken") throw refusal;
    await this.#refresh();
    return this.#sendOnce(request);
  }

  #sendOnce(request: GoRequest): Promise<GoResponse> {
    return send(withHeader(request, "Authorization", `Bearer ${this.session.accessJwt}`));
  }

  async #refresh(): Promise<void> {
    const { host, refreshJwt, did } = this.session;
    const response = await send({
      method: "POST",
      url: new URL(`${host}/xrpc/com.atproto.server.refreshSession`),
      headers: { "User-Agent": "indigo-sdk", Authorization: `Bearer ${refreshJwt}` },
    });
    if (!isOk(response)) throw errorOf(response);
    const fresh = unmarshal(refreshed, response.body.toString());
    this.session = { did, host, accessJwt: fresh.accessJwt, refreshJwt: fresh.refreshJwt };
    this.#kept(this.session);
  }
}

const isOk = ({ status }: GoResponse) => status >= 200 && status < 300;

const errorBody = struct({ error: string, message: string });

function errorOf({ status, body }: GoResponse): ApiError {
  try {
    const { error, message } = unmarshal(errorBody, body.toString());
    return new ApiError(status, error, message);
  } catch {
    return new ApiError(status, "", "");
  }
}

type Params = Readonly<Record<string, string | number | boolean>>;

export class ApiClient {
  readonly host: string;
  auth: Auth | null;
  did: string | null;
  readonly #headers: Record<string, string>;

  constructor(host: string, { agent = "indigo-sdk", auth = null, did = null }: ClientOptions = {}) {
    this.host = host;
    this.auth = auth;
    this.did = did;
    this.#headers = { "User-Agent": agent };
  }

  /** The same client, with its calls proxied to the service `did#id`. */
  withService(reference: string): ApiClient {
    const { host, auth, did } = this;
    const client = new ApiClient(host, { auth, did });
    Object.assign(client.#headers, this.#headers, { "Atproto-Proxy": reference });
    return client;
  }

  async query<T>(nsid: string, params: Params, out: GoType<T>): Promise<T> {
    const response = await this.exchange("GET", nsid, { params });
    return unmarshal(out, response.body.toString());
  }

  async queryBytes(nsid: string, params: Params): Promise<Uint8Array> {
    const { body } = await this.exchange("GET", nsid, { params });
    return body;
  }

  /** A procedure with a JSON input. Its answer is read only if `out` is given. */
  async procedure<T = null>(nsid: string, input: object, out?: GoType<T>): Promise<T | null> {
    const { body } = await this.exchange("POST", nsid, {
      headers: { "Content-Type": "application/json" },
      body: Buffer.from(marshal(input)),
    });
    return out === undefined ? null : unmarshal(out, body.toString());
  }

  /** A procedure without an input: no body, no Content-Type, and a Content-Length of 0. */
  async plainProcedure(nsid: string): Promise<void> {
    await this.exchange("POST", nsid, {});
  }

  /** A procedure whose input is bytes. */
  async upload(nsid: string, type: string, bytes: Uint8Array): Promise<string> {
    const { body } = await this.exchange("POST", nsid, { headers: { "Content-Type": type }, body: bytes });
    return body.toString();
  }

  async exchange(method: "GET" | "POST", nsid: string, { params = {}, headers = {}, body }: Exchange) {
    const query = encodeQuery(params);
    const request: GoRequest = {
      method,
      url: new URL(`/xrpc/${nsid}${query === "" ? "" : `?${query}`}`, this.host),
      headers: { ...this.#headers, ...headers },
      ...(body === undefined ? {} : { body }),
    };
    const response = await (this.auth === null ? send(request) : this.auth.send(request));
    if (!isOk(response)) throw errorOf(response);
    return response;
  }
}

interface ClientOptions {
  agent?: string;
  auth?: Auth | null;
  did?: string | null;
}

interface Exchange {
  params?: Params;
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array;
}

const created = struct({
  accessJwt: string,
  active: pointer(bool),
  did: string,
  refreshJwt: string,
  status: pointer(string),
});

/** Signs in at a host with a known address. */
export async function loginAt(
  host: string,
  { identifier, password, factor }: { identifier: string; password: string; factor?: string | undefined },
  kept?: (session: Session) => void,
): Promise<ApiClient> {
  const client = new ApiClient(host);
  const { body } = await client.exchange("POST", "com.atproto.server.createSession", {
    headers: { Accept: "application/json", "Content-Type": "application/json" },
    body: Buffer.from(marshal({ authFactorToken: factor, identifier, password })),
  });
  const { did, accessJwt, refreshJwt, active, status } = unmarshal(created, body.toString());
  // goat prints the status of an inactive account, and crashes if it is missing.
  if (active === false && status === null) throw new Error("an inactive account without a status");
  if (!isDid(did)) throw new Error(`not a DID: ${did}`);
  client.did = did;
  client.auth = new PasswordAuth({ did, accessJwt, refreshJwt, host }, kept);
  return client;
}
