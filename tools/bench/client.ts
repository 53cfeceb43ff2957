/**
 * A cheap client: node:http with keep-alive, and no parsing unless asked for. The server's CPU is read from
 * its own process, so the client's cost never counts.
 */
import http from "node:http";
import { performance } from "node:perf_hooks";

export interface Reply {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
  /** Milliseconds from the call to the last byte. */
  ms: number;
}

export interface Send {
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Whether to count the bytes of the answer without keeping them. */
  discard?: boolean;
}

class StaleConnection extends Error {}

export class Client {
  readonly origin: string;
  readonly #agent: http.Agent;
  /** Bytes of discarded answers. */
  discarded = 0;

  constructor(origin: string) {
    this.origin = origin;
    this.#agent = new http.Agent({ keepAlive: true, maxSockets: 128, scheduling: "lifo" });
  }

  /** Sends a request. Retries once on a new connection if the server has closed an idle one. */
  async send(method: string, path: string, options: Send = {}): Promise<Reply> {
    try {
      return await this.#attempt(method, path, options);
    } catch (thrown) {
      if (!(thrown instanceof StaleConnection)) throw thrown;
      return this.#attempt(method, path, options);
    }
  }

  #attempt(method: string, path: string, options: Send): Promise<Reply> {
    const begun = performance.now();
    const { body } = options;
    const headers: Record<string, string | number> = { ...options.headers };
    if (body !== undefined) headers["content-length"] = Buffer.byteLength(body);
    return new Promise((resolve, reject) => {
      const request = http.request(
        this.origin + path,
        { method, agent: this.#agent, headers },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => {
            if (options.discard === true) this.discarded += chunk.length;
            else chunks.push(chunk);
          });
          response.on("error", reject);
          response.on("end", () => {
            const ms = performance.now() - begun;
            const joined = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: joined, ms });
          });
        },
      );
      request.on("error", (error) => {
        const closed = "code" in error && (error.code === "EPIPE" || error.code === "ECONNRESET");
        reject(closed && request.reusedSocket ? new StaleConnection() : error);
      });
      request.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

class CallFailed extends Error {}

function checked(what: string, reply: Reply): Reply {
  if (reply.status === 200) return reply;
  throw new CallFailed(`${what}: ${reply.status} ${reply.body.toString("utf8", 0, 300)}`);
}

export type Params = Record<string, string | number | boolean | undefined>;

function queryString(params: Params): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) if (value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** A text field of a JSON answer. */
export function textIn(reply: Reply, name: string): string {
  const value: unknown = JSON.parse(reply.body.toString("utf8"));
  const text = isObject(value) ? value[name] : undefined;
  if (typeof text !== "string") throw new CallFailed(`the answer has no ${name}`);
  return text;
}

export interface Account {
  did: string;
  handle: string;
  token: string;
}

/** XRPC calls as one account, or without one. Any status but 200 is an error. */
export class Xrpc {
  readonly client: Client;
  readonly #auth: Record<string, string>;

  constructor(client: Client, token?: string) {
    this.client = client;
    this.#auth = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  async query(nsid: string, params: Params = {}, send: Send = {}): Promise<Reply> {
    const headers = { ...this.#auth, ...send.headers };
    return checked(
      nsid,
      await this.client.send("GET", `/xrpc/${nsid}${queryString(params)}`, { ...send, headers }),
    );
  }

  async procedure(nsid: string, input: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const body = JSON.stringify(input);
    const all = { ...this.#auth, "content-type": "application/json", ...headers };
    return checked(nsid, await this.client.send("POST", `/xrpc/${nsid}`, { body, headers: all }));
  }

  async upload(nsid: string, body: Uint8Array, type: string): Promise<Reply> {
    const headers = { ...this.#auth, "content-type": type };
    return checked(nsid, await this.client.send("POST", `/xrpc/${nsid}`, { body, headers }));
  }
}

/** Signs up an account on a host with open registration. */
export async function createAccount(client: Client, name: string): Promise<Account> {
  const handle = `${name}.test`;
  const input = { handle, email: `${name}@example.com`, password: `password of ${name}` };
  const reply = await new Xrpc(client).procedure("com.atproto.server.createAccount", input);
  return { did: textIn(reply, "did"), handle, token: textIn(reply, "accessJwt") };
}
