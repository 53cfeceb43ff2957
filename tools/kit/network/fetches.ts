/**
 * The internet of a network. Every outgoing request of its hosts comes here, is recorded, and gets the answer
 * that the test set. Requests to loopback addresses are forwarded, so that hosts reach each other and the app
 * under test. No other request leaves the machine.
 */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { passSocketOn } from "./pass-socket-on.ts";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { LOOPBACK } from "../../dev/ports.ts";
import { DISPOSED, until, type Wait } from "./waiting.ts";

/** An outgoing request of a host. */
export interface OutsideFetch {
  /** Name of the sending host. */
  host: string;
  method: string;
  url: string;
  /** By lower-case name. */
  headers: Record<string, string>;
  /** Empty if there was none. */
  body: string;
  /** Status of the answer; null if there was none. */
  status: number | null;
  /** Milliseconds since the Unix epoch, by the machine's clock. */
  at: number;
}

/** A URL prefix, a regular expression for the URL, or a predicate on the request. */
export type FetchPattern = string | RegExp | ((request: Request) => boolean);

/** A `Response`, JSON, or a function of the request that returns either; null: the connection fails. */
export type FetchAnswer =
  | Response
  | Record<string, unknown>
  | unknown[]
  | null
  | ((request: Request) => FetchAnswer | Promise<FetchAnswer>);

interface Answering {
  matches: (request: Request) => boolean;
  answer: FetchAnswer;
}

/** Largest request body. It is read whole before the answer; hosts send small ones. */
const BODY_BYTES = 64 << 20;

const DNS_OVER_HTTPS = "https://cloudflare-dns.com/dns-query";

export class Fetches {
  /** All outgoing requests except those to the network's own PLC directory, oldest first. */
  readonly list: OutsideFetch[] = [];
  readonly #answers: Answering[] = [];
  readonly #names = new Map<string, string>();
  readonly #changed = new EventTarget();
  readonly #servers: http.Server[] = [];
  #closed = false;
  readonly #isOwn: (url: URL) => boolean;
  readonly #memberOf: (handle: string) => Promise<string | null>;

  /**
   * `isOwn`: whether to forward a request unrecorded; `memberOf`: the DID for a handle on one of the hosts.
   */
  constructor(isOwn: (url: URL) => boolean, memberOf: (handle: string) => Promise<string | null>) {
    this.#isOwn = isOwn;
    this.#memberOf = memberOf;
  }

  /**
   * Answers matching requests until the returned function is called or the network is reset. The newest
   * answer wins.
   * @example network.fetches.answer("https://relay.example.com/", { ok: true })
   */
  answer(pattern: FetchPattern, answer: FetchAnswer): () => void {
    const answering = { matches: matcher(pattern), answer };
    this.#answers.unshift(answering);
    return () => {
      const at = this.#answers.indexOf(answering);
      if (at >= 0) this.#answers.splice(at, 1);
    };
  }

  /** Makes a handle outside the network resolve to a DID, like a DNS record. */
  handle(handle: string, did: string): void {
    this.#names.set(handle.toLowerCase(), did);
  }

  /** The first matching request, past or future. Rejects after `timeout` ms (5,000). */
  async next(pattern: FetchPattern, wait: Wait = {}): Promise<OutsideFetch> {
    const matches = matcher(pattern);
    const find = () => {
      const found = this.list.find((sent) =>
        matches(new Request(sent.url, { method: sent.method, headers: sent.headers })),
      );
      if (found === undefined && this.#closed) throw new Error(DISPOSED);
      return found;
    };
    return until(find, this.#changed, wait, () => {
      const sent = this.list.map(({ method, url }) => `  ${method} ${url}`).join("\n");
      return `no request to ${String(pattern)} was sent. What was sent:\n${sent || "  nothing"}`;
    });
  }

  /** Forgets requests and answers. */
  clear(): void {
    this.list.length = 0;
    this.#answers.length = 0;
    this.#names.clear();
  }

  /** @internal Opens the port that receives every fetch of the Worker of `host`. */
  async open(host: string): Promise<number> {
    // A request to a proxy names its host in the request line.
    const server = http.createServer({ requireHostHeader: false }, (incoming, outgoing) => {
      this.#take(host, incoming, outgoing).catch(() => outgoing.destroy());
    });
    server.on("upgrade", (incoming: http.IncomingMessage, socket: Duplex) => {
      this.#takeSocket(host, incoming, socket);
    });
    server.listen(0, LOOPBACK);
    await new Promise((resolve, reject) => server.once("listening", resolve).once("error", reject));
    server.unref();
    server.on("connection", (socket) => socket.unref());
    this.#servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  /** @internal */
  close(): void {
    this.#closed = true;
    this.#changed.dispatchEvent(new Event("change"));
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  async #take(host: string, incoming: http.IncomingMessage, outgoing: http.ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? "");
    if (this.#isOwn(url)) return void (await passOn(url, incoming, outgoing));
    const sent: OutsideFetch = {
      host,
      method: incoming.method ?? "GET",
      url: url.href,
      headers: plainHeaders(incoming.headers),
      body: "",
      status: null,
      at: Date.now(),
    };
    const body = await readBody(incoming);
    sent.body = body.toString();
    const request = new Request(url, {
      method: sent.method,
      headers: sent.headers,
      ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
    });
    this.list.push(sent);
    const answer = await this.#answerTo(request);
    if (answer !== undefined) {
      sent.status = answer?.status ?? null;
      await (answer === null ? outgoing.destroy() : send(answer, outgoing));
    } else if (isLoopback(url.hostname)) {
      sent.status = await passOn(url, incoming, outgoing, body);
    } else {
      // To the Worker this is an unreachable address: the connection breaks.
      outgoing.destroy();
    }
    this.#changed.dispatchEvent(new Event("change"));
  }

  /** Sockets go to addresses of this machine alone. */
  #takeSocket(host: string, incoming: http.IncomingMessage, socket: Duplex): void {
    const url = new URL(incoming.url ?? "");
    const headers = plainHeaders(incoming.headers);
    this.list.push({ host, method: "GET", url: url.href, headers, body: "", status: null, at: Date.now() });
    if (isLoopback(url.hostname)) passSocketOn(url, incoming, socket);
    else socket.destroy();
    this.#changed.dispatchEvent(new Event("change"));
  }

  /** Null: the test lets the connection fail; undefined: the test set no answer. */
  async #answerTo(request: Request): Promise<Response | null | undefined> {
    const found = this.#answers.find(({ matches }) => matches(request));
    if (found !== undefined) return responseOf(found.answer, request);
    if (request.url.startsWith(DNS_OVER_HTTPS)) return this.#dns(new URL(request.url));
    return undefined;
  }

  /**
   * Answers `_atproto.<handle>` TXT for members of all hosts and for handles the test has set; RFC 8427 JSON.
   */
  async #dns({ searchParams }: URL): Promise<Response> {
    const name = searchParams.get("name") ?? "";
    const handle = name.replace(/^_atproto\./, "").toLowerCase();
    const did = this.#names.get(handle) ?? (await this.#memberOf(handle));
    const answers = did === null ? [] : [{ name, type: 16, TTL: 60, data: `"did=${did}"` }];
    return Response.json(
      { Status: did === null ? 3 : 0, Answer: answers },
      { headers: { "content-type": "application/dns-json" } },
    );
  }
}

function matcher(pattern: FetchPattern): (request: Request) => boolean {
  if (typeof pattern === "function") return pattern;
  if (typeof pattern === "string") return ({ url }) => url.startsWith(pattern);
  return ({ url }) => pattern.test(url);
}

async function responseOf(answer: FetchAnswer, request: Request): Promise<Response | null> {
  if (typeof answer === "function") return responseOf(await answer(request), request);
  if (answer === null) return null;
  // The same response may be needed again.
  return answer instanceof Response ? answer.clone() : Response.json(answer);
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

function plainHeaders(headers: http.IncomingHttpHeaders): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name === "host" || name === "connection" || name === "transfer-encoding")
      continue;
    plain[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return plain;
}

async function readBody(incoming: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES) throw new Error("a request of more than 64 MB");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function send(response: Response, outgoing: http.ServerResponse): Promise<void> {
  // If the response comes from `fetch`, its body is already decoded.
  const headers = new Headers(response.headers);
  for (const name of ["content-encoding", "content-length", "transfer-encoding"]) headers.delete(name);
  outgoing.writeHead(response.status, Object.fromEntries(headers));
  for await (const chunk of response.body ?? []) outgoing.write(chunk);
  outgoing.end();
}

/**
 * Forwards a request unchanged to an address of this machine. Resolves with the answer's status, or null if
 * none came.
 */
function passOn(
  url: URL,
  incoming: http.IncomingMessage,
  outgoing: http.ServerResponse,
  body?: Buffer,
): Promise<number | null> {
  return new Promise((resolve) => {
    const fail = () => {
      outgoing.destroy();
      resolve(null);
    };
    const { method, headers } = incoming;
    const onward = http.request(url.href, {
      method,
      headers: { ...headers, connection: "close" },
      agent: false,
    });
    onward.on("error", fail);
    onward.on("response", (answer) => {
      const status = answer.statusCode ?? 502;
      const { connection: _, ...rest } = answer.headers;
      outgoing.writeHead(status, rest);
      pipeline(answer, outgoing).then(() => resolve(status), fail);
    });
    if (body === undefined) incoming.pipe(onward);
    else onward.end(body);
  });
}
